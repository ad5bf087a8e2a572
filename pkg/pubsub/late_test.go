package pubsub_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// latecomer makes a subscriber to an address, closed with the test.
func latecomer(t *testing.T, node *pubsub.Node, at string, topics ...string) *pubsub.Subscriber {
	t.Helper()
	sub, err := node.Subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(at), Topics: topics})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sub.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return sub
}

// received are the data of the next n messages.
func received(t *testing.T, sub *pubsub.Subscriber, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var got []string
	for range n {
		m, err := sub.Receive(ctx)
		if err != nil {
			t.Fatalf("after %q: %v", got, err)
		}
		got = append(got, strings.Trim(string(m.RawData()), `"`))
	}
	return got
}

// expectTexts waits for messages with these data, and in a bubble for no more.
func expectTexts(t *testing.T, sub *pubsub.Subscriber, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, received(t, sub, len(want))); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func expectQuiet(t *testing.T, subs ...*pubsub.Subscriber) {
	t.Helper()
	synctest.Wait()
	for i, sub := range subs {
		if sub.Pending() {
			t.Errorf("subscriber %d has got more", i)
		}
	}
}

func publish(t *testing.T, pub *pubsub.Publisher, subject string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err := pub.Publish(t.Context(), subject, "info", text); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLastMessage(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		node, _ := w.node(hostA, pubsub.Settings{})
		pub := latePublisher(t, node, pubsub.PublisherOptions{Address: "tcp://*:9010", LastMessage: &pubsub.LastMessage{}})
		first := latecomer(t, node, "tcp://localhost:9010", "/a")
		publish(t, pub, "/a/1", "one", "two")
		publish(t, pub, "/a/2", "three")
		if err := pub.Heartbeat(t.Context(), time.Second); err != nil {
			t.Fatal(err)
		}
		expectTexts(t, first, "one", "two", "three")
		second := latecomer(t, node, "tcp://localhost:9010", "/a/1", "/a/2", "/heartbeat")
		expectTexts(t, second, "two", "three")
		third := latecomer(t, node, "tcp://localhost:9010", "/a")
		expectTexts(t, third, "three")
		frames := [][]byte{[]byte("pytroll://a/1 info a@b 2024-05-17T09:41:12 v1.01 text/ascii four"), []byte("pytroll://a/2 info a@b 2024-05-17T09:41:12 v1.01 text/ascii five")}
		if n, err := pub.SendFrames(t.Context(), frames); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		for _, sub := range []*pubsub.Subscriber{first, second, third} {
			expectTexts(t, sub, "four", "five")
		}
		expectTexts(t, latecomer(t, node, "tcp://localhost:9010", "/a"), "five")
		expectQuiet(t, first, second, third)
		want := pubsub.KeptStats{Last: 2, LastBytes: int64(len(frames[0]) + len(frames[1])), Welcomed: 4}
		if diff := cmp.Diff(want, pub.Kept()); diff != "" {
			t.Errorf("kept (-want +got):\n%s", diff)
		}
	})
}

func TestReplay(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		node, _ := w.node(hostA, pubsub.Settings{})
		pub := latePublisher(t, node, pubsub.PublisherOptions{Address: "tcp://*:9010", Replay: &pubsub.Replay{Port: 9011, Messages: 3, Time: time.Hour}})
		live := latecomer(t, node, "tcp://localhost:9010", "")
		publish(t, pub, "/a", "one", "two", "three")
		publish(t, pub, "/b", "four")
		at, ok := pub.ReplayEndpoint()
		if !ok || at.String() != "tcp://*:9011" {
			t.Errorf("replay at %v, %v", at, ok)
		}
		first := latecomer(t, node, "tcp://localhost:9011", "")
		expectTexts(t, first, "two", "three", "four")
		second := latecomer(t, node, "tcp://localhost:9011", "/a")
		expectTexts(t, second, "two", "three")
		publish(t, pub, "/a", "five")
		expectTexts(t, live, "one", "two", "three", "four", "five")
		expectQuiet(t, live, first, second)
		if got := pub.Kept(); got.Replay != 3 || got.Replays != 2 || got.ReplayBytes == 0 || got.Last != 0 {
			t.Errorf("kept %+v", got)
		}
		time.Sleep(2 * time.Hour)
		expectQuiet(t, latecomer(t, node, "tcp://localhost:9011", ""))
	})
}

func latePublisher(t *testing.T, node *pubsub.Node, o pubsub.PublisherOptions) *pubsub.Publisher {
	t.Helper()
	o.Announce = pubsub.AnnounceNone
	pub, err := node.Publisher(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pub.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return pub
}

func TestLateOptionsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		node, _ := w.node(hostA, pubsub.Settings{})
		taken := latePublisher(t, node, pubsub.PublisherOptions{Port: 9011})
		for name, c := range map[string]struct {
			options pubsub.PublisherOptions
			want    string
		}{
			"subjects":   {pubsub.PublisherOptions{LastMessage: &pubsub.LastMessage{Subjects: -1}}, "last message of -1 subjects: want 1 to 1000000"},
			"bytes":      {pubsub.PublisherOptions{LastMessage: &pubsub.LastMessage{Bytes: -1}}, "-1 bytes"},
			"port":       {pubsub.PublisherOptions{Replay: &pubsub.Replay{Port: 65536}}, "65536 is no port"},
			"messages":   {pubsub.PublisherOptions{Replay: &pubsub.Replay{Messages: 100_001}}, "replay of 100001 messages: want 1 to 100000"},
			"time":       {pubsub.PublisherOptions{Replay: &pubsub.Replay{Time: -1}}, "-1ns"},
			"inproc":     {pubsub.PublisherOptions{Address: "inproc://x", LastMessage: &pubsub.LastMessage{}}, "inproc"},
			"port taken": {pubsub.PublisherOptions{Replay: &pubsub.Replay{Port: taken.Port()}}, "replay: "},
		} {
			c.options.Announce = pubsub.AnnounceNone
			pub, err := node.Publisher(c.options)
			if err == nil {
				err = errors.Join(errors.New("none"), pub.Close())
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error %q, want %q in it", name, err, c.want)
			}
		}
	})
}

// TestLateOverZeroMQ: the same over real sockets, and the replay of a publisher that sends meanwhile.
func TestLateOverZeroMQ(t *testing.T) {
	t.Parallel()
	node := realNode(t)
	pub := latePublisher(t, node, pubsub.PublisherOptions{
		Address:     "tcp://127.0.0.1:0",
		LastMessage: &pubsub.LastMessage{},
		Replay:      &pubsub.Replay{Messages: 5000},
	})
	var all []string
	for i := range 5000 {
		all = append(all, fmt.Sprint(i))
	}
	publish(t, pub, "/a", all...)
	expectTexts(t, latecomer(t, node, pub.Endpoint().String(), "/a"), all[4999])
	replay, _ := pub.ReplayEndpoint()
	one, two := latecomer(t, node, replay.String(), "/a"), latecomer(t, node, replay.String(), "")
	expectTexts(t, one, all...)
	publish(t, pub, "/a", "more")
	if got := received(t, two, 5000); !slices.Equal(got, all) && !slices.Equal(got, append(all[1:], "more")) {
		t.Errorf("replayed %q … %q", got[0], got[4999])
	}
}
