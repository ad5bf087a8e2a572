package lifecycle_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pytroll/posttroll-go/cmd/internal/lifecycle"
)

// What closes in time says how; what does not is left behind, and the log tells.
func TestCloseSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		failed := errors.New("failed")
		if err := lifecycle.CloseSoon(zap.New(core), time.Second, func() error { return failed }); !errors.Is(err, failed) || logs.Len() > 0 {
			t.Errorf("got %v, and %d lines", err, logs.Len())
		}
		begin, peer := time.Now(), make(chan struct{})
		err := lifecycle.CloseSoon(zap.New(core), time.Second, func() error { <-peer; return failed })
		if took := time.Since(begin); err != nil || took != time.Second {
			t.Errorf("got %v after %s", err, took)
		}
		close(peer)
		var lines []string
		for _, entry := range logs.All() {
			lines = append(lines, entry.Message)
		}
		if diff := cmp.Diff([]string{"peers have not taken all that was on its way to them"}, lines); diff != "" {
			t.Errorf("logged (-want +got):\n%s", diff)
		}
	})
}
