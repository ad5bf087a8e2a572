package discovery

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
	"go.uber.org/zap/zaptest"
)

// patience is how long these tests wait for what takes milliseconds.
const patience = 20 * time.Second

// over ZeroMQ: a nameserver of few words, on free ports of the loopback interface.
type zmqNameserver struct {
	t                *testing.T
	lookups, entries transport.Replier
	feed             transport.Publisher
	running          sync.WaitGroup

	mu   sync.Mutex
	list map[string]string // by URI
}

func zmqTransport(t *testing.T) *zmq.Transport {
	t.Helper()
	tr, err := zmq.New(zmq.Options{Logger: zaptest.NewLogger(t)})
	must(t, err)
	t.Cleanup(func() { must(t, tr.Close()) })
	return tr
}

func startZMQNameserver(t *testing.T) *zmqNameserver {
	t.Helper()
	tr := zmqTransport(t)
	any := address(t, "tcp://127.0.0.1:0").Endpoint
	ns := &zmqNameserver{t: t, list: make(map[string]string)}
	var err error
	ns.lookups, err = tr.Replier(transport.ReplierConfig{Endpoint: any})
	must(t, err)
	ns.entries, err = tr.Replier(transport.ReplierConfig{Endpoint: any})
	must(t, err)
	ns.feed, err = tr.Publisher(transport.PublisherConfig{Endpoint: any})
	must(t, err)
	ns.running.Go(func() { ns.serve(ns.lookups, func(*message.Message) string { return ns.reply() }) })
	ns.running.Go(func() { ns.serve(ns.entries, ns.register) })
	t.Cleanup(func() {
		must(t, errors.Join(ns.lookups.Close(), ns.entries.Close(), ns.feed.Close()))
		ns.running.Wait()
	})
	return ns
}

func (ns *zmqNameserver) serve(r transport.Replier, answer func(*message.Message) string) {
	for {
		requests, err := r.Receive(context.Background())
		if err != nil {
			return
		}
		for _, q := range requests {
			m, err := message.Decode(q.Body)
			if err == nil {
				err = r.Reply(q, []byte(answer(m)))
			}
			if err != nil && !errors.Is(err, transport.ErrClosed) {
				ns.t.Errorf("request %q: %v", q.Body, err)
			}
		}
	}
}

func (ns *zmqNameserver) reply() string {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	s := "pytroll://oper/ns info root@ns 2024-05-17T09:41:12.345678 v1.01"
	sep := " application/json ["
	for _, e := range ns.list {
		s, sep = s+sep+e, ", "
	}
	if len(ns.list) > 0 {
		s += "]"
	}
	return s
}

func (ns *zmqNameserver) register(m *message.Message) string {
	a, err := ParseAnnouncement(m)
	if err != nil {
		ns.t.Errorf("announcement %s: %v", m, err)
		return "no"
	}
	ns.mu.Lock()
	defer ns.mu.Unlock()
	_, known := ns.list[a.URI]
	switch {
	case m.Type() == TypeWithdraw:
		delete(ns.list, a.URI)
		ns.publish(fmt.Sprintf(`{"status": false, "URI": %q, "service": ["x"]}`, a.URI))
	case !known:
		ns.list[a.URI] = string(m.RawData())
		ns.publish(string(m.RawData()))
	}
	return "ok"
}

func (ns *zmqNameserver) publish(data string) {
	err := ns.feed.Send(ns.t.Context(), []byte("pytroll://address/x info root@ns 2024-05-17T09:41:12.345678 v1.01 application/json "+data))
	if err != nil {
		ns.t.Errorf("publish: %v", err)
	}
}

func (ns *zmqNameserver) lookup(tr transport.Transport) LookupConfig {
	return LookupConfig{Transport: tr, Nameservers: []transport.Address{{Endpoint: ns.lookups.Endpoint()}}, Logger: zaptest.NewLogger(ns.t)}
}

// announceViirs announces and returns what stops it.
func (ns *zmqNameserver) announceViirs(tr transport.Transport) (stop func()) {
	ns.t.Helper()
	a, err := NewAnnouncer(AnnouncerConfig{Announcement: viirs, Transport: tr, Logger: zaptest.NewLogger(ns.t),
		Nameservers: []transport.Address{{Endpoint: ns.entries.Endpoint()}}})
	must(ns.t, err)
	ctx, cancel := context.WithCancel(ns.t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	return func() {
		ns.t.Helper()
		cancel()
		must(ns.t, <-done)
	}
}

// next waits for a change.
func next(t *testing.T, c <-chan Change, want string) {
	t.Helper()
	select {
	case got := <-c:
		if change(got) != want {
			t.Fatalf("got %s, want %s", change(got), want)
		}
	case <-time.After(patience):
		t.Fatalf("no change, want %s", want)
	}
}

func TestOverZMQ(t *testing.T) {
	t.Parallel()
	ns, tr := startZMQNameserver(t), zmqTransport(t)
	f, err := NewFollower(FollowerConfig{LookupConfig: ns.lookup(tr), Services: []string{""},
		Feeds: []transport.Address{{Endpoint: ns.feed.Endpoint()}}})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	changed := make(chan Change, 10)
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, func(c Change) { changed <- c }) }()

	for range 2 {
		stop := ns.announceViirs(tr)
		next(t, changed, "+tcp://10.0.0.9:9010")
		got, err := Lookup(t.Context(), ns.lookup(tr), "viirs")
		must(t, err)
		if len(got) != 1 || got[0].URI != viirs.URI {
			t.Errorf("lookup: got %v", got)
		}
		stop()
		next(t, changed, "-tcp://10.0.0.9:9010")
	}
	cancel()
	must(t, <-done)
}

func TestLookupOverZMQOfNobody(t *testing.T) {
	t.Parallel()
	ns, tr := startZMQNameserver(t), zmqTransport(t)
	cfg := ns.lookup(tr)
	cfg.Timeout = 300 * time.Millisecond
	if got, err := Lookup(t.Context(), cfg, "x"); got != nil || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	cfg.Nameservers = []transport.Address{address(t, "tcp://127.0.0.1:1")}
	begin := time.Now()
	_, err := Lookup(t.Context(), cfg, "x")
	if !errors.Is(err, ErrNoNameserver) || time.Since(begin) > patience/2 {
		t.Errorf("got %v after %s", err, time.Since(begin))
	}
}
