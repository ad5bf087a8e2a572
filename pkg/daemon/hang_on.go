//go:build hangtest

package daemon

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// hangs is where SIGUSR2 arrives. Never build what is installed with the tag that brings this file in.
var hangs = sync.OnceValue(func() <-chan os.Signal {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR2)
	return signals
})

// goOn is closed by tests alone.
var goOn = make(chan struct{})

// armHang keeps a SIGUSR2 from ending the process.
func armHang() { hangs() }

// hang never returns once a SIGUSR2 has come: the loop that was about to beat does nothing any more.
func hang() {
	select {
	case <-hangs():
		<-goOn
	default:
	}
}
