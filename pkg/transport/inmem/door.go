package inmem

import (
	"cmp"
	"fmt"
	"maps"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// door is what those who connect to a bound socket have to pass. What changes is guarded by Network.mu.
type door struct {
	secure bool
	key    curve.PublicKey // of a secure socket
	gate   transport.Gate  // nil: everybody may come in
	stats  transport.AccessStats
}

// newDoor refuses what the real transport refuses to bind.
func newDoor(ep transport.Endpoint, b transport.Backend, s transport.ServerSecurity) (door, error) {
	if _, err := transport.ParseBackend(string(cmp.Or(b, transport.Plain))); err != nil {
		return door{}, err
	}
	switch {
	case ep.Scheme() == "inproc": // never secured
		return door{}, nil
	case b != transport.Secure:
		return door{gate: s.Gate}, nil
	case s.Key.Secret.IsZero():
		return door{}, fmt.Errorf("%w: no key pair of the server (server_secret_key_file)", transport.ErrNoKeys)
	case s.Gate == nil:
		return door{}, fmt.Errorf("%w: nothing says who is admitted (clients_public_keys_directory)", transport.ErrNoKeys)
	}
	return door{secure: true, key: s.Key.Secret.Public(), gate: s.Gate}, nil
}

// admit says why d may not come in, or nil. The order is that of the real handshake: greeting, key of the server, authentication.
func (g *door) admit(d *dial) *refusal {
	if d.secure() != g.secure {
		return g.refuse(d, transport.RefusedMechanism, otherMechanism)
	}
	if g.secure && !d.to.ServerKeys.Contains(g.key) {
		return g.refuse(d, transport.RefusedServerKey, wrongServerKey)
	}
	if g.gate == nil {
		return nil
	}
	verdict := g.gate.Judge(d.caller())
	if !verdict.Admitted {
		return g.refuse(d, verdict.Reason, notAdmitted)
	}
	d.identity = verdict.Identity
	return nil
}

// refuse counts d, once as long as it waits here for the same reason: how often it is tried depends on what others do.
func (g *door) refuse(d *dial, counted transport.Refusal, told *refusal) *refusal {
	again := d.refusedBy == g && d.refusedFor == counted
	d.refusedBy, d.refusedFor = g, counted
	if again || !g.guarded() {
		return told
	}
	if g.stats.Refused == nil {
		g.stats.Refused = make(map[transport.Refusal]uint64)
	}
	g.stats.Refused[counted]++
	return told
}

// welcome counts d, which has come in.
func (g *door) welcome(d *dial) {
	d.refusedBy = nil
	if !g.guarded() {
		return
	}
	g.stats.Admitted++
	if d.identity == "" {
		return
	}
	if g.stats.ByClient == nil {
		g.stats.ByClient = make(map[string]uint64)
	}
	g.stats.ByClient[d.identity]++
}

// revoked tells whether d, which is in, must leave.
func (g *door) revoked(d *dial) bool {
	verdict := g.gate.Judge(d.caller())
	return !verdict.Admitted && !verdict.Keep
}

// guarded tells whether anybody is kept out.
func (g *door) guarded() bool { return g.secure || g.gate != nil }

// access returns a copy of the counters.
func (g *door) access() transport.AccessStats {
	stats := g.stats
	stats.ByClient, stats.Refused = maps.Clone(stats.ByClient), maps.Clone(stats.Refused)
	return stats
}
