package pubsub

import (
	"context"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// heartbeat remembers when the last one was sent.
type heartbeat struct {
	mu   sync.Mutex
	last time.Time
}

// due tells whether at least every has passed since the last heartbeat, and if so counts this one as sent.
func (h *heartbeat) due(every time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if every > 0 && !h.last.IsZero() && now.Sub(h.last) < every {
		return false
	}
	h.last = now
	return true
}

// Heartbeat tells subscribers that the publisher lives, at most once per minInterval however often it is called; 0: each time.
// They may expect the next one when minInterval is over, so call it at least that often.
func (p *Publisher) Heartbeat(ctx context.Context, minInterval time.Duration) error {
	if !p.beat.due(minInterval) {
		return nil
	}
	m, err := p.encoder.Encode(heartbeatFields(p.name, minInterval))
	if err != nil {
		return err
	}
	return p.Send(ctx, m)
}

// heartbeatFields are those of a heartbeat (doc/protocol.md, section 2).
func heartbeatFields(name string, minInterval time.Duration) message.Fields {
	data := new(message.Object)
	data.Set("min_interval", seconds(minInterval))
	return message.Fields{Subject: "/heartbeat/" + name, Type: "beat", Data: data}
}

// seconds is d as Python programs write it: an integer where it is one.
func seconds(d time.Duration) any {
	if d%time.Second == 0 {
		return int64(d / time.Second)
	}
	return d.Seconds()
}
