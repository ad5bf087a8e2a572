package pubsub_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

func services(names ...string) pubsub.SubscriberOptions {
	return pubsub.SubscriberOptions{Services: names, Nameservers: []string{hostN.String()}}
}

func uris(sub *pubsub.Subscriber) string {
	var all []string
	for _, addr := range sub.Addresses() {
		all = append(all, addr.URI)
	}
	return strings.Join(all, " ")
}

func TestServicesAreFollowed(t *testing.T) {
	const uri1, uri2, uri3 = "tcp://10.0.0.1:9001", "tcp://10.0.0.1:9002", "tcp://10.0.0.1:9003"
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		ns := w.startNameserver()
		pub1, pub2 := w.publisher(9001), w.publisher(9002)
		ns.add(uri1, "viirs")
		ns.add(uri3, "modis")
		sub, logs := w.loggingSubscriber(services("viirs"))
		sleep(time.Second)
		expect := func(want string) {
			t.Helper()
			if got := uris(sub); got != want {
				t.Errorf("connected to %q, want %q", got, want)
			}
		}
		expect(uri1)
		w.publish(pub1, "/1", "no_slash")
		if diff := cmp.Diff([]string{"/1", "no_slash"}, w.arrived(sub)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
		ns.add(uri2, "viirs")
		sleep(time.Second)
		expect(uri1 + " " + uri2)
		w.publish(pub2, "/2", "/3")
		ns.remove(uri2, "viirs")
		sleep(time.Second)
		expect(uri1)
		if diff := cmp.Diff([]string{"/2", "/3"}, w.arrived(sub)); diff != "" {
			t.Errorf("received though it was removed since (-want +got):\n%s", diff)
		}
		if got := lines(logs); got != "publisher added|publisher added|publisher removed" {
			t.Errorf("logged %q", got)
		}
	})
}

// lines are the messages that this package logged.
func lines(logs *observer.ObservedLogs) string {
	var all []string
	for _, entry := range logs.All() {
		if entry.LoggerName == "pubsub" {
			all = append(all, entry.Message)
		}
	}
	return strings.Join(all, "|")
}

func TestNameserverComesLater(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		sub, logs := w.loggingSubscriber(services("viirs"))
		sleep(time.Hour)
		if got := lines(logs); got != "no publisher found yet" {
			t.Errorf("logged %q", got)
		}
		ns := w.startNameserver()
		ns.add(uriA, "viirs")
		sleep(time.Minute)
		if got := uris(sub); got != uriA {
			t.Errorf("connected to %q, want %q", got, uriA)
		}
	})
}

func TestLookupOnly(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		ns := w.startNameserver()
		o := services("viirs")
		o.LookupOnly = true
		sub := w.subscriber(o)
		sleep(time.Minute)
		ns.add(uriA, "viirs")
		sleep(time.Minute)
		ns.add("tcp://10.0.0.1:9001", "viirs")
		ns.remove(uriA, "viirs")
		sleep(time.Hour)
		if got := uris(sub); got != uriA {
			t.Errorf("connected to %q, want what was found first, %q", got, uriA)
		}
	})
}

// An announcement that can't be used is logged once, however often it comes, and hurts no other.
func TestUnusablePublishersArePassedOver(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		uri      string
		more     []string
		wantLine bool // by this package; what is nonsense altogether does not get here
	}{
		{name: "a newer version", uri: uriA, more: []string{"supported_message_version", "v1.3"}, wantLine: true},
		{name: "secure without keys", uri: uriA, more: []string{"backend", "secure_zmq"}, wantLine: true},
		{name: "an unknown backend", uri: uriA, more: []string{"backend", "pigeon"}},
		{name: "a URI to bind", uri: "tcp://*:9000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				w := newWorld(t)
				ns := w.startNameserver()
				sub, logs := w.loggingSubscriber(services(pubsub.AllServices))
				for range 5 {
					ns.add(tt.uri, "viirs", tt.more...)
					sleep(7 * time.Minute)
				}
				ns.add("tcp://10.0.0.1:9001", "viirs")
				sleep(time.Second)
				if got := uris(sub); got != "tcp://10.0.0.1:9001" {
					t.Errorf("connected to %q, want the good one", got)
				}
				want := 0
				if tt.wantLine {
					want = 1
				}
				if got := logs.FilterMessage("publisher passed over").Len(); got != want {
					t.Errorf("%d lines, want %d: %q", got, want, lines(logs))
				}
			})
		})
	}
}

// An address that the program gave stays, whatever a nameserver tells of it.
func TestGivenAddressStays(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		ns := w.startNameserver()
		o := services("viirs")
		o.Addresses = pubsub.URIs(uriA)
		sub := w.subscriber(o)
		ns.add(uriA, "viirs")
		sleep(time.Second)
		ns.remove(uriA, "viirs")
		sleep(time.Second)
		if got := uris(sub); got != uriA {
			t.Errorf("connected to %q, want %q", got, uriA)
		}
		if _, err := sub.Update(nil); err != nil {
			t.Error(err)
		}
		if got := uris(sub); got != "" {
			t.Errorf("connected to %q, want nothing", got)
		}
	})
}

// And one that was found stays when the program takes back its own wish.
func TestFoundAddressStays(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		ns := w.startNameserver()
		ns.add(uriA, "viirs")
		o := services("viirs")
		o.Addresses = pubsub.URIs(uriA)
		sub := w.subscriber(o)
		sleep(time.Second)
		if _, err := sub.Update(nil); err != nil {
			t.Error(err)
		}
		if got := uris(sub); got != uriA {
			t.Errorf("connected to %q, want %q", got, uriA)
		}
	})
}

func TestThousandsOfPublishers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		const many = 3000
		w := newWorld(t)
		ns := w.startNameserver()
		for i := range many {
			ns.add(fmt.Sprintf("tcp://10.0.0.1:%d", 10000+i), "viirs")
		}
		sub := w.subscriber(services("viirs"))
		sleep(time.Minute)
		if got := len(sub.Addresses()); got != many {
			t.Errorf("connected to %d, want %d", got, many)
		}
		pub := w.publisher(10000 + many - 1)
		w.publish(pub, "/last")
		if diff := cmp.Diff([]string{"/last"}, w.arrived(sub)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
	})
}
