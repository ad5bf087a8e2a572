package multicast

import (
	"errors"
	"os"
	"testing"
	"time"
)

// A wait that begins after close, as one of a membership that is closed at once, ends in the same way as one that is under way: it is no failure
// that the log is to have.
func TestWaitAfterClose(t *testing.T) {
	t.Parallel()
	for name, retry := range map[string]time.Duration{"without limit": 0, "with a limit": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := watchNetwork()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.close(); err != nil {
				t.Fatal(err)
			}
			if _, err := c.wait(retry, time.Hour); !errors.Is(err, os.ErrClosed) {
				t.Errorf("got %v, want os.ErrClosed", err)
			}
		})
	}
}
