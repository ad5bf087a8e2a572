package relay_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// A reload touches what has changed alone: the other routes lose no connection, and their counters go on.
func TestReload(t *testing.T) {
	inBubble(t, func(w world) {
		first, second := w.publisher(1, 9000), w.publisher(1, 9001)
		stays, goes := route("stays", 9100, uri(1, 9000)), route("goes", 9101, uri(1, 9001))
		r := w.relay(2, stays, goes)
		sub := w.subscriber(3, uri(2, 9100))
		w.send(first, text("/a", "1"))

		client := first.Clients()
		comes := route("comes", 9102, uri(1, 9001))
		comes.Source.Topics = []string{"/b"}
		w.must(r.Reload(configOf(comes, stays)))
		fromNew := w.subscriber(3, uri(2, 9102))
		w.send(first, text("/a", "2"))
		w.send(second, text("/b", "3"), text("/c", "4"))
		w.wantArrived(sub, text("/a", "1"), text("/a", "2"))
		w.wantArrived(fromNew, text("/b", "3"))
		if diff := cmp.Diff(client, first.Clients(), cmp.Comparer(func(a, b transport.Client) bool { return a == b })); diff != "" {
			w.Errorf("connection of the route that stays (-before +after):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"comes", "stays"}, r.Routes()); diff != "" {
			w.Errorf("routes (-want +got):\n%s", diff)
		}
		if got := r.stats("stays"); got.Sent != 2 {
			w.Errorf("sent %d, want 2", got.Sent)
		}
		w.publisher(2, 9101) // free again
		var told []string
		for _, e := range r.logs.FilterMessageSnippet("route ").All() {
			told = append(told, e.Message+" "+e.ContextMap()["route"].(string))
		}
		if diff := cmp.Diff([]string{"route added stays", "route added goes", "route added comes", "route removed goes"}, told); diff != "" {
			w.Errorf("log (-want +got):\n%s", diff)
		}
	})
}

// A route gets another source, or a sink of other settings on the same port, while messages come.
func TestReloadSourceAndSink(t *testing.T) {
	inBubble(t, func(w world) {
		first, second := w.publisher(1, 9000), w.publisher(1, 9001)
		r := w.relay(2, route("a", 9100, uri(1, 9000)))
		sub := w.subscriber(3, uri(2, 9100))
		w.send(first, text("/a", "1"))
		moved := route("a", 9100, uri(1, 9000), uri(1, 9001))
		w.must(r.Reload(configOf(moved)))
		w.send(first, text("/a", "2"))
		w.send(second, text("/a", "3"))
		moved.Sink.Queue = 10
		w.must(r.Reload(configOf(moved)))
		w.send(first, text("/a", "4"))
		w.wantArrived(sub, text("/a", "1"), text("/a", "2"), text("/a", "3"), text("/a", "4"))
		if got := r.stats("a"); got.Sent != 4 || len(got.Dropped) > 0 {
			w.Errorf("counters: %+v", got)
		}
	})
}

// Topics change without a new connection.
func TestReloadTopics(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		a := route("a", 9100, uri(1, 9000))
		a.Source.Topics = []string{"/a"}
		r := w.relay(2, a)
		sub := w.subscriber(3, uri(2, 9100))
		before := pub.Clients()
		a.Source.Topics = []string{"/b"}
		w.must(r.Reload(configOf(a)))
		w.send(pub, text("/a", "1"), text("/b", "2"))
		w.wantArrived(sub, text("/b", "2"))
		if after := pub.Clients(); len(after) != 1 || after[0].Addr != before[0].Addr {
			w.Errorf("connected before %v, after %v", before, after)
		}
	})
}

// A reload that fails changes nothing, also where a sink had made room.
func TestReloadFails(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		w.publisher(2, 9200) // taken
		r := w.relay(2, route("a", 9100, uri(1, 9000)))
		sub := w.subscriber(3, uri(2, 9100))

		if err := r.Reload(configOf(relay.Route{Name: "a"})); err == nil {
			w.Error("a route without source is taken")
		}
		changed := route("a", 9100, uri(1, 9000))
		changed.Sink.Queue = 10
		if err := r.Reload(configOf(changed, route("b", 9200, uri(1, 9000)))); err == nil {
			w.Error("a port that is taken is bound")
		}
		w.send(pub, text("/a", "1"))
		w.wantArrived(sub, text("/a", "1"))
		if diff := cmp.Diff([]string{"a"}, r.Routes()); diff != "" {
			w.Errorf("routes (-want +got):\n%s", diff)
		}
		w.must(r.Reload(configOf(changed)))
		w.send(pub, text("/a", "2"))
		w.wantArrived(sub, text("/a", "2"))
	})
}

// full is a host where nothing more can be bound for a while.
type full struct {
	transport.Transport
	now atomic.Bool
}

func (f *full) Publisher(cfg transport.PublisherConfig) (transport.Publisher, error) {
	if f.now.Load() {
		return nil, errors.New("nothing left")
	}
	return f.Transport.Publisher(cfg)
}

// A sink that made room in vain, and could not be bound again, is bound by the next reload.
func TestReloadAfterFailedRestore(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		on := &full{Transport: w.network.Transport(host(2))}
		a := route("a", 9100, uri(1, 9000))
		made, err := relay.New(configOf(a), relay.Options{Transport: on, Group: w.network.Group(host(2))})
		w.must(err)
		r := &running{world: w, Relay: made}
		w.run(r)
		changed := a
		changed.Sink.Queue = 10
		on.now.Store(true)
		if err := r.Reload(configOf(changed)); err == nil {
			w.Error("bound where nothing can be")
		}
		on.now.Store(false)
		w.must(r.Reload(configOf(a)))
		sub := w.subscriber(3, uri(2, 9100))
		w.send(pub, text("/a", "1"))
		w.wantArrived(sub, text("/a", "1"))
	})
}

// What is paused stays so over a reload, unless that says otherwise.
func TestReloadPaused(t *testing.T) {
	inBubble(t, func(w world) {
		a := route("a", 9100, uri(1, 9000))
		r := w.relay(2, a)
		w.must(r.Pause("a"))
		a.Source.Topics = []string{"/a"}
		w.must(r.Reload(configOf(a)))
		if !r.stats("a").Paused {
			w.Error("a reload has resumed a route")
		}
		a.Paused = true
		w.must(r.Reload(configOf(a)))
		w.must(r.Resume("a"))
		if r.stats("a").Paused {
			w.Error("still paused")
		}
		a.Paused = false
		w.must(r.Reload(configOf(a)))
		a.Paused = true
		w.must(r.Reload(configOf(a)))
		if !r.stats("a").Paused {
			w.Error("not paused, though the settings say so now")
		}
	})
}

func TestClosed(t *testing.T) {
	inBubble(t, func(w world) {
		r := w.relay(2, route("a", 9100, uri(1, 9000)))
		r.stop()
		for name, err := range map[string]error{
			"listen": r.Listen(w.Context()),
			"run":    r.Run(w.Context(), relay.Hooks{}),
			"reload": r.Reload(configOf()),
		} {
			if !errors.Is(err, transport.ErrClosed) {
				w.Errorf("%s: got %v, want ErrClosed", name, err)
			}
		}
		if err := r.Pause("a"); !errors.Is(err, relay.ErrNoRoute) {
			w.Errorf("pause: got %v, want ErrNoRoute", err)
		}
		if got := r.Stats(); len(got.Routes) != 0 {
			w.Errorf("counters of a closed relay: %v", got)
		}
		w.closed(r)
	})
}

// Nothing stays bound when one of the routes can't be.
func TestListenAllOrNothing(t *testing.T) {
	inBubble(t, func(w world) {
		w.publisher(2, 9101)
		r := w.idle(2, route("a", 9100, uri(1, 9000)), route("b", 9101, uri(1, 9000)), route("c", 9102, uri(1, 9000)))
		defer w.closed(r)
		if err := r.Listen(w.Context()); err == nil {
			w.Error("listens on a port that is taken")
		}
		w.publisher(2, 9100)
		w.publisher(2, 9102)
		ended, cancel := context.WithCancel(w.Context())
		cancel()
		if err := r.Listen(ended); !errors.Is(err, context.Canceled) {
			w.Errorf("listen: got %v, want Canceled", err)
		}
	})
}
