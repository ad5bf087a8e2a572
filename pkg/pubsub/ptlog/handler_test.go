package ptlog_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/pubsub/ptlog"
	"github.com/pytroll/posttroll-go/pkg/pubsub/pubsubtest"
)

func TestSlogRecordsBecomeMessages(t *testing.T) {
	t.Parallel()
	fake := pubsubtest.New(t)
	pub, err := fake.Node().Publisher(pubsub.PublisherOptions{Name: "log"})
	if err != nil {
		t.Fatal(err)
	}
	handler := ptlog.NewHandler(pub, "my program", slog.LevelInfo)
	log := slog.New(handler)
	log.Debug("not enabled")
	log.Info("job started")
	log.Warn("missing", "file", "a.nc", "level", 3, "msg", "m", "time", "t")
	log.With("count", 3).WithGroup("job").With("id", 7).Error("gave up", "error", errors.New("no such file"))
	log.Log(t.Context(), slog.LevelError+4, "what now")
	slog.New(ptlog.NewHandler(pub, "", slog.LevelDebug)).Debug("no name")

	var got []string
	for _, m := range fake.Sent() {
		data, err := m.Data()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m.Subject()+" "+m.Type()+" "+m.MIME()+" "+data.(string))
	}
	want := []string{
		"log/INFO/my_program log.info text/ascii job started",
		`log/WARNING/my_program log.warning text/ascii missing {"file":"a.nc","level":3,"msg":"m","time":"t"}`,
		`log/ERROR/my_program log.error text/ascii gave up {"count":3,"job":{"id":7,"error":"no such file"}}`,
		"log/CRITICAL/my_program log.critical text/ascii what now",
		"log/DEBUG/root log.debug text/ascii no name",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if err := pub.Close(); err != nil {
		t.Fatal(err)
	}
	var r slog.Record
	if err := handler.Handle(context.Background(), r); !errors.Is(err, pubsub.ErrClosed) {
		t.Errorf("after the publisher is closed: got %v, want ErrClosed", err)
	}
}

// talkative logs while it is logged.
type talkative struct{ log *slog.Logger }

func (t talkative) LogValue() slog.Value {
	t.log.Warn("looked at")
	return slog.StringValue("value")
}

// An attribute that logs neither waits for its own record for ever nor gets into it, and what one logger adds no other one has.
func TestSlogAttributesMayLog(t *testing.T) {
	t.Parallel()
	fake := pubsubtest.New(t)
	pub, err := fake.Node().Publisher(pubsub.PublisherOptions{Name: "log"})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(ptlog.NewHandler(pub, "x", slog.LevelInfo)).With("a", 1)
	one, other := log.With("b", 2), log.With("b", 3)
	one.Warn("first", "it", talkative{other})

	var got []string
	for _, m := range fake.Sent() {
		got = append(got, string(m.RawData()))
	}
	want := []string{`looked at {"a":1,"b":3}`, `first {"a":1,"b":2,"it":"value"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if err := pub.Close(); err != nil {
		t.Error(err)
	}
}
