package daemon_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/daemon"
)

func TestFail(t *testing.T) {
	t.Parallel()
	base := errors.New("bind tcp://*:1: in use")
	tests := []struct {
		name   string
		err    error
		status int
		text   string
	}{
		{"nothing", nil, 0, ""},
		{"plain", base, 1, "error: bind tcp://*:1: in use\n"},
		{"usage", daemon.Usage("no %s", "topic"), 2, "error: no topic\n"},
		{"nothing in time", daemon.Nothing(base), 3, "error: bind tcp://*:1: in use\n"},
		{"configuration", daemon.BadConfig(base), 78, "error: bind tcp://*:1: in use\n"},
		{"no error is none", daemon.BadConfig(nil), 0, ""},
		{"status alone", &daemon.StatusError{Status: 3}, 3, ""},
		{"wrapped", fmt.Errorf("start: %w", daemon.BadConfig(base)), 78, "error: start: bind tcp://*:1: in use\n"},
		{"hint", daemon.Hint(base, "stop the %s", "other"), 1, "error: bind tcp://*:1: in use\nhint: stop the other\n"},
		{"hint of none", daemon.Hint(nil, "stop"), 0, ""},
		{"hint further in", daemon.BadConfig(fmt.Errorf("a: %w", daemon.Hint(base, "b"))), 78, "error: a: bind tcp://*:1: in use\nhint: b\n"},
		{
			"joined", daemon.BadConfig(errors.Join(base, daemon.Hint(errors.New("second"), "h"), errors.Join(errors.New("third")))), 78,
			"error: bind tcp://*:1: in use\nerror: second\nhint: h\nerror: third\n",
		},
		{
			"hints that are the same", errors.Join(daemon.Hint(base, "h"), daemon.Hint(errors.New("second"), "h"), daemon.Hint(errors.New("third"), "i")), 1,
			"error: bind tcp://*:1: in use\nerror: second\nhint: h\nerror: third\nhint: i\n",
		},
		{"several in one text", fmt.Errorf("%w and %w", base, base), 1, "error: bind tcp://*:1: in use and bind tcp://*:1: in use\n"},
		{"lines from elsewhere", errors.New("a\nerror: b"), 1, "error: a | error: b\n"},
	}
	for _, tt := range tests {
		var b strings.Builder
		if got := daemon.Fail(&b, tt.err); got != tt.status {
			t.Errorf("%s: got status %d, want %d", tt.name, got, tt.status)
		}
		if diff := cmp.Diff(tt.text, b.String()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}

// TestFailToNobody: a program ends though nobody reads what it says.
func TestFailToNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		defer r.Close()
		for _, tt := range []struct {
			err    error
			status int
			waits  time.Duration
		}{{nil, 0, 0}, {errors.New("x"), 1, time.Second}} {
			begin := time.Now()
			if got, waited := daemon.Fail(w, tt.err), time.Since(begin); got != tt.status || waited != tt.waits {
				t.Errorf("%v: got status %d after %v, want %d after %v", tt.err, got, waited, tt.status, tt.waits)
			}
		}
	})
}
