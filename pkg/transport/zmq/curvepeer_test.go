package zmq

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func newKeys(t testing.TB) curve.KeyPair {
	t.Helper()
	c, err := curve.Generate()
	must(t, err)
	return c.KeyPair
}

// gatekeeper answers all that want to connect to secure peers, with one status. Empty: it says nothing.
type gatekeeper struct{ status atomic.Pointer[string] }

func (g *gatekeeper) answer(status string) { g.status.Store(&status) }

// gatekeeper binds the authenticator of these peers.
func (p *peers) gatekeeper(status string) *gatekeeper {
	p.t.Helper()
	g := &gatekeeper{}
	g.answer(status)
	s, err := p.ctx.NewSocket(zmq4.ROUTER)
	must(p.t, err)
	must(p.t, s.SetRcvtimeo(10*time.Millisecond))
	must(p.t, s.Bind("inproc://zeromq.zap.01"))
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer s.Close()
		for {
			select {
			case <-done:
				return
			default:
			}
			m, err := s.RecvMessageBytes(0)
			if errors.Is(cause(err), syscall.EAGAIN) {
				continue
			} else if err != nil {
				p.t.Error(err)
				return
			}
			status := *g.status.Load()
			if status == "300" {
				// A peer that has its answer before it has finished asking closes at once, as if the server key were wrong.
				<-time.After(refusalDelay)
			}
			if status != "" {
				_, err = s.SendMessage(m[0], m[1], m[2], m[3], status, "text", "user", "")
				must(p.t, err)
			}
		}
	})
	p.t.Cleanup(func() { close(done); wg.Wait() })
	return g
}

// secure makes a socket that will be bound a CURVE server.
func (p *peers) secure(s *zmq4.Socket, keys curve.KeyPair) {
	p.t.Helper()
	must(p.t, setOptionInt(rawSocket(s), optCurveServer, 1))
	must(p.t, setOption(rawSocket(s), optCurveSecretKey, keys.Secret.Reveal()))
	must(p.t, setOption(rawSocket(s), optZAPDomain, []byte("x")))
}

// boundSecure binds a CURVE server to a free port.
func (p *peers) boundSecure(kind zmq4.Type, keys curve.KeyPair) (*zmq4.Socket, transport.Endpoint) {
	p.t.Helper()
	return p.boundSecureAt(kind, keys, "tcp://127.0.0.1:*")
}

func (p *peers) boundSecureAt(kind zmq4.Type, keys curve.KeyPair, at string) (*zmq4.Socket, transport.Endpoint) {
	p.t.Helper()
	s := p.socket(kind)
	p.secure(s, keys)
	return s, p.bind(s, at)
}

// bind binds s, when the one who was bound there before is gone.
func (p *peers) bind(s *zmq4.Socket, at string) transport.Endpoint {
	p.t.Helper()
	eventually(p.t, "the port is free", func() bool { return s.Bind(at) == nil })
	text, err := s.GetLastEndpoint()
	must(p.t, err)
	return endpoint(p.t, strings.TrimRight(text, "\x00"))
}

// echo answers requests with themselves, until the test ends.
func (p *peers) echo(s *zmq4.Socket) {
	p.t.Helper()
	must(p.t, s.SetRcvtimeo(10*time.Millisecond))
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			m, err := s.RecvMessageBytes(0)
			if err == nil {
				_, err = s.SendMessage(m)
			}
			if err != nil && !errors.Is(cause(err), syscall.EAGAIN) {
				p.t.Error(err)
				return
			}
		}
	})
	p.t.Cleanup(func() { close(done); wg.Wait() })
}

func secureAddress(at transport.Endpoint, keys ...curve.PublicKey) transport.Address {
	return transport.Address{Endpoint: at, Backend: transport.Secure, ServerKeys: curve.NewPublicKeys(keys...)}
}
