package relay_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inBubble runs a test in a synctest bubble: times take no time, and a goroutine that is left over fails the test.
func inBubble(t *testing.T, test func(w world)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(world{t, newNetwork(t)}) })
}

// newNetwork makes a network, closed with the test.
func newNetwork(t *testing.T) *inmem.Network {
	n := inmem.NewNetwork()
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("close network: %v", err)
		}
	})
	return n
}

// world is a network in memory. Hosts are called by a number, which is the end of their address.
type world struct {
	*testing.T
	network *inmem.Network
}

func host(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}) }

func uri(n, port int) string { return fmt.Sprintf("tcp://%s:%d", host(n), port) }

func (w world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// node makes a node on a host.
func (w world) node(on int) *pubsub.Node {
	w.Helper()
	node, err := pubsub.New(pubsub.Options{Transport: w.network.Transport(host(on)), Group: w.network.Group(host(on))})
	w.must(err)
	return node
}

// publisher makes one that nobody is told of.
func (w world) publisher(on, port int) *pubsub.Publisher {
	w.Helper()
	return w.named(on, pubsub.PublisherOptions{Name: "test", Port: port, Announce: pubsub.AnnounceNone, Lax: true})
}

func (w world) named(on int, o pubsub.PublisherOptions) *pubsub.Publisher {
	w.Helper()
	pub, err := w.node(on).Publisher(o)
	w.must(err)
	w.Cleanup(func() { w.closed(pub) })
	return pub
}

func (w world) closed(c interface{ Close() error }) {
	w.Helper()
	if err := c.Close(); err != nil {
		w.Errorf("close: %v", err)
	}
}

// subscriber makes one that gets everything from addresses.
func (w world) subscriber(on int, uris ...string) *pubsub.Subscriber {
	w.Helper()
	return w.subscriberTo(on, []string{message.Magic}, uris...)
}

func (w world) subscriberTo(on int, topics []string, uris ...string) *pubsub.Subscriber {
	w.Helper()
	sub, err := w.node(on).Subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uris...), Topics: topics})
	w.must(err)
	w.Cleanup(func() { w.closed(sub) })
	return sub
}

// running is a relay that runs.
type running struct {
	world
	*relay.Relay
	logs *observer.ObservedLogs
	stop func() // waits for Run, and closes
}

// relay makes a relay on a host, and runs it until the test ends or it is stopped.
func (w world) relay(on int, routes ...relay.Route) *running {
	w.Helper()
	r := w.idle(on, routes...)
	w.run(r)
	return r
}

// run runs a relay until the test ends or it is stopped.
func (w world) run(r *running) {
	w.Helper()
	w.must(r.Listen(w.Context()))
	stop := runUntilStopped(w, r.Relay)
	r.stop = func() { stop(); w.closed(r) }
	w.Cleanup(r.stop)
	synctest.Wait()
}

// runUntilStopped runs a relay until stop is called, which waits for it. Further calls do nothing.
func runUntilStopped(w world, r *relay.Relay) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx, relay.Hooks{}); close(done) }()
	return func() {
		w.Helper()
		cancel()
		if err := <-done; err != nil {
			w.Errorf("run: %v", err)
		}
	}
}

// idle makes a relay that does not listen yet.
func (w world) idle(on int, routes ...relay.Route) *running {
	w.Helper()
	return w.idleWith(on, configOf(routes...))
}

func (w world) idleWith(on int, cfg relay.Config) *running {
	w.Helper()
	return w.idleWatched(on, cfg, nil)
}

// idleWatched makes a relay that somebody looks at.
func (w world) idleWatched(on int, cfg relay.Config, watch *relay.Watch) *running {
	w.Helper()
	core, logs := observer.New(zap.InfoLevel)
	r, err := relay.New(cfg, relay.Options{
		Transport:      w.network.Transport(host(on)),
		Group:          w.network.Group(host(on)),
		LocalAddresses: func() ([]netip.Addr, error) { return []netip.Addr{host(on)}, nil },
		Watch:          watch,
		Logger:         zap.New(core),
	})
	w.must(err)
	return &running{world: w, Relay: r, logs: logs}
}

func configOf(routes ...relay.Route) relay.Config {
	cfg := relay.DefaultConfig()
	cfg.Routes = routes
	return cfg
}

// route is one from addresses to a port that nobody is told of.
func route(name string, port int, from ...string) relay.Route {
	return relay.Route{Name: name, Source: relay.SourceConfig{Addresses: from}, Sink: relay.SinkConfig{Port: port, Announce: "none"}}
}

// stats returns the counters of a route.
func (r *running) stats(name string) relay.RouteStats {
	r.Helper()
	all := r.Stats().Routes
	i := slices.IndexFunc(all, func(s relay.RouteStats) bool { return s.Name == name })
	if i < 0 {
		r.Fatalf("no counters of route %q", name)
	}
	return all[i]
}

// text is a message as it goes over the wire.
func text(subject, rest string) string {
	return message.Magic + subject + " info u@h 2024-05-17T09:41:12.345678 v1.01 text/ascii " + rest
}

func (w world) send(pub *pubsub.Publisher, texts ...string) {
	w.Helper()
	for _, t := range texts {
		w.must(pub.SendText(w.Context(), t))
	}
	synctest.Wait()
}

// arrived returns what is there, or comes without time passing.
func (w world) arrived(sub *pubsub.Subscriber) []string {
	w.Helper()
	got := []string{}
	synctest.Wait()
	ctx, cancel := context.WithTimeout(w.Context(), time.Nanosecond)
	defer cancel()
	batch := make([]pubsub.Received, 0, 1000)
	for {
		var err error
		batch, err = sub.ReceiveBatch(ctx, batch[:0])
		for _, one := range batch {
			got = append(got, frameOf(one))
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return got
		}
		w.must(err)
	}
}

// frameOf returns what was received, a message or none.
func frameOf(one pubsub.Received) string {
	if bad, ok := errors.AsType[*pubsub.FrameError](one.Err); ok {
		return string(bad.Frame)
	}
	return string(one.Message.Bytes())
}

func (w world) wantArrived(sub *pubsub.Subscriber, want ...string) {
	w.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, w.arrived(sub)); diff != "" {
		w.Errorf("arrived (-want +got):\n%s", diff)
	}
}

// nameserver runs one on a host.
func (w world) nameserver(on int) {
	w.Helper()
	cfg := nameserver.DefaultConfig()
	group := w.network.Group(host(on))
	server, err := nameserver.New(cfg, nameserver.Options{
		Transport: w.network.Transport(host(on)), Receiver: group, Sender: group,
		LocalAddresses: func() ([]netip.Addr, error) { return []netip.Addr{host(on)}, nil },
	})
	w.must(err)
	w.must(server.Listen(w.Context()))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx, nameserver.Hooks{}) }()
	w.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, server.Close()); err != nil {
			w.Errorf("nameserver: %v", err)
		}
	})
	synctest.Wait()
}

// sleep lets time pass.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
