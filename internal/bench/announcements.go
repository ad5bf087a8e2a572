package main

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/pytroll/posttroll-go/pkg/multicast"
)

const (
	burst     = 10_000
	perSecond = 50_000 // announcements
	publisher = 50_000 // that announce themselves at that rate
)

// announcements counts what the nameserver takes of what is sent to the multicast group: as many as there are at once, and so many a second for a while. Publishers
// are new the first time that they announce themselves, and are known from then on.
func announcements(ctx context.Context, b *bench) ([]row, error) {
	inBurst, err := b.announce(ctx, func(send func(i int) error) (int, time.Duration, error) {
		begun := time.Now()
		for i := range burst {
			if err := send(i); err != nil {
				return 0, 0, err
			}
		}
		return burst, time.Since(begun), nil
	})
	if err != nil {
		return nil, fmt.Errorf("burst: %w", err)
	}
	seconds := b.pick(4, 2)
	steady, err := b.announce(ctx, func(send func(i int) error) (int, time.Duration, error) {
		took, err := paced(seconds*perSecond, func(i int) error { return send(i % publisher) })
		return seconds * perSecond, took, err
	})
	if err != nil {
		return nil, fmt.Errorf("steady: %w", err)
	}
	return []row{
		{what: "announcements by multicast, 10,000 at once: taken", unit: "of 10,000", ours: &inBurst.taken, kind: least, figure: burst},
		{what: "the same: sent at", unit: "announcements/s", ours: &inBurst.rate},
		{what: fmt.Sprintf("announcements by multicast, 50,000/s for %d s: taken", seconds), unit: fmt.Sprintf("of %d", seconds*perSecond),
			ours: &steady.taken, kind: least, figure: float64(seconds * perSecond)},
		{what: "the same: sent at", unit: "announcements/s", ours: &steady.rate, kind: least, figure: 0.99 * perSecond},
	}, nil
}

// paced sends so many announcements, perSecond of them a second, and returns how long that took.
func paced(count int, send func(i int) error) (time.Duration, error) {
	const perStep = perSecond / 1000
	begun, next := time.Now(), time.Now()
	for i := range count {
		if i%perStep == 0 {
			next = next.Add(time.Millisecond)
			time.Sleep(time.Until(next))
		}
		if err := send(i); err != nil {
			return 0, err
		}
	}
	return time.Since(begun), nil
}

// sender sends to the group that a nameserver listens to.
func (n *nameserver) sender() (*multicast.Sender, error) {
	port, err := strconv.Atoi(n.direct)
	if err != nil {
		return nil, err
	}
	cfg := multicast.DefaultConfig()
	cfg.Port, cfg.Interface = port, netip.AddrFrom4([4]byte{127, 0, 0, 1})
	return multicast.NewSender(cfg)
}

// taking is what came of announcements.
type taking struct{ taken, rate series }

// announce sends announcements to a nameserver in rounds.
func (b *bench) announce(ctx context.Context, run func(send func(i int) error) (int, time.Duration, error)) (*taking, error) {
	t := &taking{}
	for range b.pick(3, 2) {
		if err := b.announceOnce(ctx, t, run); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (b *bench) announceOnce(ctx context.Context, t *taking, run func(send func(i int) error) (int, time.Duration, error)) error {
	n, err := b.startNameserver(ctx, "MULTICAST=true", "MULTICAST_INTERFACE=127.0.0.1")
	if err != nil {
		return err
	}
	defer n.stop()
	if _, err := n.count(ctx); err != nil { // so it is up
		return n.explain(err)
	}
	sender, err := n.sender()
	if err != nil {
		return err
	}
	defer sender.Close()
	frames := make([][]byte, publisher)
	for i := range frames {
		frames[i] = announcement(i)
	}
	before, err := n.usage()
	if err != nil {
		return err
	}
	sent, took, err := run(func(i int) error { return sender.Send(ctx, frames[i]) })
	if err != nil {
		return err
	}
	if err := n.settle(ctx); err != nil {
		return err
	}
	after, err := n.usage()
	if err != nil {
		return err
	}
	taken, err := n.received()
	if err != nil {
		return err
	}
	t.taken.values = append(t.taken.values, float64(taken))
	t.taken.cpu = append(t.taken.cpu, (after.cpu-before.cpu).Seconds()/float64(sent)*1e6)
	t.taken.memory = after.memory
	t.rate.values = append(t.rate.values, float64(sent)/took.Seconds())
	return nil
}

// settle waits until the nameserver has done what there was to do: it uses no processor any more.
func (n *nameserver) settle(ctx context.Context) error {
	const quiet = 5 // looks without anything used
	idle, last := 0, time.Duration(-1)
	for begun := time.Now(); idle < quiet; {
		u, err := n.usage()
		if err != nil {
			return err
		}
		if idle++; u.cpu != last {
			idle, last = 0, u.cpu
		}
		if time.Since(begun) > answerTime || ctx.Err() != nil {
			return fmt.Errorf("the nameserver does not come to rest: %v", u.cpu)
		}
		time.Sleep(40 * time.Millisecond)
	}
	return nil
}
