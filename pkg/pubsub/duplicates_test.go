package pubsub_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// What came within the window is dropped before it is translated and filtered; hooks get all, and what is no message is told each time.
func TestDuplicates(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		a, b := w.publisher(9001), w.publisher(9002)
		node, _ := w.node(hostA, pubsub.Settings{})
		hooked := w.publisherOn(node, pubsub.PublisherOptions{Name: "test", Port: 9003, Announce: pubsub.AnnounceNone})
		asked := 0
		sub := w.subscriber(pubsub.SubscriberOptions{
			Addresses:  pubsub.URIs("tcp://10.0.0.1:9001", "tcp://10.0.0.1:9002"),
			Duplicates: &dedup.Config{By: dedup.ByUID, Window: time.Minute},
			Translate:  true,
			Filter:     func(m *message.Message) bool { asked++; return m.Subject() != "/filtered" },
		})
		calls := 0
		w.must(sub.AddHookSub(pubsub.Address{URI: "tcp://10.0.0.1:9003"}, []string{""}, func(*message.Message) { calls++ }))
		sleep(time.Second)
		send := func(pub *pubsub.Publisher, subject, uid string) {
			w.must(pub.Publish(t.Context(), subject, "file", map[string]any{"uid": uid, "uri": fmt.Sprint("ssh://h", pub.Port(), "/", uid)}))
		}
		for _, pub := range []*pubsub.Publisher{a, b, hooked} {
			for _, subject := range []string{"/a", "/filtered", "/a"} {
				send(pub, subject, "1")
			}
		}
		w.must(a.Publish(t.Context(), "/text", "info", "no uid"))
		w.must(b.Publish(t.Context(), "/text", "info", "no uid"))
		w.must(a.SendFrame(t.Context(), []byte(`pytroll://broken file a@b 2026-01-01T00:00:00 v1.01 application/json {"uid": `)))
		w.must(b.SendFrame(t.Context(), []byte(`pytroll://broken file a@b 2026-01-01T00:00:00 v1.01 application/json {"uid": `)))
		if diff := cmp.Diff("/a /broken /broken /text /text", inOrder(w.arrived(sub))); diff != "" {
			t.Errorf("subjects (-want +got):\n%s", diff)
		}
		if got := sub.Stats(); got.Duplicates != 4 || got.Filtered != 1 || got.Delivered != 5 || got.Bad != 0 {
			t.Errorf("counters: %+v", got)
		}
		if asked != 6 || calls != 3 {
			t.Errorf("the filter was asked %d times and the hook called %d times, want 6 and 3", asked, calls)
		}
		sleep(time.Minute)
		send(a, "/a", "1")
		if diff := cmp.Diff("/a", inOrder(w.arrived(sub))); diff != "" {
			t.Errorf("after the window: subjects (-want +got):\n%s", diff)
		}
	})
}

func TestDuplicatesRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		node, _ := newWorld(t).node(hostB, pubsub.Settings{})
		_, err := node.Subscriber(pubsub.SubscriberOptions{Duplicates: &dedup.Config{By: "all"}})
		if err == nil || !strings.Contains(err.Error(), `subscriber: duplicates: by: "all" is unknown`) {
			t.Errorf("got %v, want an error", err)
		}
	})
}

// inOrder are the subjects in alphabetical order, with blanks between: those of several publishers come in any.
func inOrder(subjects []string) string {
	slices.Sort(subjects)
	return strings.Join(subjects, " ")
}
