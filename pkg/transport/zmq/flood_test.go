package zmq

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// manyTopics are frames that subscribe to n topics which nobody else has.
func manyTopics(prefix string, n int) string {
	var all strings.Builder
	for i := range n {
		all.Write(rawFrame(0, fmt.Sprintf("\x01%s%05x", prefix, i)))
	}
	return all.String()
}

// longestTurn is more than a busy machine needs. Who is starved waits as long as the flood goes on, which is as long as he waits.
const longestTurn = 5 * time.Second

// TestFloodOfConnections: peers that connect, ask for very many topics and leave, all the time, keep neither those who send nor those who ask about subscribers
// waiting for longer than it takes to have one's turn.
func TestFloodOfConnections(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	topics := manyTopics("flood", 50_000)
	ctx, stop := context.WithCancel(t.Context())
	var flooding sync.WaitGroup
	for range 4 {
		flooding.Go(func() {
			for ctx.Err() == nil {
				c, err := net.Dial("tcp", strings.TrimPrefix(p.Endpoint().String(), "tcp://"))
				if err != nil {
					continue
				}
				// What is refused, or not taken in time, is as good.
				_ = c.SetDeadline(time.Now().Add(time.Second))
				if (rawPeer{c, t}).welcomeAs("SUB") == nil {
					_, _ = c.Write([]byte(topics))
				}
				_ = c.Close()
			}
		})
	}
	defer flooding.Wait()
	defer stop()
	var worst time.Duration
	for begin := time.Now(); time.Since(begin) < 3*time.Second; {
		asked := time.Now()
		p.Clients()
		must(t, p.Send(t.Context(), []byte("x")))
		worst = max(worst, time.Since(asked))
	}
	if worst > longestTurn {
		t.Errorf("somebody had to wait %v", worst)
	}
}

// TestGreedySubscribers: subscribers that together ask for more topics than there is room for are cut, those first that ask for most, and the others are served.
func TestGreedySubscribers(t *testing.T) {
	t.Parallel()
	tr, peers := newTransport(t, Options{}), newPeers(t)
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	modest := peers.connected(zmq4.SUB, p.Endpoint())
	must(t, modest.SetSubscribe("modest"))
	must(t, p.WaitSubscribed(soon(t), "modest", 1))
	for i := range 8 {
		peer := dialRaw(t, p.Endpoint())
		peer.greet(property("Socket-Type", "SUB"))
		_, _ = peer.Write([]byte(manyTopics(fmt.Sprint("greedy", i, "-"), 20_000))) // may be cut meanwhile
	}
	testbed.WaitFor(t, "somebody to be cut", func() bool { return p.Stats().Cut > 0 })
	late := peers.connected(zmq4.SUB, p.Endpoint())
	must(t, late.SetSubscribe("late"))
	must(t, p.WaitSubscribed(soon(t), "late", 1))
	testbed.WaitFor(t, "room", func() bool { return len(p.Subscriptions()) <= maxTopics })
	must(t, p.Send(t.Context(), []byte("modest")))
	must(t, p.Send(t.Context(), []byte("late")))
	expectFrames(t, modest, "modest")
	expectFrames(t, late, "late")
}

// TestTopicsOfThoseGone: nobody is cut for topics of connections that have ended, which libzmq takes back later.
func TestTopicsOfThoseGone(t *testing.T) {
	t.Parallel()
	tr, peers := newTransport(t, Options{}), newPeers(t)
	made, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	modest := peers.connected(zmq4.SUB, made.Endpoint())
	must(t, modest.SetSubscribe("modest"))
	must(t, made.WaitSubscribed(soon(t), "modest", 1))
	p := made.(*publisher)
	p.mu.Lock()
	before := p.topics.load
	p.topics.load = mostLoad.more(mostLoad)
	p.makeRoom(time.Now())
	p.topics.load = before
	p.mu.Unlock()
	if cut := p.Stats().Cut; cut != 0 {
		t.Errorf("%d subscribers cut, want none", cut)
	}
}
