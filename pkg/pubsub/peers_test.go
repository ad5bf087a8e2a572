package pubsub_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func TestAddRemoveUpdate(t *testing.T) {
	const uri1, uri2, uri3 = "tcp://10.0.0.1:9001", "tcp://10.0.0.1:9002", "tcp://10.0.0.1:9003"
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub1, pub2, pub3 := w.publisher(9001), w.publisher(9002), w.publisher(9003)
		sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uri1)})
		step := func(name string, want ...string) {
			t.Helper()
			w.publish(pub1, "/1")
			w.publish(pub2, "/2")
			w.publish(pub3, "/3")
			if got := w.arrived(sub); strings.Join(got, "") != strings.Join(want, "") {
				t.Errorf("%s: received %q, want %q", name, got, want)
			}
		}
		step("at the start", "/1")
		w.must(sub.Add(pubsub.Address{URI: uri2}))
		w.must(sub.Add(pubsub.Address{URI: uri2}))
		step("one added twice", "/1", "/2")
		w.must(sub.Remove(uri1))
		w.must(sub.Remove("tcp://10.0.0.1:1234"))
		step("one removed", "/2")

		update := func(wantChanged bool, uris ...string) {
			t.Helper()
			changed, err := sub.Update(pubsub.URIs(uris...))
			w.must(err)
			if changed != wantChanged {
				t.Errorf("update to %q: changed is %t, want %t", uris, changed, wantChanged)
			}
		}
		update(true, uri1, uri3)
		step("updated", "/1", "/3")
		update(false, uri3, uri1)
		step("updated with the same", "/1", "/3")
		want := []pubsub.Address{{URI: uri1, Backend: transport.Plain}, {URI: uri3, Backend: transport.Plain}}
		if diff := cmp.Diff(want, sub.Addresses()); diff != "" {
			t.Errorf("addresses (-want +got):\n%s", diff)
		}
		if _, err := sub.Update(pubsub.URIs(uri2, "nonsense")); err == nil {
			t.Error("update with nonsense: no error")
		}
		step("refused update", "/1", "/3")
		update(true)
		step("nothing left")
	})
}

func TestRemoveLosesNothingThatArrived(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub := w.publisher(9000)
		sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA), MaxQueued: 600})
		for range 100 {
			w.publish(pub, "/1")
		}
		w.must(sub.Remove(uriA))
		w.publish(pub, "/2")
		if got := w.arrived(sub); strings.Join(got, "") != strings.Repeat("/1", 100) {
			t.Errorf("received %d, %q; want 100 times /1", len(got), got)
		}
	})
}

func TestAddWithTopics(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub1, pub2 := w.publisher(9001), w.publisher(9002)
		sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs("tcp://10.0.0.1:9001"), Topics: []string{"/a"}})
		w.must(sub.Add(pubsub.Address{URI: "tcp://10.0.0.1:9002"}, "/b"))
		send := func() {
			w.publish(pub1, "/a/1", "/b/1")
			w.publish(pub2, "/a/2", "/b/2")
		}
		send()
		if diff := cmp.Diff([]string{"/a/1", "/b/2"}, slices.Sorted(slices.Values(w.arrived(sub)))); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
		w.must(sub.SetTopics("/c")) // not those of the second
		send()
		if diff := cmp.Diff([]string{"/b/2"}, w.arrived(sub)); diff != "" {
			t.Errorf("received with other topics (-want +got):\n%s", diff)
		}
		w.must(sub.Remove("tcp://10.0.0.1:9002"))
		send()
		if diff := cmp.Diff([]string{}, w.arrived(sub)); diff != "" {
			t.Errorf("received after remove (-want +got):\n%s", diff)
		}
		w.must(sub.Add(pubsub.Address{URI: "tcp://10.0.0.1:9002"}, "/b"))
		send()
		if diff := cmp.Diff([]string{"/b/2"}, w.arrived(sub)); diff != "" {
			t.Errorf("received when added again (-want +got):\n%s", diff)
		}
	})
}

func TestUnusableAddresses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		addr pubsub.Address
		want string
	}{
		{"no scheme", pubsub.Address{URI: "host:9000"}, `no "://"`},
		{"no port", pubsub.Address{URI: "tcp://host"}, "no port"},
		{"a wildcard", pubsub.Address{URI: "tcp://*:9000"}, "can be bound, not connected to"},
		{"empty", pubsub.Address{}, "empty"},
		{"a newer version", pubsub.Address{URI: uriA, SupportedVersion: "v2"}, "newer than v1.2"},
		{"an unknown backend", pubsub.Address{URI: uriA, Backend: "carrier_pigeon"}, "unknown backend"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				w := newWorld(t)
				node, _ := w.node(hostB, pubsub.Settings{})
				sub, err := node.Subscriber(pubsub.SubscriberOptions{Addresses: []pubsub.Address{tt.addr}})
				if err == nil {
					w.close(sub)
					t.Fatal("no error")
				}
				if !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %q, want it to tell of %q", err, tt.want)
				}
			})
		})
	}
}
