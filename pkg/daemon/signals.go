package daemon

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

// samePress is the time in which a second SIGINT is taken for the first one, that comes by two ways: wrappers pass on to a program what it has
// got from the terminal, too, and timeout(1) tells the program and then its group.
const samePress = 500 * time.Millisecond

// impatience is the time after which a SIGTERM is meant for who does not stop.
const impatience = 10 * time.Second

// Signals returns a context that ends when this process is asked to stop, by SIGINT, SIGTERM or another of those given; its cause names the signal. It is for main, and
// keeps hold of the signals until the process ends. A program that people start in a terminal gives SIGHUP, which comes when that is closed; where it is ignored, as under nohup, it stays so.
//
// A SIGTERM that follows within ten seconds changes nothing. It does not mean impatience: systemd sends one to all processes of a unit, and another one, milliseconds
// later, to those that have not ended when the main process has, as behind a pipe in a script. To end by it would be to leave without a word to nameservers and
// subscribers. A later one ends the process at once, as does another one of others then and a second SIGINT, half a second after the first signal or later.
func Signals(others ...os.Signal) context.Context {
	taken := slices.DeleteFunc(slices.Clone(others), signal.Ignored)
	terminated, releaseTerm := signal.NotifyContext(context.Background(), append(taken, syscall.SIGTERM)...)
	ctx, releaseInt := signal.NotifyContext(terminated, syscall.SIGINT)
	context.AfterFunc(ctx, func() {
		time.AfterFunc(samePress, releaseInt)
		time.AfterFunc(impatience, releaseTerm)
	})
	return ctx
}
