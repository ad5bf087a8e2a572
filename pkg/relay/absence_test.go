package relay_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Publishers that are away for a minute are told of, each once, and that they are back; those that every site restarts are not.
func TestAbsentPublishers(t *testing.T) {
	inBubble(t, func(w world) {
		here := w.publisher(1, 9000)
		r := w.relay(2, route("a", 9100, uri(1, 9000), uri(1, 9001)))
		check := func(want ...string) {
			w.Helper()
			sleep(20 * time.Second)
			var lines []string
			for _, e := range r.logs.TakeAll() {
				if at, ok := e.ContextMap()["uri"]; ok && e.ContextMap()["routes"] != nil {
					lines = append(lines, fmt.Sprint(e.Message, ": ", at, " ", e.ContextMap()["routes"]))
				}
			}
			if diff := cmp.Diff(want, lines); diff != "" {
				w.Errorf("log (-want +got):\n%s", diff)
			}
		}
		away := fmt.Sprintf("publisher is not connected, still trying: %s [a]", uri(1, 9001))
		check() // it may be started soon
		if diff := cmp.Diff([]string{uri(1, 9001)}, r.stats("a").Missing); diff != "" {
			w.Errorf("missing (-want +got):\n%s", diff)
		}
		sleep(time.Minute)
		check(away)
		sleep(time.Hour)
		check()
		late := w.publisher(1, 9001)
		check(fmt.Sprintf("publisher is connected again: %s [a]", uri(1, 9001)))
		if got := r.stats("a").Missing; len(got) > 0 {
			w.Errorf("missing %v, want none", got)
		}
		w.must(here.Close())
		sleep(20 * time.Second)
		w.publisher(1, 9000) // restarted
		check()
		w.must(late.Close())
		sleep(time.Minute)
		check(away)
	})
}

// When a site is cut off, the log names some of its publishers and counts the others.
func TestManyAbsentPublishers(t *testing.T) {
	inBubble(t, func(w world) {
		var all []string
		for i := range 14 {
			all = append(all, uri(1, 9000+i))
		}
		r := w.relay(2, route("a", 9100, all...))
		sleep(2 * time.Minute)
		if got := r.logs.FilterMessage("publisher is not connected, still trying").Len(); got != 10 {
			w.Errorf("%d publishers named, want 10", got)
		}
		more := r.logs.FilterMessage("more publishers are not connected").All()
		if len(more) != 1 || more[0].ContextMap()["count"] != int64(4) {
			w.Errorf("counted %v, want 4", more)
		}
		if got := len(r.stats("a").Missing); got != 14 {
			w.Errorf("%d missing, want 14", got)
		}
	})
}
