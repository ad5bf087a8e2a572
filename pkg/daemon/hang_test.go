//go:build hangtest

package daemon

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"
)

// After SIGUSR2 the loop that does the work stands still, and with it the watchdog is not fed any more. The rest of the daemon goes on.
func TestHangsWhenTold(t *testing.T) {
	const watchdog = 200 * time.Millisecond
	fed := make(chan struct{}, 1000)
	send := func(state string) error {
		if strings.Contains(state, "WATCHDOG=1") {
			fed <- struct{}{}
		}
		return nil
	}
	work := func(ctx context.Context, h *Handle) error {
		h.Ready()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(h.BeatInterval()):
				h.Beat()
			}
		}
	}
	group := Group{
		Parts: []Part{{Name: "work", Run: work}}, Notifier: Notifier{Send: send, Watchdog: watchdog}, StopLimit: watchdog,
	}
	ctx, stop := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- group.Run(ctx) }()
	<-fed
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	for silent := false; !silent; {
		select {
		case <-fed:
		case <-time.After(5 * watchdog):
			silent = true
		}
	}
	stop(errors.New("asked to"))
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "still at work") {
		t.Errorf("a hung loop was stopped: %v", err)
	}
	close(goOn)
}
