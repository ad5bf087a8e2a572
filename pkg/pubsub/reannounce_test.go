package pubsub_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// Aliases change while the publisher runs, and who looks for a new one finds it.
func TestReannounce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		node, _ := w.node(hostA, pubsub.Settings{})
		group := w.network.Group(hostN)
		pub := w.publisherOn(node, pubsub.PublisherOptions{Name: "sink", Port: 9000, Advertise: hostA.String(), Aliases: []string{"old"}, Relaying: discovery.Relaying{ID: "x.1"}})
		heard := func() string {
			t.Helper()
			for {
				frame, _, err := group.Receive(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if said := string(frame); strings.Contains(said, "sink") {
					return said[strings.Index(said, `"service"`):]
				}
			}
		}
		const middle = `, "supported_message_version": "v1.2", "backend": "unsecure_zmq", `
		if diff := cmp.Diff(`"service": ["sink", "old"]`+middle+`"relay": "x.1"}`, heard()); diff != "" {
			t.Errorf("first (-want +got):\n%s", diff)
		}
		if err := pub.Reannounce([]string{"new", "sink", "new"}, discovery.Relaying{ID: "x.1", Via: []string{"y.1"}, Hops: map[string]int{"new": 2}}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(`"service": ["sink", "new"]`+middle+`"hops": "02", "relay": "x.1", "via": ["y.1"]}`, heard()); diff != "" {
			t.Errorf("then (-want +got):\n%s", diff)
		}
		if err := pub.Reannounce([]string{strings.Repeat("x", 1000)}, discovery.Relaying{}); err == nil || !strings.Contains(err.Error(), `"sink"`) {
			t.Errorf("too long: %v", err)
		}
		room, err := pub.AliasRoom(nil, discovery.Relaying{})
		if err != nil || room < 700 || room > 900 {
			t.Errorf("room for %d bytes, %v", room, err)
		}
	})
}

// A publisher that nobody is told of takes any aliases, and has no room.
func TestReannounceToNobody(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub := w.publisher(9000)
		if err := pub.Reannounce([]string{strings.Repeat("x", 2000)}, discovery.Relaying{}); err != nil {
			t.Error(err)
		}
		if room, err := pub.AliasRoom(nil, discovery.Relaying{}); room != 0 || err != nil {
			t.Errorf("room for %d bytes, %v", room, err)
		}
	})
}

// The program hears of what is found, and may think again about what it accepts.
func TestFoundAndReconsider(t *testing.T) {
	const uri1, uri2 = "tcp://10.0.0.1:9001", "tcp://10.0.0.1:9002"
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		ns := w.startNameserver()
		ns.add(uri1, "viirs")
		ns.add(uri2, "viirs")
		refused := uri2
		var told []string
		o := services("viirs")
		o.Accept = func(e discovery.Entry) error {
			if e.URI == refused {
				return errors.New("not this one")
			}
			return nil
		}
		o.Found = func(e discovery.Entry, there bool) { told = append(told, fmt.Sprint(e.URI[len(e.URI)-1:], there)) }
		sub, _ := w.loggingSubscriber(o)
		want := func(uri string, want ...string) {
			t.Helper()
			sleep(time.Second)
			slices.Sort(told)
			if diff := cmp.Diff(want, told); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			if got := uris(sub); got != uri {
				t.Errorf("connected to %q, want %q", got, uri)
			}
			told = nil
		}
		want(uri1, "1true")
		refused = uri1
		sub.Reconsider()
		want(uri2, "1false", "2true")
		refused = ""
		sub.Reconsider()
		want(uri1+" "+uri2, "1true", "2true")
		ns.remove(uri1, "viirs")
		want(uri2, "1false")
		sub.Reconsider() // what has gone does not come back by that
		want(uri2, "2true")
	})
}
