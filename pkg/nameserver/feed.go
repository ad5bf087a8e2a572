package nameserver

import (
	"context"
	"fmt"
	"math"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/registry"
)

// The names of the change feed, which is a publisher itself (doc/protocol.md, section 4).
const (
	feedName  = "address_receiver"
	feedAlias = "addresses"
)

// publish sends a frame on the change feed, on those of its ports that to lets it.
func (n *Nameserver) publish(ctx context.Context, frame []byte, to func(publisher) bool) error {
	for _, p := range n.sockets.Load().feed {
		if !to(p) {
			continue
		}
		if err := p.Send(ctx, frame); err != nil {
			return err
		}
	}
	return nil
}

func everybody(publisher) bool { return true }

// mayHear returns who may hear that a publisher is there: a plain subscriber of a service ends when it hears of a secure one.
func (n *Nameserver) mayHear(secure bool) func(publisher) bool {
	return func(p publisher) bool { return p.secure || !secure || n.config().ShowSecureEntries }
}

// hasHeard returns who may have heard of a publisher, and is to hear that it is gone.
func (n *Nameserver) hasHeard(secure bool) func(publisher) bool {
	return func(p publisher) bool { return p.secure || !secure || n.shown.Load() }
}

func (n *Nameserver) publishAddition(ctx context.Context, nt notice) error {
	frame, err := nt.addition()
	if err != nil {
		n.unpublished(nt.publisher.URI, fmt.Errorf("encode addition: %w", err))
		return nil
	}
	n.counters.changes.Add(1)
	n.repeats.note(told{uri: nt.publisher.URI, frame: frame, secure: nt.publisher.Secure, at: time.Now()})
	return n.publish(ctx, frame, n.mayHear(nt.publisher.Secure))
}

func (n *Nameserver) publishRemoval(ctx context.Context, gone registry.Removal) error {
	frame, err := removal(gone, n.encoder())
	if err != nil {
		n.unpublished(gone.URI, fmt.Errorf("encode removal: %w", err))
		return nil
	}
	n.counters.changes.Add(1)
	return n.publish(ctx, frame, n.hasHeard(gone.Secure))
}

// publishMove tells of a publisher that has the other backend now. Who knows it by the old one leaves it first: those who know a
// URI pass over its addition, and would wait at it for ever with a socket of the wrong kind.
func (n *Nameserver) publishMove(ctx context.Context, before registry.Removal, nt notice) error {
	if err := n.publishRemoval(ctx, before); err != nil {
		return err
	}
	return n.publishAddition(ctx, nt)
}

// unpublished counts and logs a change that cannot be put into a message. What is listed was encoded before, so this does not happen; if it
// did, one publisher must not end the nameserver.
func (n *Nameserver) unpublished(uri string, err error) {
	n.counters.unpublished.Add(1)
	n.log.Error("change not published", zap.String("uri", uri), zap.Error(err))
}

func (n *Nameserver) publishHeartbeat(ctx context.Context, interval time.Duration) error {
	m, err := n.encoder().New("/heartbeat/"+feedName, "beat", message.NewObject(
		message.Member{Key: "min_interval", Value: seconds(interval)},
	))
	if err != nil {
		return fmt.Errorf("encode heartbeat: %w", err)
	}
	return n.publish(ctx, m.Bytes(), everybody)
}

// seconds is a duration as deployed peers write it: an integer where it is one.
func seconds(d time.Duration) any {
	if s := d.Seconds(); s != math.Trunc(s) {
		return s
	}
	return int64(d / time.Second)
}
