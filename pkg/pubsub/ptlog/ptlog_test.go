package ptlog_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/pubsub/ptlog"
	"github.com/pytroll/posttroll-go/pkg/pubsub/pubsubtest"
)

func newLogger(t *testing.T, level zapcore.Level) (*zap.Logger, *pubsubtest.Fake) {
	t.Helper()
	fake := pubsubtest.New(t)
	pub, err := fake.Node().Publisher(pubsub.PublisherOptions{Name: "log"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pub.Close(); err != nil {
			t.Error(err)
		}
	})
	return zap.New(ptlog.NewCore(pub, level)), fake
}

func TestRecordsBecomeMessages(t *testing.T) {
	t.Parallel()
	log, fake := newLogger(t, zap.InfoLevel)
	log = log.Named("trollflow2").Named("launcher")
	log.Debug("not enabled")
	log.Info("job started")
	log.Warn("Missing file: a.nc")
	log.With(zap.Int("count", 3)).Error("gave up", zap.Error(errors.New("no such file")))
	log.DPanic("what now")
	zap.New(log.Core()).Named("my program").Warn("two\nlines")
	zap.New(log.Core()).Warn("no name")

	var got []string
	for _, m := range fake.Sent() {
		data, err := m.Data()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m.Subject()+" "+m.Type()+" "+m.MIME()+" "+data.(string))
	}
	want := []string{
		"log/INFO/trollflow2.launcher log.info text/ascii job started",
		"log/WARNING/trollflow2.launcher log.warning text/ascii Missing file: a.nc",
		`log/ERROR/trollflow2.launcher log.error text/ascii gave up {"count": 3, "error": "no such file"}`,
		"log/CRITICAL/trollflow2.launcher log.critical text/ascii what now",
		"log/WARNING/my_program log.warning text/ascii two\nlines",
		"log/WARNING/root log.warning text/ascii no name",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestErrorsOfThePublisherAreReturned(t *testing.T) {
	t.Parallel()
	fake := pubsubtest.New(t)
	pub, err := fake.Node().Publisher(pubsub.PublisherOptions{Name: "log"})
	if err != nil {
		t.Fatal(err)
	}
	if err := pub.Close(); err != nil {
		t.Fatal(err)
	}
	core := ptlog.NewCore(pub, zap.InfoLevel)
	if err := core.Write(zapcore.Entry{Level: zap.WarnLevel, Message: "late"}, nil); !errors.Is(err, pubsub.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}
