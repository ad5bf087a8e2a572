package testbed_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// ended records how a test was ended.
type ended struct {
	testing.TB
	how string
}

func (e *ended) Helper() {}
func (e *ended) Fatalf(format string, args ...any) {
	e.how = "failed: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}
func (e *ended) Skipf(format string, args ...any) {
	e.how = "skipped: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestUnavailable(t *testing.T) {
	for ci, want := range map[string]string{
		"":      "skipped: no x",
		"false": "skipped: no x",
		"0":     "skipped: no x",
		"true":  "failed: no x",
		"1":     "failed: no x",
	} {
		t.Setenv("CI", ci)
		e := &ended{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			testbed.Unavailable(e, "no %s", "x")
		}()
		<-done
		if e.how != want {
			t.Errorf("CI=%q: got %q, want %q", ci, e.how, want)
		}
	}
}
