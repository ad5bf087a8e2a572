package pubsub_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

func (w world) listener(o pubsub.SubscriberOptions) *pubsub.Listener {
	w.Helper()
	node, _ := w.node(hostB, pubsub.Settings{})
	l, err := node.Listener(o)
	w.must(err)
	w.Cleanup(func() { w.close(l) })
	return l
}

// taken returns the subjects of what can be taken from the channel without time passing.
func taken(l *pubsub.Listener) []string {
	subjects := []string{}
	for {
		synctest.Wait()
		select {
		case m := <-l.Messages():
			subjects = append(subjects, m.Subject())
		default:
			return subjects
		}
	}
}

func TestListener(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		ns := w.startNameserver()
		pub := w.publisher(9000)
		o := services("viirs")
		o.Topics = []string{"/counter"}
		o.LookupOnly = true // which a listener never does
		o.Timeout = time.Second
		l := w.listener(o)
		sleep(time.Minute)
		ns.add(uriA, "viirs")
		sleep(time.Second)
		var want []string
		for i := range 900 {
			want = append(want, fmt.Sprintf("/counter/%d", i))
		}
		w.publish(pub, want...)
		w.publish(pub, "/other")
		sleep(time.Hour)
		if diff := cmp.Diff(want, taken(l)); diff != "" {
			t.Errorf("taken (-want +got):\n%s", diff)
		}
		if got := l.Stats().Delivered; got != 900 {
			t.Errorf("%d delivered, want 900", got)
		}
	})
}

func TestListenerSkipsBadFrames(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		node, _ := w.node(hostA, pubsub.Settings{})
		pub := w.publisherOn(node, pubsub.PublisherOptions{Port: 9000, Announce: pubsub.AnnounceNone, Lax: true})
		l := w.listener(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA)})
		w.must(pub.SendText(t.Context(), "pytroll://nonsense"))
		w.publish(pub, "/1")
		if diff := cmp.Diff([]string{"/1"}, taken(l)); diff != "" {
			t.Errorf("taken (-want +got):\n%s", diff)
		}
		if got := l.Stats().Bad; got != 1 {
			t.Errorf("%d bad, want 1", got)
		}
	})
}

func TestListenerSetTopics(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub, other := w.publisher(9000), w.publisher(9001)
		l := w.listener(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA), Topics: []string{"/a"}})
		w.must(l.Subscriber().Add(pubsub.Address{URI: "tcp://10.0.0.1:9001"}, "/own"))
		w.publish(pub, "/a/1", "/a/2") // the first waits in the channel
		synctest.Wait()
		w.must(l.SetTopics("/b"))
		w.publish(pub, "/a/3", "/b/1")
		if diff := cmp.Diff([]string{"/b/1"}, taken(l)); diff != "" {
			t.Errorf("taken (-want +got):\n%s", diff)
		}
		w.publish(other, "/own/1") // this one waits in the channel too, but under topics of its own
		synctest.Wait()
		w.must(l.SetTopics("/c"))
		if diff := cmp.Diff([]string{"/own/1"}, taken(l)); diff != "" {
			t.Errorf("taken (-want +got):\n%s", diff)
		}
	})
}

// Nobody takes anything, and all queues are full.
func TestListenerCloses(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub := w.publisher(9000)
		l := w.listener(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA), MaxQueued: 1000})
		w.publish(pub, strings.Fields(strings.Repeat("/x ", 5000))...)
		synctest.Wait()
		w.must(l.Close())
		w.must(l.Close())
		if m, open := <-l.Messages(); open {
			t.Errorf("after Close came %v", m)
		}
	})
}
