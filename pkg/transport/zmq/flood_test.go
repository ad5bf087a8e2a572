package zmq

import (
	"fmt"
	"strings"
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

// TestTurnsInFlood: where very much comes of subscribers, as of those that connect, ask for very many topics and leave, over and over, whoever asks about subscribers
// takes in no more of it than he has time for, and the reader takes in the rest, with turns for others.
func TestTurnsInFlood(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, "tcp://127.0.0.1:0").(*publisher)
	p.mu.Lock()
	p.readTime = 0
	p.mu.Unlock()
	testbed.WaitUpTo(t, testbed.HeavyPatience, "a turn beside the reader", func() bool { return turnsInFlood(t, p) > 0 })
}

// turnsInFlood has a subscriber that asked for very many topics leave, and counts the turns that one has who comes again and again until the reader has taken that in.
func turnsInFlood(t *testing.T, p *publisher) (turns int) {
	t.Helper()
	const all = 10_000
	peer := dialRaw(t, p.Endpoint())
	peer.greet(property("Socket-Type", "SUB"))
	_, err := peer.Write([]byte(manyTopics("flood", all)))
	must(t, err)
	known := func() int {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.topics.count)
	}
	testbed.WaitFor(t, "all topics", func() bool { return known() == all })

	must(t, p.lock()) // the reader waits
	must(t, peer.Close())
	testbed.WaitFor(t, "the end of all topics, which comes at once", func() bool {
		p.readTopics()
		return len(p.topics.count) < all
	})
	last := len(p.topics.count)
	p.mu.Unlock()
	if read := all - last; read > batchFrames {
		t.Fatalf("who asked took in %d topics, want one batch, %d", read, batchFrames)
	}
	for begin := time.Now(); last > 0; {
		left := known() // waits in line with the reader
		if left > 0 && left < last {
			turns++
		}
		if last = left; time.Since(begin) > testbed.Patience {
			t.Fatalf("the reader left %d topics", left)
		}
	}
	return turns
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
