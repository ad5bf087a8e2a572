package zmq

import (
	"strings"
	"testing"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestWelcomesNobodyTakes: subscribers that ask again and again for what is kept and do not read can't fill the memory, nor keep others from getting it.
func TestWelcomesNobodyTakes(t *testing.T) {
	t.Parallel()
	for name, replay := range map[string]bool{"last": false, "replay": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr, peers := newTransport(t, Options{}), newPeers(t)
			large := strings.Repeat("a", 4<<20)
			kept := [][]byte{[]byte(large), []byte(large), []byte(large), []byte(large)}
			made, err := tr.Publisher(transport.PublisherConfig{
				Endpoint: endpoint(t, "tcp://127.0.0.1:0"),
				Welcome:  &transport.Welcome{Replay: replay, Frames: func(string) [][]byte { return kept }},
			})
			must(t, err)
			p := made.(*publisher)
			const most = 40 << 20
			p.mu.Lock()
			p.welcome.owed.most, p.welcome.owed.stuck = most, 300*time.Millisecond
			p.mu.Unlock()
			owed := func() int64 {
				p.mu.Lock()
				defer p.mu.Unlock()
				return p.welcome.owed.total
			}
			for range 8 {
				peer := dialRaw(t, p.Endpoint())
				peer.greet(property("Socket-Type", "SUB"))
				for range 8 {
					if peer.send("\x01a", "\x00a") != nil {
						break // it was cut
					}
				}
			}
			testbed.WaitFor(t, "subscribers that do not read", func() bool { return owed() > most/2 })
			good := peers.connected(zmq4.SUB, p.Endpoint())
			must(t, good.SetRcvtimeo(200*time.Millisecond))
			testbed.WaitFor(t, "one that reads", func() bool {
				must(t, good.SetSubscribe("a"))
				got, err := good.Recv(0)
				must(t, good.SetUnsubscribe("a"))
				return err == nil && got == large
			})
			if got := owed(); got > most {
				t.Errorf("%d bytes wait for subscribers, want %d at most", got, most)
			}
		})
	}
}
