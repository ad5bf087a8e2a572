package daemon

import (
	"context"
	"os/signal"
	"syscall"
	"time"
)

// samePress is the time in which a second SIGINT is taken for the first one, that comes by two ways: wrappers pass on to a program what it has
// got from the terminal, too, and timeout(1) tells the program and then its group.
const samePress = 500 * time.Millisecond

// Signals returns a context that ends when this process is asked to stop, by SIGINT or SIGTERM; its cause names the signal. It is for main, and
// keeps hold of both signals until the process ends.
//
// A SIGTERM that follows changes nothing. It does not mean impatience: systemd sends one to all processes of a unit, and another one, milliseconds later, to those
// that have not ended when the main process has, as behind a pipe in a script. To end by it would be to leave without a word to nameservers and
// subscribers. Who is in a hurry has SIGKILL, or SIGINT: a second one, half a second after the first signal or later, ends the process at once.
func Signals() context.Context {
	// What is returned beside it would give SIGTERM its deadly meaning back.
	terminated, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	ctx, release := signal.NotifyContext(terminated, syscall.SIGINT)
	context.AfterFunc(ctx, func() { time.AfterFunc(samePress, release) })
	return ctx
}
