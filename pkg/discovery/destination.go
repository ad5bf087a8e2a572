package discovery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// Limits on the time that an announcement to one destination takes.
const (
	minRequestTimeout = 2 * time.Second
	maxRequestTimeout = 10 * time.Second
)

// accepted is a nameserver's answer to an announcement (doc/protocol.md, section 3).
const accepted = "ok"

// requestTimeout bounds one registration: by the interval, so that a lost one delays the next as little as may be,
// but with a floor for slow networks and a ceiling for long intervals.
func requestTimeout(interval time.Duration) time.Duration {
	return min(max(interval, minRequestTimeout), maxRequestTimeout)
}

// destination is one place that is announced to. One goroutine runs it.
type destination struct {
	peer      string
	datagrams bool
	timeout   time.Duration
	send      func(ctx context.Context, frame []byte) error
	log       *zap.Logger

	told   Announcement // what the peer may have heard; URI is empty: nothing
	sent   uint64       // announcements that got through
	missed uint64       // announcements that did not, since the last that did
	since  time.Time    // of the first missed
}

func groupDestination(group DatagramSender, log *zap.Logger) *destination {
	peer := "multicast"
	if s, ok := group.(fmt.Stringer); ok {
		peer = s.String()
	}
	return &destination{peer: peer, datagrams: true, timeout: minRequestTimeout, send: group.Send, log: log.With(zap.String("peer", peer))}
}

func designated(to transport.Address, cfg AnnouncerConfig, timeout time.Duration, log *zap.Logger) *destination {
	d := &destination{peer: to.String(), timeout: timeout, log: log.With(zap.String("peer", to.String()))}
	d.send = func(ctx context.Context, frame []byte) error {
		answer, err := cfg.Transport.Request(ctx, to, frame, cfg.Options)
		if err == nil && string(answer) != accepted {
			err = fmt.Errorf("answered %s instead of %q", quoted(string(answer)), accepted)
		}
		return err
	}
	return d
}

// run announces to d what a says, until ctx ends, and then withdraws.
func (d *destination) run(ctx context.Context, a *Announcer) {
	last, cancel := outlasting(ctx, stopTimeout)
	defer cancel()
	for ctx.Err() == nil {
		next := time.NewTimer(a.pause())
		soon := time.NewTimer(changePause)
		now, changed := a.current()
		d.announce(ctx, a, now)
		select {
		case <-next.C:
		case <-changed:
			// What changes again and again does not flood the network.
			select {
			case <-soon.C:
			case <-ctx.Done():
			}
		case <-ctx.Done():
		}
		next.Stop()
		soon.Stop()
	}
	d.withdraw(last, a)
}

// announce tells the peer what there is, after taking back an address that is no longer right.
func (d *destination) announce(ctx context.Context, a *Announcer, now wording) {
	what := now.whole
	if d.datagrams {
		what = now.datagram
	}
	during, cancel := d.underWay(ctx)
	defer cancel()
	if d.told.URI != "" && d.told.URI != what.URI {
		d.withdraw(during, a)
	}
	d.told = what
	err := d.tell(during, a, what, TypeInfo)
	if ctx.Err() == nil || d.missed == 0 {
		d.report(err)
	}
}

// withdraw takes back what the peer was told. A peer that was never reached is spared, and so is our time.
func (d *destination) withdraw(ctx context.Context, a *Announcer) {
	if d.told.URI == "" || d.sent == 0 && d.missed > 0 {
		return
	}
	limited, cancel := context.WithTimeout(ctx, d.patience())
	defer cancel()
	if err := d.tell(limited, a, d.told, TypeWithdraw); err != nil {
		d.reportListed(err)
	}
	d.told = Announcement{}
}

func (d *destination) tell(ctx context.Context, a *Announcer, what Announcement, typ string) error {
	m, err := what.outgoing(typ).Message(typ, a.encoder)
	if err != nil {
		return err
	}
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	err = d.send(limited, m.Bytes())
	return noAnswer(limited, err, min(time.Since(began), d.timeout))
}

// noAnswer says in words that err is the end of the time, and what is known of why.
func noAnswer(ctx context.Context, err error, timeout time.Duration) error {
	if err == nil || !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return err
	}
	if why := silenceCause(err); why != nil {
		return fmt.Errorf("%v: %w", unanswered{timeout}, why)
	}
	return unanswered{timeout}
}

// silenceCause is what err tells of why there was no answer: that we were not let in, or that connections were lost. Nil: nothing.
func silenceCause(err error) error {
	if refused, ok := errors.AsType[*transport.HandshakeError](err); ok {
		return refused
	}
	if lost, ok := errors.AsType[*transport.LostError](err); ok {
		return lost
	}
	return nil
}

// unanswered is nothing but the end of the time, in words.
type unanswered struct{ within time.Duration }

func (u unanswered) Error() string {
	return fmt.Sprintf("no answer within %s", u.within.Round(100*time.Millisecond))
}

func (u unanswered) Unwrap() error { return context.DeadlineExceeded }

// report logs when the peer is lost and when it is back, once each.
func (d *destination) report(err error) {
	switch {
	case err != nil:
		if d.missed == 0 {
			d.since = time.Now()
			d.log.Warn("announcements do not get through", zap.Error(err), advice(err))
		}
		d.missed++
	case d.missed > 0:
		d.log.Info("announcements get through again", zap.Uint64("count", d.missed), zap.Duration("age", time.Since(d.since)))
		d.missed = 0
		d.sent++
	default:
		d.sent++
	}
}

// reportListed logs that the peer goes on telling others where we were. Of one that is lost that can be expected.
func (d *destination) reportListed(err error) {
	level := zap.WarnLevel
	if d.missed > 0 {
		level = zap.DebugLevel
	}
	d.log.Log(level, "withdrawal does not get through: the address may stay listed", zap.String("uri", d.told.URI), zap.Error(err))
}
