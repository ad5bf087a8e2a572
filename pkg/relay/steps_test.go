package relay_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
)

// Steps keep, drop and change; what they leave alone keeps its bytes.
func TestSteps(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		a := route("a", 9100, uri(1, 9000))
		a.Steps = []step.Config{
			{Keep: &step.Match{Type: []string{"file", "dataset"}}},
			{Drop: &step.Match{Field: []step.Field{{Path: "uid", Equals: "secret"}}}},
			{Rename: &step.Rename{Prefix: map[string]string{"/prod": "/test"}}},
		}
		r := w.relay(2, a)
		sub := w.subscriber(3, uri(2, 9100))
		other := strings.Replace(file("/other", "h", "3"), "}", " }", 1)
		w.send(pub, file("/prod/x", "h", "1"), text("/prod", "text"), file("/prod", "h", "secret"), other,
			"pytroll://prod file u@h 2024-05-17T09:41:12 v1.01 application/json {broken")
		w.wantArrived(sub, file("/test/x", "h", "1"), other)
		got := r.stats("a")
		if diff := cmp.Diff(map[string]uint64{"not_kept": 1, "dropped": 1, "bad_data": 1}, got.Dropped); diff != "" {
			w.Errorf("dropped (-want +got):\n%s", diff)
		}
		if got.Received != 5 || got.Kept != 2 || got.Sent != 2 || got.Changed != 1 {
			w.Errorf("counters: %+v", got)
		}
		if n := r.logs.FilterMessage("step can't be taken").Len(); n != 1 {
			w.Errorf("told %d times of a step that can't be taken, want 1", n)
		}
	})
}

// A reload of steps keeps connections, and the state of those that have not changed.
func TestReloadSteps(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		a := route("a", 9100, uri(1, 9000))
		a.Steps = []step.Config{{RateLimit: &step.RateLimit{Messages: 2, Per: time.Hour}}}
		r := w.relay(2, a)
		sub := w.subscriber(3, uri(2, 9100))
		before := pub.Clients()
		w.send(pub, text("/a", "1"))
		a.Source.Topics = []string{"/a"}
		w.must(r.Reload(configOf(a)))
		w.send(pub, text("/a", "2"), text("/a", "3"))
		w.wantArrived(sub, text("/a", "1"), text("/a", "2"))
		a.Steps = []step.Config{{Rename: &step.Rename{Prefix: map[string]string{"/a": "/b"}}}}
		w.must(r.Reload(configOf(a)))
		w.send(pub, text("/a", "4"))
		w.wantArrived(sub, text("/b", "4"))
		if after := pub.Clients(); len(after) != 1 || after[0].Addr != before[0].Addr {
			w.Errorf("connected before %v, after %v", before, after)
		}
	})
}

// A ring in which each relay renames: each message passes each relay once. One of them changes a URI as well, which is known as it went out.
func TestRingWithRenames(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		var relays []*running
		for i := range 3 {
			before := 11 + (i+2)%3
			ring := route("ring", 9100, uri(before, 9100))
			if i == 0 {
				ring.Source.Addresses = append(ring.Source.Addresses, uri(1, 9000))
			}
			ring.Steps = []step.Config{{Rename: &step.Rename{Pattern: "/[^/]*(.*)", To: fmt.Sprintf("/net%d$1", i)}}}
			if i == 1 {
				ring.Steps = append(ring.Steps, step.Config{Rewrite: &step.Rewrite{URI: []step.URIRule{{Host: "*", To: "gateway"}}}})
			}
			relays = append(relays, w.relay(11+i, ring))
		}
		sub := w.subscriber(3, uri(13, 9100))
		w.send(pub, text("/start/x", "1"), text("/start/x", "2"))
		w.wantArrived(sub, text("/net2/x", "1"), text("/net2/x", "2"))

		w.send(pub, file("/start/x", "h", "3"))
		// The other host makes another message of it, which goes round once more.
		out := strings.Replace(file("/net2/x", "h", "3"), "ssh://h", "ssh://gateway", 1)
		w.wantArrived(sub, out)
		sent := uint64(0)
		for _, r := range relays {
			got := r.stats("ring")
			sent += got.Sent
			if got.Changed != got.Sent {
				w.Errorf("counters: %+v", got)
			}
		}
		if sent != 3*3+1 {
			w.Errorf("sent %d messages in all, want 10", sent)
		}
	})
}

// Other words of the header leave all else as it is, also in a header that is not ASCII, and a message that comes back with them is known.
func TestOtherWords(t *testing.T) {
	inBubble(t, func(w world) {
		pub, back := w.publisher(1, 9000), w.publisher(4, 9000)
		a := route("a", 9100, uri(1, 9000), uri(4, 9000))
		a.Steps = []step.Config{
			{Rename: &step.Rename{Prefix: map[string]string{"/prod": "/test"}}},
			{Rewrite: &step.Rewrite{Sender: []step.HostRule{{Host: "h", To: "gateway"}}}},
		}
		r := w.relay(2, a)
		sub := w.subscriber(3, uri(2, 9100))
		const tail = "  2024-05-17T09:41:12  v1.01 text/ascii  å "
		in := []string{"pytroll://prod/x  info u@h" + tail + "1", "pytroll://prod/ö info u@h" + tail + "2", "pytroll://prod/x info u@other" + tail + "3"}
		out := []string{"pytroll://test/x  info u@gateway" + tail + "1", "pytroll://test/ö info u@gateway" + tail + "2", "pytroll://test/x info u@other" + tail + "3"}
		w.send(pub, in...)
		w.wantArrived(sub, out...)
		w.send(back, out...)
		w.wantArrived(sub)
		if got := r.stats("a"); got.Changed != 3 || got.Sent != 3 || got.Dropped["loop"] != 3 {
			w.Errorf("counters: %+v", got)
		}
	})
}

// Renames by prefix translate what is asked for.
func TestOnDemandRenamed(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		a := route("a", 9100, uri(1, 9000))
		a.OnDemand = true
		a.Steps = []step.Config{{Rename: &step.Rename{Prefix: map[string]string{"/prod": "/test"}}}}
		w.relay(2, a)
		sub := w.subscriberTo(3, []string{"/test/viirs"}, uri(2, 9100))
		sleep(0)
		want := []string{"pytroll://prod/viirs", "pytroll://test/viirs"}
		if diff := cmp.Diff(want, asked(pub)); diff != "" {
			w.Errorf("topics (-want +got):\n%s", diff)
		}
		w.send(pub, text("/prod/viirs", "1"), text("/prod/avhrr", "2"))
		w.wantArrived(sub, text("/test/viirs", "1"))
	})
}

func TestValidateSteps(t *testing.T) {
	t.Parallel()
	a := route("a", 9100, uri(1, 9000))
	a.Steps = []step.Config{{}, {Rename: &step.Rename{Pattern: "(", To: "/b"}}}
	want := []string{"route[1].step[1]", "route[1].step[2].rename.pattern"}
	if diff := cmp.Diff(want, keys(configOf(a).Validate())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if _, err := relay.New(configOf(a), relay.Options{}); err == nil {
		t.Error("steps that can't be taken are taken")
	}
}
