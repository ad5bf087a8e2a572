package relay_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

// link is a relay that carries what it finds under services to a sink called name, all on one network whose nameserver is host 1.
func (w world) link(on int, name string, services ...string) *running {
	w.Helper()
	return w.relay(on, linkRoute(on, name, services...))
}

func linkRoute(on int, name string, services ...string) relay.Route {
	r := relay.Route{Name: name, Source: relay.SourceConfig{Services: services, Nameservers: []string{host(1).String()}}}
	r.Sink = relay.SinkConfig{Port: 9100, Nameservers: []string{host(1).String()}, Advertise: host(on).String()}
	return r
}

// publishers is the number that a relay is connected to.
func (r *running) publishers() int { return r.Stats().Publishers }

func (w world) wantPublishers(want int, of *running) {
	w.Helper()
	if got := of.publishers(); got != want {
		w.Errorf("relay %s has %d publishers, want %d", of.Routes()[0], got, want)
	}
}

// events counts lines of log on publishers that came and went.
func (r *running) comingsAndGoings() int {
	return r.logs.FilterMessage("publisher added").Len() + r.logs.FilterMessage("publisher removed").Len()
}

// A relay that has nothing but our own output is passed over, said so once, and taken as soon as it has something else; and left when it has not.
func TestEchoIsPassedOver(t *testing.T) {
	inBubble(t, func(w world) {
		w.nameserver(1)
		a := w.link(2, "a", "pub-a", "b")
		w.near(10, "pub-a")
		sleep(5 * time.Second)
		b := w.link(3, "b", "pub-b", "a")
		sleep(10 * time.Minute)
		w.wantPublishers(1, a)
		w.wantPublishers(1, b)
		if n := a.logs.FilterMessage("publisher passed over").Len(); n != 1 {
			w.Errorf("%d lines of log on publishers that were passed over, want 1", n)
		}

		pub := w.near(11, "pub-b")
		sleep(10 * time.Second)
		w.wantPublishers(2, a)
		w.wantPublishers(2, b)
		sub := w.subscriber(4, uri(2, 9100))
		sleep(time.Second)
		w.send(pub, text("/a", "one"))
		w.wantArrived(sub, text("/a", "one"))

		w.closed(pub)
		sleep(3 * time.Minute)
		w.wantPublishers(1, a)
		if n := a.comingsAndGoings(); n > 6 {
			w.Errorf("%d comings and goings", n)
		}
	})
}

// A relay that finds another one first, and its own publisher some seconds later, is not left meanwhile.
func TestNewRelayIsNotAnEcho(t *testing.T) {
	inBubble(t, func(w world) {
		w.nameserver(1)
		a := w.link(2, "a", "pub-a", "b")
		w.near(10, "pub-a")
		sleep(5 * time.Second)
		w.link(3, "b", "pub-b", "a")
		sleep(5 * time.Second)
		w.wantPublishers(2, a)
		w.near(11, "pub-b")
		sleep(time.Minute)
		w.wantPublishers(2, a)
		for _, line := range []string{"publisher passed over", "publisher removed"} {
			if n := a.logs.FilterMessage(line).Len(); n != 0 {
				w.Errorf("%d lines of log: %s", n, line)
			}
		}
	})
}

// Two relays that start at the same time and find nobody but each other do not connect and leave in turn; nor do three in a ring. When a publisher
// comes, the one that has it passes over what comes back to it.
func TestRelaysAmongThemselves(t *testing.T) {
	for _, n := range []int{2, 3} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			inBubble(t, func(w world) {
				w.nameserver(1)
				var ring []*running
				for i := range n {
					services := []string{fmt.Sprint("r", (i+n-1)%n), fmt.Sprint("pub", i)}
					ring = append(ring, w.link(2+i, fmt.Sprint("r", i), services...))
				}
				sleep(5 * time.Minute)
				total := func() (lines int) {
					for _, r := range ring {
						lines += r.comingsAndGoings()
					}
					return lines
				}
				if got := total(); got > 3*n {
					w.Errorf("%d comings and goings without any publisher", got)
				}
				before := total()
				pub := w.near(20, "pub0")
				sleep(2 * time.Minute)
				w.wantPublishers(1, ring[0])
				for _, r := range ring[1:] {
					w.wantPublishers(1, r)
				}
				last := w.subscriber(30, uri(2+n-1, 9100))
				sleep(time.Second)
				w.send(pub, text("/a", "one"))
				w.wantArrived(last, text("/a", "one"))
				if got := total() - before; got > 3*n {
					w.Errorf("%d comings and goings around a publisher that came", got)
				}
			})
		})
	}
}

// In a ring whose members all have publishers every link is needed, and everybody gets everything once.
func TestRingWithPublishersKeepsItsLinks(t *testing.T) {
	inBubble(t, func(w world) {
		w.nameserver(1)
		const n = 3
		var ring []*running
		var pubs []*pubsub.Publisher
		var subs []*pubsub.Subscriber
		for i := range n {
			pubs = append(pubs, w.near(20+i, fmt.Sprint("pub", i)))
			ring = append(ring, w.link(2+i, fmt.Sprint("r", i), fmt.Sprint("r", (i+n-1)%n), fmt.Sprint("pub", i)))
		}
		sleep(2 * time.Minute)
		for i, r := range ring {
			w.wantPublishers(2, r)
			subs = append(subs, w.subscriber(30+i, uri(2+i, 9100)))
		}
		sleep(time.Second)
		var want []string
		for i, pub := range pubs {
			want = append(want, text("/a", fmt.Sprint("from ", i)))
			w.send(pub, want[i])
		}
		for i, sub := range subs {
			got := w.arrived(sub)
			// From the relay before, each message of its own publisher comes back once, unless the loops are stopped there.
			slices.Sort(got)
			if got = slices.Compact(got); !slices.Equal(got, want) {
				w.Errorf("subscriber of relay %d got %q", i, got)
			}
		}
	})
}

// Names that relays have from each other vanish with their publisher, though each of them still hears them from the next one.
func TestNamesDoNotGoRoundForEver(t *testing.T) {
	inBubble(t, func(w world) {
		w.nameserver(1)
		for i := range 2 {
			route := linkRoute(2+i, fmt.Sprint("r", i), fmt.Sprint("r", 1-i), fmt.Sprint("pub", i))
			route.Sink.AnnounceServices = true
			w.relay(2+i, route)
			w.near(20+i, fmt.Sprint("pub", i))
		}
		mortal := w.near(22, "pub0", "mortal")
		sleep(time.Minute)
		for _, want := range []string{uri(2, 9100), uri(3, 9100), uri(22, 9000)} {
			if listed := w.listedAt(1, "mortal"); listed[want] == "" {
				w.Errorf("listed under a name from behind a relay: %q, without %s", listed, want)
			}
		}
		w.closed(mortal)
		sleep(3 * time.Minute)
		if listed := w.listedAt(1, "mortal"); len(listed) > 0 {
			w.Errorf("still listed: %q", listed)
		}
		if listed := w.listedAt(1, "pub0"); len(listed) != 3 {
			w.Errorf("listed under a name that is still there: %q", listed)
		}
	})
}
