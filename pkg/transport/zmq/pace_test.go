package zmq

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestInterval(t *testing.T) {
	t.Parallel()
	p := pace{stable: time.Minute, first: 200 * time.Millisecond, most: 30 * time.Second}
	for _, tt := range []struct {
		flaps int
		most  time.Duration
	}{
		{1, 200 * time.Millisecond}, {2, 400 * time.Millisecond}, {5, 3200 * time.Millisecond}, {8, 25600 * time.Millisecond},
		{9, 30 * time.Second}, {10, 30 * time.Second}, {1 << 40, 30 * time.Second},
	} {
		var seen []time.Duration
		for range 100 {
			seen = append(seen, p.interval(tt.flaps))
		}
		if low, high := slices.Min(seen), slices.Max(seen); low < tt.most/2 || high > tt.most || low == high {
			t.Errorf("interval(%d) = %v to %v, want %v to %v by chance", tt.flaps, low, high, tt.most/2, tt.most)
		}
	}
}

// TestLostAt: what a connection lasted decides whether the peer is waited for.
func TestLostAt(t *testing.T) {
	t.Parallel()
	p := pace{stable: 30 * time.Second, first: 200 * time.Millisecond, most: 30 * time.Second}
	start := time.Now()
	cn := &conn{}
	// lost says how long is waited when the next connection ends after it has lasted so long.
	lost := func(lasted time.Duration) time.Duration {
		cn.opened, cn.up = start, start
		return cn.lostAt(start.Add(lasted), p)
	}
	for range 20 {
		lost(0)
	}
	for _, tt := range []struct {
		name      string
		lasted    time.Duration
		low, high time.Duration
		flaps     int
	}{
		{"dropped at once", 0, 15 * time.Second, 30 * time.Second, 21},
		{"ten seconds count", 10 * time.Second, 5 * time.Second, 20 * time.Second, 22},
		{"almost stable", 30*time.Second - 1, 0, 0, 23},
		{"stable", 30 * time.Second, 0, 0, 0},
		{"the first one after it", 0, 100*time.Millisecond + 1, 200 * time.Millisecond, 1},
		{"which could be as quick as libzmq", 150 * time.Millisecond, reconnectInterval + 1, 250 * time.Millisecond, 2},
		{"or was", time.Second, 0, 0, 3},
	} {
		before := cn.flaps
		for range 20 {
			cn.flaps = before
			// No more than libzmq's own interval is none.
			got := lost(tt.lasted)
			if quick := got == 0 && tt.low <= reconnectInterval+1; !quick && (got < tt.low || got > tt.high) {
				t.Errorf("%s: wait %v, want %v to %v", tt.name, got, tt.low, tt.high)
			}
		}
		if cn.flaps != tt.flaps {
			t.Errorf("%s: %d lost too soon, want %d", tt.name, cn.flaps, tt.flaps)
		}
	}
}

// flapping is a publisher that lets everybody in, says so many messages, and closes the connection.
type flapping struct {
	at       transport.Endpoint
	accepted chan time.Time
}

func newFlapping(t *testing.T, messages int) *flapping {
	f := &flapping{accepted: make(chan time.Time, 1000)}
	f.at, _ = garbage(t, func(c net.Conn) {
		defer c.Close()
		now := time.Now()
		p := rawPeer{c, t}
		if c.SetDeadline(now.Add(patience)) != nil || p.welcome() != nil {
			return // the subscriber was closed
		}
		if p.send(slices.Repeat([]string{"flapping"}, messages)...) != nil {
			return
		}
		f.accepted <- now
		// Closing with something unread would throw away what is on its way.
		if c.(*net.TCPConn).CloseWrite() == nil {
			_, _ = io.Copy(io.Discard, c)
		}
	})
	return f
}

// TestFlappingPeer: a peer that completes the handshake and drops the connection each time is come back to less and less often. What it said all arrives, and
// another publisher of the same subscriber does not notice.
func TestFlappingPeer(t *testing.T) {
	t.Parallel()
	const messages, attempts = 100, 7
	core, logs := observer.New(zap.WarnLevel)
	tr := newTransport(t, Options{Logger: zap.New(core)})
	tr.pace = pace{stable: time.Hour, first: 200 * time.Millisecond, most: 800 * time.Millisecond}
	f := newFlapping(t, messages)
	good, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	s, events := subscriberTo(t, tr, transport.SubscriberConfig{Attribute: true}, good.Endpoint())
	expectEvents(t, events, transport.Connected)
	must(t, good.WaitSubscribed(soon(t), "", 1))

	sending, stop := context.WithCancel(t.Context())
	sent := make(chan int)
	go func() {
		n := 0
		for ; sending.Err() == nil; n++ {
			if err := good.Send(t.Context(), fmt.Append(nil, "good ", n)); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Millisecond) // not to outrun the reader
		}
		sent <- n
	}()
	must(t, s.Connect(transport.Address{Endpoint: f.at}))

	last := <-f.accepted
	for n := 1; n < attempts; n++ {
		at := <-f.accepted
		least := min(tr.pace.first<<(n-1), tr.pace.most) / 2
		if gap := at.Sub(last); gap < least {
			t.Errorf("connection %d begins %v after the one before, want %v at least", n+1, gap, least)
		}
		last = at
	}
	stop()
	want := map[transport.Endpoint]int{good.Endpoint(): <-sent, f.at: messages * attempts}
	got := make(map[transport.Endpoint]int)
	for got[good.Endpoint()] < want[good.Endpoint()] || got[f.at] < want[f.at] {
		frames, err := s.Receive(soon(t))
		if err != nil {
			t.Fatalf("got %v, then %v; want %v", got, err, want)
		}
		for _, frame := range frames {
			got[frame.From]++
		}
	}
	must(t, s.Close())
	if got := logs.FilterField(zap.String("uri", f.at.String())).Len(); got != 1 || logs.Len() != 1 {
		t.Errorf("%d lines in the log about the peer, %d in all, want 1", got, logs.Len())
	}
	for len(events) > 0 {
		if e := <-events; e.Peer.Endpoint == good.Endpoint() {
			t.Errorf("event %d of the good publisher (%s)", e.Kind, e.Cause)
		}
	}
}

// TestReconnectWithFullQueue: what has arrived stays, though there is no room for it yet, and the connection is made anew when there is.
func TestReconnectWithFullQueue(t *testing.T) {
	t.Parallel()
	var want []string
	for i := range 500 {
		want = append(want, fmt.Sprintf("%01000d", i))
	}
	arrived := make(chan struct{}, 2)
	var serving sync.WaitGroup
	at, _ := garbage(t, func(c net.Conn) {
		serving.Go(func() {
			defer c.Close()
			p := rawPeer{c, t}
			if c.SetDeadline(time.Now().Add(patience)) == nil && p.welcome() == nil && p.send(want...) == nil && p.ping() == nil && p.ping() == nil {
				arrived <- struct{}{}
				_, _ = io.Copy(io.Discard, c) // until the other side closes
			}
		})
	})
	s, events := subscriberTo(t, newTransport(t, Options{}), transport.SubscriberConfig{MaxQueued: 10_000, SocketOptions: transport.SocketOptions{Queue: 1000}}, at)
	expectEvents(t, events, transport.Connected)
	<-arrived
	to := transport.Address{Endpoint: at}
	must(t, s.Reconnect(to))
	expectEvents(t, events, transport.Lost)
	must(t, s.Reconnect(to)) // is under way
	// The peer says it all on each connection.
	if got := receiveAll(t, s, 2*len(want)); !slices.Equal(got, slices.Concat(want, want)) {
		t.Errorf("got %d frames that are not what was sent", len(got))
	}
	expectEvents(t, events, transport.Connected)
	<-arrived
	must(t, s.Disconnect(to))
	must(t, s.Reconnect(to))
	serving.Wait()
}

// TestStablePeerComesBack: the publisher whose connections last is come back to at once each time.
func TestStablePeerComesBack(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	tr.pace = pace{stable: 1, first: time.Hour, most: time.Hour}
	f := newFlapping(t, 1)
	s, _ := subscriberTo(t, tr, transport.SubscriberConfig{}, f.at)
	for range 5 {
		select {
		case <-f.accepted:
		case <-soon(t).Done():
			t.Fatal("the subscriber does not come back")
		}
	}
	must(t, s.Close())
}

// TestLostAnswer: a server that completes the handshake and drops the connection, question and all, is not asked on and on.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	accepted := make(chan struct{}, 1000)
	at, stop := garbage(t, func(c net.Conn) {
		defer c.Close()
		question := make([]byte, len("\x01\x00\x00\x01?"))
		if c.SetDeadline(time.Now().Add(patience)) != nil || (rawPeer{c, t}).welcomeAs("REP") != nil {
			return
		}
		if len(accepted) == 0 { // it is asked once
			_, err := io.ReadFull(c, question)
			must(t, err)
		}
		accepted <- struct{}{}
	})
	tr := newTransport(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	answered := make(chan error, 1)
	go func() {
		_, err := tr.Request(ctx, transport.Address{Endpoint: at}, []byte("?"), transport.SocketOptions{})
		answered <- err
	}()
	eventually(t, "the connections are lost", func() bool { return len(accepted) == maxLosses })
	<-time.After(4 * 2 * reconnectInterval) // libzmq would have been back by now
	if got := len(accepted); got != maxLosses {
		t.Errorf("%d connections, want %d", got, maxLosses)
	}
	cancel()
	if err := <-answered; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	stop()
}
