package zmq

import (
	"io"
	"testing"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestBusyPort: while a call holds a publisher's socket for long nobody is let in at its port. Other ports, and who is in, don't notice, and afterwards all is as before.
func TestBusyPort(t *testing.T) {
	t.Parallel()
	for name, security := range map[string]transport.ServerSecurity{"plain": {}, "with a gate": {Gate: everybody{}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTransport(t, Options{})
			cfg := transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0"), Security: security}
			bound, err := tr.Publisher(cfg)
			must(t, err)
			other, err := tr.Publisher(cfg)
			must(t, err)
			in := rawSubscriber(t, bound)

			p := bound.(*publisher)
			refused := func() uint64 { return tr.LimitStats().Refused[transport.LimitBusy] }
			func() {
				p.mu.Lock()
				defer p.mu.Unlock()
				eventually(t, "nobody is let in", func() bool {
					dialRaw(t, p.Endpoint())
					return refused() > 0
				})
				rawSubscriber(t, other)
			}()
			must(t, p.Send(t.Context(), []byte("a")))
			got := make([]byte, 3)
			_, err = io.ReadFull(in, got)
			must(t, err)
			if want := string(rawFrame(0, "a")); string(got) != want {
				t.Errorf("who is in got %q, want %q", got, want)
			}
			must(t, newPeers(t).connected(zmq4.SUB, p.Endpoint()).SetSubscribe(""))
			must(t, p.WaitSubscribed(soon(t), "", 2))
		})
	}
}
