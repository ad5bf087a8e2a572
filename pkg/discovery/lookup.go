package discovery

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// Times of a lookup.
const (
	// DefaultTimeout ends a lookup, as in the reference.
	DefaultTimeout = 10 * time.Second
	// retriesPerTimeout is how often a nameserver is asked again within the timeout.
	retriesPerTimeout = 20
	// settleFound is how long the other nameservers are waited for when one has named an address.
	settleFound = 100 * time.Millisecond
	// settleOnce is how long they are waited for when one has answered and none is asked again.
	settleOnce = time.Second
	// minRequest is the least time that a nameserver has for an answer before it is asked again.
	minRequest = time.Second
)

var errNoNameservers = errors.New("no nameservers to ask")

// LookupConfig says whom to ask.
type LookupConfig struct {
	Transport transport.Transport
	// Nameservers are all asked at once and the answers united by URI. One at least is needed.
	Nameservers []transport.Address
	// Timeout ends a lookup; nothing restarts it. Default 10 s. A nameserver is asked again every Timeout/20.
	Timeout time.Duration
	Options transport.SocketOptions
	// Encoder's version is that of the requests, and so of the answers; default v1.01.
	Encoder message.Encoder
	// Logger is told of nameservers that answer nonsense. Nil: nobody is.
	Logger *zap.Logger
}

func (cfg *LookupConfig) complete() error {
	if cfg.Transport == nil {
		return errors.New("no transport")
	}
	if cfg.Timeout < 0 {
		return fmt.Errorf("timeout %s: is negative", cfg.Timeout)
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if len(cfg.Nameservers) == 0 {
		return errNoNameservers
	}
	return nil
}

// Lookup asks for the publishers of service ("" for all) until a nameserver names one; the others then have a tenth of a second to
// add theirs. When the timeout is over it returns none and no error if a nameserver answered, else an error
// that is [ErrNoNameserver]. The entries are in the order of the first nameserver, then those that only the others
// know.
//
// An answer of more than [transport.SocketOptions].MaxMessage bytes (64 MiB) or [MaxEntries] entries is refused, and the error tells. While it is read one of
// 64 MiB takes some five times as much memory; the entries have nothing of it afterwards.
func Lookup(ctx context.Context, cfg LookupConfig, service string) ([]Entry, error) {
	return lookup(ctx, cfg, service, false)
}

// LookupOnce asks each nameserver once and returns what they list now, also when that is nothing. Those that have not answered a second
// after the first one are not waited for. It is an error, [ErrNoNameserver], when none answers.
func LookupOnce(ctx context.Context, cfg LookupConfig, service string) ([]Entry, error) {
	return lookup(ctx, cfg, service, true)
}

func lookup(ctx context.Context, cfg LookupConfig, service string, once bool) ([]Entry, error) {
	if err := cfg.complete(); err != nil {
		return nil, fmt.Errorf("lookup of %q: %w", service, err)
	}
	frame, err := request(cfg.Encoder, service)
	if err != nil {
		return nil, err
	}
	l := &inquiry{cfg: cfg, frame: frame, once: once, begun: time.Now(), answers: make(chan answer),
		over: make(chan struct{}), ended: make(chan struct{}),
		log: named(cfg.Logger).With(zap.String("service", service))}
	limited, cancel := context.WithTimeout(ctx, cfg.Timeout)
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel()
	defer close(l.over)
	for i := range cfg.Nameservers {
		asking.Go(func() { l.keepAsking(limited, i) })
	}
	go func() {
		asking.Wait()
		close(l.ended)
	}()
	entries, err := l.collect(limited)
	if errors.Is(ctx.Err(), context.Canceled) {
		entries, err = nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("lookup of %q: %w", service, err)
	}
	return entries, nil
}

// inquiry is one lookup under way.
type inquiry struct {
	cfg     LookupConfig
	frame   []byte
	once    bool
	begun   time.Time
	log     *zap.Logger
	answers chan answer
	over    chan struct{} // closed when nobody takes answers any more
	ended   chan struct{} // closed when nobody asks any more
}

// answer is what a nameserver said.
type answer struct {
	from    int
	entries []Entry
	err     error
}

// keepAsking asks one nameserver until ctx ends, or once.
func (l *inquiry) keepAsking(ctx context.Context, i int) {
	timeout := max(l.cfg.Timeout/3, minRequest)
	if l.once {
		timeout = l.cfg.Timeout
	}
	for {
		a := answer{from: i}
		a.entries, a.err = ask(ctx, l.cfg, i, l.frame, timeout, passedOver(l.log))
		select {
		case l.answers <- a:
		case <-l.over:
			return
		}
		if l.once || hopeless(a.err) || !sleep(ctx, l.cfg.Timeout/retriesPerTimeout) {
			return
		}
	}
}

// hopeless tells whether asking again cannot help.
func hopeless(err error) bool {
	return errors.Is(err, transport.ErrClosed) || errors.Is(err, transport.ErrNoKeys)
}

// ask puts one request to one nameserver.
func ask(ctx context.Context, cfg LookupConfig, i int, frame []byte, timeout time.Duration, refused func(error)) ([]Entry, error) {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	reply, err := cfg.Transport.Request(limited, cfg.Nameservers[i], frame, cfg.Options)
	if err != nil {
		return nil, noAnswer(limited, err, timeout)
	}
	return parseReply(ctx, reply, refused) // it was there in time
}

// sleep waits for d and tells whether ctx is still on.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// collect gathers answers until they are enough.
func (l *inquiry) collect(ctx context.Context) ([]Entry, error) {
	got := newAnswers(len(l.cfg.Nameservers))
	var settled <-chan time.Time
	for {
		select {
		case a := <-l.answers:
			got.add(a)
			if got.complete() && (l.once || got.found()) || got.hopeless() {
				return l.result(got)
			}
			if settled == nil {
				settled = l.settle(got)
			}
		case <-settled:
			return l.result(got)
		case <-ctx.Done():
			l.last(got)
			return l.result(got)
		}
	}
}

// last takes what the questions end with when the time is over: some know by then why there is no answer.
func (l *inquiry) last(got *answers) {
	for {
		select {
		case a := <-l.answers:
			if why := silenceCause(a.err); why != nil {
				a.err = fmt.Errorf("no answer within %s: %w", l.took(), why)
			} else if _, ok := errors.AsType[unanswered](a.err); ok {
				continue
			}
			got.add(a)
		case <-l.ended:
			return
		}
	}
}

// took is the time since the lookup began.
func (l *inquiry) took() time.Duration { return time.Since(l.begun).Round(time.Millisecond) }

// result returns what was found, and logs whose part is missing in it; nobody's answer is an error.
func (l *inquiry) result(got *answers) ([]Entry, error) {
	if !got.answered() {
		return nil, &noNameserverError{asked: l.cfg.Nameservers, errs: got.errs, within: l.took()}
	}
	for i, err := range got.errs {
		if err != nil && !got.ok[i] {
			l.log.Warn("nameserver gave no list", zap.Stringer("peer", l.cfg.Nameservers[i]), zap.Error(err), advice(err))
		}
	}
	return got.united(), nil
}

// settle starts the time that the rest have, once there is something to return.
func (l *inquiry) settle(got *answers) <-chan time.Time {
	switch {
	case l.once && got.answered():
		return time.After(settleOnce)
	case !l.once && got.found():
		return time.After(settleFound)
	}
	return nil
}
