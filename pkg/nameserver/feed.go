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

// publish sends a frame on the change feed.
func (n *Nameserver) publish(ctx context.Context, frame []byte) error {
	for _, p := range n.sockets.feed {
		if err := p.Send(ctx, frame); err != nil {
			return err
		}
	}
	return nil
}

// published tells whether the change feed may tell of a publisher.
func (n *Nameserver) published(secure bool) bool { return !secure || n.config().ShowSecureEntries }

func (n *Nameserver) publishAddition(ctx context.Context, nt notice) error {
	if !n.published(nt.publisher.Secure) {
		return nil
	}
	frame, err := nt.addition()
	if err != nil {
		n.unpublished(nt.publisher.URI, fmt.Errorf("encode addition: %w", err))
		return nil
	}
	return n.publish(ctx, frame)
}

func (n *Nameserver) publishRemoval(ctx context.Context, gone registry.Removal) error {
	if !n.published(gone.Secure) {
		return nil
	}
	frame, err := removal(gone, n.encoder())
	if err != nil {
		n.unpublished(gone.URI, fmt.Errorf("encode removal: %w", err))
		return nil
	}
	return n.publish(ctx, frame)
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
	return n.publish(ctx, m.Bytes())
}

// seconds is a duration as deployed peers write it: an integer where it is one.
func seconds(d time.Duration) any {
	if s := d.Seconds(); s != math.Trunc(s) {
		return s
	}
	return int64(d / time.Second)
}
