package pubsubtest_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/pubsub/pubsubtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newMessage(t *testing.T, subject string) *message.Message {
	t.Helper()
	m, err := message.New(subject, "info", "hello")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFake(t *testing.T) {
	t.Parallel()
	fake := pubsubtest.New(t, newMessage(t, "/a"), newMessage(t, "no_slash"), newMessage(t, "/b"))
	if err := shout(t.Context(), fake.Node()); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range fake.Sent() {
		got = append(got, m.Subject()+" "+string(m.RawData()))
	}
	if diff := cmp.Diff([]string{"/a HELLO", "no_slash HELLO", "/b HELLO"}, got); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

func TestFakeKnowsTopics(t *testing.T) {
	t.Parallel()
	fake := pubsubtest.New(t, newMessage(t, "/a"), newMessage(t, "/b"))
	for range 2 { // each subscriber gets all
		l, err := fake.Node().Listener(pubsub.SubscriberOptions{Topics: []string{"/b"}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for m := range l.Messages() {
			got = append(got, m.Subject())
		}
		if diff := cmp.Diff([]string{"/b"}, got); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFakePublisherCloses(t *testing.T) {
	t.Parallel()
	fake := pubsubtest.New(t)
	pub, err := fake.Node().Publisher(pubsub.PublisherOptions{Name: "x", Nameservers: []string{"nowhere"}})
	if err != nil {
		t.Fatal(err)
	}
	if pub.Port() == 0 {
		t.Error("no port")
	}
	if err := pub.WaitSubscribed(t.Context(), "/a", 5); err != nil {
		t.Errorf("wait for subscribers: %v", err)
	}
	if err := pub.Close(); err != nil {
		t.Error(err)
	}
	if err := pub.Send(t.Context(), newMessage(t, "/late")); !errors.Is(err, pubsub.ErrClosed) {
		t.Errorf("send after Close: got %v, want ErrClosed", err)
	}
	if sent := fake.Sent(); len(sent) != 0 {
		t.Errorf("sent %v, want nothing", sent)
	}
}
