package relay_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/multicast"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

// There are two networks: the publishers' one, whose nameserver is host 1, and the subscribers' one, whose is host 9. Announcements go to these alone.

// gather is a route from all publishers of the first network to a port that the second one is told of.
func gather(name string, on, port int) relay.Route {
	r := relay.Route{Name: name, Source: relay.SourceConfig{Services: []string{""}, Nameservers: []string{host(1).String()}}}
	r.Sink = relay.SinkConfig{Port: port, Nameservers: []string{host(9).String()}, Advertise: host(on).String(), AnnounceServices: true}
	return r
}

// near makes a publisher that the first network is told of.
func (w world) near(on int, name string, aliases ...string) *pubsub.Publisher {
	w.Helper()
	return w.named(on, pubsub.PublisherOptions{Name: name, Port: 9000, Aliases: aliases, Advertise: host(on).String(), Nameservers: []string{host(1).String()}})
}

// looking makes a subscriber that looks for services in the second network.
func (w world) looking(on int, services ...string) *pubsub.Subscriber {
	w.Helper()
	sub, err := w.node(on).Subscriber(pubsub.SubscriberOptions{Services: services, Nameservers: []string{host(9).String()}, Topics: []string{message.Magic}})
	w.must(err)
	w.Cleanup(func() { w.closed(sub) })
	return sub
}

// listed returns what the second network lists under a service, as URI and services.
func (w world) listed(service string) map[string]string {
	w.Helper()
	return w.listedAt(9, service)
}

func (w world) listedAt(nameserver int, service string) map[string]string {
	w.Helper()
	entries, err := w.node(8).List(w.Context(), service, host(nameserver).String())
	w.must(err)
	all := make(map[string]string)
	for _, e := range entries {
		if !e.Offers("address_receiver") {
			all[e.URI] = strings.Join(e.Services, " ")
		}
	}
	return all
}

func (w world) wantListed(service string, want map[string]string) {
	w.Helper()
	if diff := cmp.Diff(want, w.listed(service)); diff != "" {
		w.Errorf("listed under %q (-want +got):\n%s", service, diff)
	}
}

// A subscriber that looks for a publisher's name behind the relay finds the relay; names come and go with the publishers, with a minute of grace.
func TestFoundByPublishersNames(t *testing.T) {
	inBubble(t, func(w world) {
		w.nameserver(1)
		w.nameserver(9)
		r := w.relay(2, gather("gathered", 2, 9100))
		early := w.looking(3, "viirs")
		sleep(5 * time.Second)
		w.wantListed("", map[string]string{uri(2, 9100): "gathered"})

		pub := w.near(4, "viirs", "sdr")
		sleep(3 * time.Second)
		w.wantListed("sdr", map[string]string{uri(2, 9100): "gathered sdr viirs"})
		late := w.looking(5, "sdr")
		sleep(time.Second)
		w.send(pub, text("/a", "one"))
		w.wantArrived(early, text("/a", "one"))
		w.wantArrived(late, text("/a", "one"))
		if got := r.stats("gathered"); got.Names != 2 || got.NamesLeftOut != 0 || got.Ports != 1 {
			w.Errorf("counters: %d names, %d left out, %d ports", got.Names, got.NamesLeftOut, got.Ports)
		}

		w.closed(pub)
		sleep(80 * time.Second) // the nameserver waits for 30 s whether it comes back
		w.wantListed("viirs", map[string]string{uri(2, 9100): "gathered sdr viirs"})
		sleep(30 * time.Second)
		w.wantListed("", map[string]string{uri(2, 9100): "gathered"})
	})
}

// What does not fit one announcement goes on further ports, each publisher on one of them; who looks for names on several gets everything once.
func TestNamesOnSeveralPorts(t *testing.T) {
	inBubble(t, func(w world) {
		w.nameserver(1)
		w.nameserver(9)
		r := w.relay(2, gather("gathered", 2, 9100))
		var pubs []*pubsub.Publisher
		for i := range 3 {
			pubs = append(pubs, w.near(10+i, fmt.Sprintf("pub%d", i), "common", strings.Repeat(string('a'+rune(i)), 400)))
			sleep(3 * time.Second)
		}
		w.wantListed("pub0", map[string]string{uri(2, 9100): "gathered " + strings.Repeat("a", 400) + " common pub0"})
		w.wantListed("pub1", map[string]string{uri(2, 9101): "gathered " + strings.Repeat("b", 400) + " common pub1"})
		w.wantListed("pub2", map[string]string{uri(2, 9102): "gathered " + strings.Repeat("c", 400) + " common pub2"})

		all, two, one := w.looking(3, "common"), w.looking(4, "pub0", "pub2", "gathered"), w.looking(5, "pub1")
		first := w.subscriber(6, uri(2, 9100))
		sleep(3 * time.Second)
		var want []string
		for i, pub := range pubs {
			want = append(want, text("/a", fmt.Sprint("from ", i)))
			w.send(pub, want[i])
		}
		w.wantArrived(all, want...)
		w.wantArrived(two, want...)
		w.wantArrived(one, want[1])
		w.wantArrived(first, want[0])
		if got := r.stats("gathered"); got.Names != 7 || got.Ports != 3 {
			w.Errorf("counters: %d names, %d ports", got.Names, got.Ports)
		}
	})
}

// The announcement with most names is no longer than a datagram may be; a part of it is kept for what relays tell each other.
func TestAnnouncementFits(t *testing.T) {
	inBubble(t, func(w world) {
		w.nameserver(1)
		w.nameserver(9)
		route := gather("gathered", 2, 9100)
		route.Sink.MaxPorts = 1
		group := w.network.Group(host(7))
		route.Sink.Announce = "both"
		r := w.relay(2, route)
		names := []string{}
		for i := range 100 {
			names = append(names, fmt.Sprintf("nörr-%02d", i))
		}
		w.near(4, "many", names...)
		sleep(5 * time.Second)
		longest := 0
		for range 10 {
			got, _, err := group.Receive(w.Context())
			w.must(err)
			longest = max(longest, len(got))
		}
		if longest > multicast.MaxSend || longest < multicast.MaxSend*3/4 {
			w.Errorf("the longest announcement has %d bytes", longest)
		}
		got := r.stats("gathered")
		if got.Names+got.NamesLeftOut != 101 || got.NamesLeftOut == 0 {
			w.Errorf("counters: %d names, %d left out", got.Names, got.NamesLeftOut)
		}
		if n := r.logs.FilterMessageSnippet("have no room").Len(); n != 1 {
			w.Errorf("%d lines of log on names without room", n)
		}
	})
}

// Further ports are asked for topics too, have the heartbeats of the sink, and are taken from those that are free; when there are none, names are left out until
// there are.
func TestFurtherPorts(t *testing.T) {
	inBubble(t, func(w world) {
		w.nameserver(1)
		w.nameserver(9)
		route := gather("gathered", 2, 9100)
		route.OnDemand = true
		route.Sink.MaxPorts, route.Sink.Heartbeat = 3, time.Minute
		taken := w.publisher(2, 9101)
		r := w.relay(2, route)
		long := strings.Repeat("x", 500)
		first, second := w.near(4, "first", long+"1"), w.near(5, "second", long+"2")
		sleep(3 * time.Second)
		if got := w.listed("second"); len(got) != 1 || got[uri(2, 9102)] == "" {
			w.Errorf("the second one is at %q, want port 9102", got)
		}
		third := w.near(6, "third", long+"3")
		sleep(3 * time.Second)
		if got := r.stats("gathered"); got.NamesLeftOut != 1 || got.Ports != 2 {
			w.Errorf("%d names are left out on %d ports", got.NamesLeftOut, got.Ports)
		}
		w.closed(taken)
		sleep(time.Minute)
		if got := r.stats("gathered"); got.NamesLeftOut != 0 || got.Ports != 3 {
			w.Errorf("with a free port %d names are left out on %d ports", got.NamesLeftOut, got.Ports)
		}

		for i, pub := range []*pubsub.Publisher{first, second, third} {
			if got := len(pub.Subscriptions()); got != 0 {
				w.Errorf("publisher %d is asked for %d topics by nobody", i, got)
			}
		}
		sub := w.subscriberTo(7, []string{"/a", "/heartbeat"}, uri(2, 9102))
		sleep(time.Second)
		w.send(second, text("/a", "one"))
		w.send(first, text("/a", "of another port"))
		sleep(time.Minute)
		got := w.arrived(sub)
		if len(got) != 2 || got[0] != text("/a", "one") || !strings.HasPrefix(got[1], "pytroll://heartbeat/gathered beat ") {
			w.Errorf("got %q", got)
		}
	})
}
