package security

import "github.com/pytroll/posttroll-go/pkg/transport"

// gate is the [transport.Gate] of the sockets of one kind. Both rules must let a client pass.
type gate struct {
	security *Security
	byKey    bool // else by address alone
}

var _ transport.Gate = (*gate)(nil)

// Judge asks what is in memory.
func (g *gate) Judge(c transport.Caller) transport.Verdict {
	s := g.security
	switch {
	case s.closed.Load():
		return transport.Verdict{Reason: transport.RefusedGate}
	case s.hosts != nil && !s.hosts.admit(c.Addr):
		return transport.Verdict{Reason: transport.RefusedAddress}
	case !g.byKey:
		return transport.Verdict{Admitted: true}
	}
	return s.folder.judge(c.Key)
}

// Watch tells of changes of either rule. Stop must not be called by changed itself.
func (g *gate) Watch(changed func()) (stop func()) { return g.security.changes.add(changed) }
