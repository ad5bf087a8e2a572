package security

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
)

// When host names are looked up.
const (
	resolveEvery   = 5 * time.Minute
	resolveSoon    = 5 * time.Second // after a failure; doubled each time up to resolveEvery
	resolveTimeout = 5 * time.Second
)

// resolver looks up a host name; see [Options].
type resolver func(ctx context.Context, host string) ([]netip.Addr, error)

// answer is what is known of a host name.
type answer struct {
	addrs []netip.Addr // sorted, each once; those of the last answer while there is none
	state answerState
}

// answerState says what the last lookup was; the zero value that there was none.
type answerState int

const (
	found answerState = iota + 1
	notFound
	noAnswer
)

// run looks host names up again, until ctx ends. settled says that the last look has had an answer for all.
func (h *hosts) run(ctx context.Context, settled bool, changed func()) {
	pause := resolveSoon
	for {
		wait := resolveEvery
		if !settled {
			wait = pause - rand.N(pause/4) // programs that start together need not ask together
			pause = min(2*pause, resolveEvery)
		} else {
			pause = resolveSoon
		}
		if !sleep(ctx, wait) {
			return
		}
		var differs bool
		if settled, differs = h.look(ctx); differs {
			changed()
		}
	}
}

// sleep waits; false when ctx has ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// look looks all names up at once. It says whether there was an answer for each, and whether other hosts are admitted now.
func (h *hosts) look(ctx context.Context) (settled, differs bool) {
	answers := make([]answer, len(h.names))
	errs := make([]error, len(h.names))
	var asking sync.WaitGroup
	for i, name := range h.names {
		asking.Go(func() { answers[i], errs[i] = h.ask(ctx, name) })
	}
	asking.Wait()
	if ctx.Err() != nil {
		return false, false
	}
	settled = true
	for i, name := range h.names {
		old, now := h.answers[name], answers[i]
		if now.state == noAnswer {
			settled, now.addrs = false, old.addrs
		}
		h.answers[name] = now
		h.tell(name, old, now, errs[i])
		differs = differs || !slices.Equal(old.addrs, now.addrs)
	}
	if differs {
		h.publish()
	}
	return settled, differs
}

// ask looks one name up.
func (h *hosts) ask(ctx context.Context, name string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	addrs, err := h.resolve(ctx, name)
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return answer{state: notFound}, err
	}
	if err != nil {
		return answer{state: noAnswer}, err
	}
	a := answer{state: notFound}
	for _, addr := range addrs {
		if addr.IsValid() {
			a.addrs, a.state = append(a.addrs, addr.Unmap().WithZone("")), found
		}
	}
	slices.SortFunc(a.addrs, netip.Addr.Compare)
	a.addrs = slices.Compact(a.addrs)
	return a, nil
}

// tell logs what has changed.
func (h *hosts) tell(name string, old, now answer, err error) {
	if now.state == old.state && slices.Equal(now.addrs, old.addrs) {
		return
	}
	fields := []zap.Field{zap.String("host", name), zap.Stringers("addresses", now.addrs), zap.NamedError("cause", err)}
	switch now.state {
	case found:
		h.log.Info("host name looked up", fields...)
	case notFound:
		h.log.Warn("there is no host of that name: it admits nobody", fields...)
	case noAnswer:
		h.log.Warn("host name can't be looked up: the addresses known stay", fields...)
	}
}
