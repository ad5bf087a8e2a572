package relay_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// A publisher that has promised to be heard and is silent is connected to anew, unless the source says that it does not matter. Heartbeats that no topic covers do not
// come out.
func TestSilentPublisher(t *testing.T) {
	for _, tt := range []struct {
		name   string
		factor *float64
		at     time.Duration // when it is taken for silent; 0: never
	}{
		{"by default", nil, 30 * time.Second}, {"factor", new(5.0), 50 * time.Second}, {"off", new(0.0), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(w world) {
				pub := w.publisher(1, 9000)
				cfg := route("a", 9100, uri(1, 9000))
				cfg.Source.SilenceFactor = tt.factor
				cfg.Source.Topics = []string{"/a"}
				r := w.relay(2, cfg)
				sub := w.subscriber(3, uri(2, 9100))
				w.must(pub.Heartbeat(w.Context(), 10*time.Second))
				w.send(pub, text("/a", "1"))
				w.wantArrived(sub, text("/a", "1"))
				subscribed := slices.ContainsFunc(pub.Subscriptions(), isHeartbeats)
				if subscribed != (tt.at > 0) {
					t.Errorf("subscribed to heartbeats: %v, want %v", subscribed, tt.at > 0)
				}
				silent := func() uint64 {
					synctest.Wait()
					stats := r.Stats()
					if stats.Silent != stats.Routes[0].Silent {
						t.Errorf("silent %d times in all, %d by the route", stats.Silent, stats.Routes[0].Silent)
					}
					return stats.Silent
				}
				if tt.at > 0 {
					sleep(tt.at - time.Second)
					if got := silent(); got != 0 {
						t.Errorf("silent %d times before its time", got)
					}
				}
				sleep(time.Hour)
				want := uint64(0)
				if tt.at > 0 {
					want = 1
				}
				if got := silent(); got != want {
					t.Errorf("silent %d times, want %d", got, want)
				}
				w.send(pub, text("/a", "2"))
				w.wantArrived(sub, text("/a", "2"))
			})
		})
	}
}

// Two relays side by side into a Go subscriber with a window give each message once, also when one of them stops.
func TestSideBySideSubscriber(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		left := w.relay(11, route("left", 9100, uri(1, 9000)))
		w.relay(12, route("right", 9100, uri(1, 9000)))
		sub, err := w.node(3).Subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uri(11, 9100), uri(12, 9100)), Duplicates: &dedup.Config{}})
		w.must(err)
		w.Cleanup(func() { w.closed(sub) })
		w.send(pub, text("/a", "1"), text("/a", "2"))
		w.wantArrived(sub, text("/a", "1"), text("/a", "2"))
		left.stop()
		w.send(pub, text("/a", "3"))
		w.wantArrived(sub, text("/a", "3"))
		if diff := cmp.Diff(uint64(2), sub.Stats().Duplicates); diff != "" {
			t.Errorf("duplicates (-want +got):\n%s", diff)
		}
	})
}
