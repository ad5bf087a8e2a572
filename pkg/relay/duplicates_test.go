package relay_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/dedup"
)

func file(subject, host, uid string) string {
	return fmt.Sprintf("pytroll:/%s file u@%s 2024-05-17T09:41:12 v1.01 application/json {\"uid\": %q, \"uri\": \"ssh://%s/%s\"}", subject, host, uid, host, uid)
}

// Two relays side by side into a third: each message arrives once, also when one of the two stops.
func TestSideBySide(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		left := w.relay(11, route("left", 9100, uri(1, 9000)))
		w.relay(12, route("right", 9100, uri(1, 9000)))
		third := route("third", 9100, uri(11, 9100), uri(12, 9100))
		third.Duplicates = &dedup.Config{}
		r := w.relay(13, third)
		sub := w.subscriber(3, uri(13, 9100))
		var want []string
		for i := range 500 {
			want = append(want, text("/a", fmt.Sprint(i)))
		}
		w.send(pub, want[:250]...)
		left.stop()
		w.send(pub, want[250:]...)
		w.wantArrived(sub, want...)
		if got := r.stats("third"); got.Received != 750 || got.Duplicates != 250 || got.Kept != 500 || len(got.Dropped) > 0 {
			w.Errorf("counters: %+v", got)
		}
	})
}

// Receptions A and B send messages of their own about the same files: the uid tells.
func TestReceptions(t *testing.T) {
	inBubble(t, func(w world) {
		a, b := w.publisher(1, 9000), w.publisher(2, 9000)
		both := route("both", 9100, uri(1, 9000), uri(2, 9000))
		both.Duplicates = &dedup.Config{By: dedup.ByUID, Window: time.Minute}
		r := w.relay(11, both)
		sub := w.subscriber(3, uri(11, 9100))
		w.send(a, file("/hrit", "a", "1"), file("/hrit", "a", "2"), text("/other", "x"))
		w.send(b, file("/hrit", "b", "2"), file("/hrit", "b", "3"), text("/other", "y"))
		w.wantArrived(sub, file("/hrit", "a", "1"), file("/hrit", "a", "2"), text("/other", "x"), file("/hrit", "b", "3"), text("/other", "y"))

		both.Source.Topics = []string{"/hrit"} // the window outlives a reload that does not change it
		w.must(r.Reload(configOf(both)))
		w.send(b, file("/hrit", "b", "1"))
		w.wantArrived(sub)
		sleep(time.Minute)
		w.send(b, file("/hrit", "b", "1"), file("/hrit", "c", "1"))
		w.wantArrived(sub, file("/hrit", "b", "1"))
		if got := r.stats("both"); got.Duplicates != 3 || len(got.Dropped) > 0 {
			w.Errorf("counters: %+v", got)
		}
	})
}
