package relay_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// asked are the topics that subscribers of a publisher have, but for heartbeats, which relays have for themselves.
func asked(pub *pubsub.Publisher) (topics []string) {
	for _, s := range slices.DeleteFunc(pub.Subscriptions(), isHeartbeats) {
		topics = append(topics, s.Topic)
	}
	return topics
}

func isHeartbeats(s transport.Subscription) bool { return s.Topic == "pytroll://heartbeat/" }

// Only what is asked for downstream is asked for upstream, and no longer than that.
func TestOnDemand(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		a := route("a", 9100, uri(1, 9000))
		a.OnDemand = true
		a.Source.Topics = []string{"/seg", "/1b/viirs"}
		b := route("b", 9101)
		b.OnDemand = true
		b.Source = relay.SourceConfig{SameAs: "a", Topics: []string{"/b"}}
		w.relay(2, a, b)
		check := func(want ...string) {
			w.Helper()
			sleep(0)
			if diff := cmp.Diff(want, asked(pub)); diff != "" {
				w.Errorf("topics (-want +got):\n%s", diff)
			}
		}
		check()
		first := w.subscriberTo(3, []string{"/segment/viirs", "/segment", "/other"}, uri(2, 9100))
		check("pytroll://segment")
		second := w.subscriberTo(3, []string{"/1b", "/segment/viirs"}, uri(2, 9100))
		check("pytroll://1b/viirs", "pytroll://segment")
		all := w.subscriber(4, uri(2, 9101))
		check("pytroll://1b/viirs", "pytroll://b", "pytroll://segment")
		w.send(pub, text("/segment/viirs", "1"), text("/1b/viirs", "2"), text("/1b/avhrr", "3"), text("/b", "4"))
		w.wantArrived(first, text("/segment/viirs", "1"))
		w.wantArrived(second, text("/segment/viirs", "1"), text("/1b/viirs", "2"))
		w.wantArrived(all, text("/b", "4"))
		w.must(first.Close())
		check("pytroll://1b/viirs", "pytroll://b", "pytroll://segment/viirs")
		w.must(second.Close())
		w.must(all.Close())
		check()
	})
}

// A reload turns demand on and off without a new connection, and what is paused is not asked for.
func TestOnDemandReload(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		a := route("a", 9100, uri(1, 9000))
		r := w.relay(2, a)
		w.subscriberTo(3, []string{"/x"}, uri(2, 9100))
		before := pub.Clients()
		for _, step := range []struct {
			demand, paused bool
			want           []string
		}{
			{true, false, []string{"pytroll://x"}}, {true, true, nil}, {true, false, []string{"pytroll://x"}}, {false, false, []string{"pytroll:/"}},
		} {
			a.OnDemand, a.Paused = step.demand, step.paused
			w.must(r.Reload(configOf(a)))
			sleep(0)
			if diff := cmp.Diff(step.want, asked(pub)); diff != "" {
				w.Errorf("%+v: topics (-want +got):\n%s", step, diff)
			}
		}
		if after := pub.Clients(); len(after) != 1 || after[0].Addr != before[0].Addr {
			w.Errorf("connected before %v, after %v", before, after)
		}
	})
}
