package relay_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Whoever looks hears of publishers that come and go, and sees what came from each of them.
func TestLinks(t *testing.T) {
	inBubble(t, func(w world) {
		var mu sync.Mutex
		var changes []string
		watch := &relay.Watch{Link: func(c relay.LinkChange) {
			mu.Lock()
			defer mu.Unlock()
			changes = append(changes, strings.Join([]string{string(c.Kind), c.URI, strings.Join(c.Services, "+"), strings.Join(c.Routes, "+")}, " "))
		}}
		hears := func(want ...string) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			slices.Sort(changes) // those of two publishers may come in any order
			if diff := cmp.Diff(want, changes, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("changes (-want +got)\n%s", diff)
			}
			changes = nil
		}
		a := w.publisher(1, 9001)
		both := route("both", 9100, uri(1, 9001), uri(2, 9001))
		shared := relay.Route{Name: "shared", Source: relay.SourceConfig{SameAs: "both"}, Sink: relay.SinkConfig{Port: 9101, Announce: "none"}}
		r := w.idleWatched(5, configOf(both, shared), watch)
		w.run(r)
		hears("link_up " + uri(1, 9001) + "  both+shared")
		begin := time.Now()

		time.Sleep(time.Second)
		w.send(a, text("/viirs/sdr/1B/nrk", "x"), text("/viirs/sdr/1B/utv", "xyz"))
		size := uint64(len(text("/viirs/sdr/1B/nrk", "x") + text("/viirs/sdr/1B/utv", "xyz")))
		link := func(on int) relay.LinkStats {
			return relay.LinkStats{URI: uri(on, 9001), Backend: transport.Plain, Routes: []string{"both", "shared"}}
		}
		up, never := link(1), link(2)
		up.Connected, up.Since, up.Messages, up.Bytes, up.Last = true, begin, 2, size, time.Now()
		never.Since = begin
		if diff := cmp.Diff([]relay.LinkStats{up, never}, r.Links(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("links (-want +got)\n%s", diff)
		}
		want := []relay.SubjectStats{{Prefix: "/viirs/sdr/1B", Messages: 2, Bytes: size, Received: time.Now(), Written: time.Now()}}
		if diff := cmp.Diff(want, r.Subjects()); diff != "" {
			t.Errorf("subjects (-want +got)\n%s", diff)
		}

		time.Sleep(time.Second)
		w.closed(a)
		hears("link_down " + uri(1, 9001) + "  both+shared")
		down := r.Links()[0]
		if down.Connected || !down.Since.Equal(time.Now()) || down.Messages != 2 {
			t.Errorf("of the one that is gone: %+v", down)
		}
		w.publisher(2, 9001)
		time.Sleep(time.Minute)
		hears("link_up " + uri(2, 9001) + "  both+shared")
	})
}

// Without anybody who looks nothing is counted.
func TestUnwatched(t *testing.T) {
	inBubble(t, func(w world) {
		a := w.publisher(1, 9001)
		r := w.relay(5, route("one", 9100, uri(1, 9001)))
		w.send(a, text("/viirs", "x"))
		if got := r.stats("one").Received; got != 1 {
			t.Fatalf("%d received", got)
		}
		if links := r.Links(); len(links) != 1 || !links[0].Connected || links[0].Messages != 0 {
			t.Errorf("links: %+v", links)
		}
		if got := r.Subjects(); len(got) != 0 {
			t.Errorf("subjects: %+v", got)
		}
	})
}

// Publishers that are found by name are told of with their names, and when they are wanted no more.
func TestFoundLinks(t *testing.T) {
	inBubble(t, func(w world) {
		w.nameserver(9)
		var mu sync.Mutex
		var kinds []string
		watch := &relay.Watch{Link: func(c relay.LinkChange) {
			mu.Lock()
			defer mu.Unlock()
			kinds = append(kinds, string(c.Kind)+" "+strings.Join(c.Services, "+"))
		}}
		pub := w.named(1, pubsub.PublisherOptions{Name: "viirs", Aliases: []string{"sdr"}, Port: 9001, Advertise: host(1).String()})
		byName := relay.Route{
			Name: "byname", Source: relay.SourceConfig{Services: []string{"sdr"}, Nameservers: []string{host(9).String()}},
			Sink: relay.SinkConfig{Port: 9100, Announce: "none"},
		}
		r := w.idleWatched(5, configOf(byName), watch)
		w.run(r)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if links := r.Links(); len(links) != 1 || cmp.Diff([]string{"viirs", "sdr"}, links[0].Services) != "" {
			t.Errorf("links: %+v", links)
		}
		w.closed(pub)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		for _, want := range []string{"publisher_found viirs+sdr", "link_up viirs+sdr", "link_down viirs+sdr", "publisher_removed viirs+sdr"} {
			if !slices.Contains(kinds, want) {
				t.Errorf("nothing was told of %q: %q", want, kinds)
			}
		}
		if links := r.Links(); len(links) != 0 {
			t.Errorf("links: %+v", links)
		}
	})
}
