package discovery

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/multicast"
)

// Reannounce replaces the services that are announced, and what is told of relaying. Destinations hear of it at once, and of further changes
// 250 ms after the one before. What is announced already is no change. When it can't be announced, since it does not fit a datagram say, the
// error says so and all stays as it was.
func (a *Announcer) Reannounce(services []string, r Relaying) error {
	a.change.Lock()
	defer a.change.Unlock()
	now, _ := a.current()
	what := now.whole.clone()
	what.Services, what.ServiceText = slices.Clone(services), false
	what = what.WithRelaying(r)
	if slices.Equal(now.whole.Services, what.Services) && slices.Equal(now.whole.claims(), what.claims()) {
		return nil
	}
	if err := what.check(); err != nil {
		return err
	}
	return a.set(what)
}

// waitHold waits until the first announcement is due.
func (a *Announcer) waitHold(ctx context.Context) {
	if a.hold <= 0 {
		return
	}
	over := time.NewTimer(a.hold)
	defer over.Stop()
	select {
	case <-a.reannounced:
	case <-over.C:
	case <-ctx.Done():
	}
}

// longestHost stands for what the announcement may move to.
const longestHost = "255.255.255.255"

// Room returns how many bytes are left for more services (see [ServiceSize]) in an announcement of these with r, so that it stays within a
// datagram with all its extra keys, also when it is made to nameservers alone, and also when this host gets another address. It is
// below 0 when these are too much already. Where there are hops of none of the services, the key for those of others is taken into account.
func (a *Announcer) Room(services []string, r Relaying) (int, error) {
	now, _ := a.current()
	what := now.whole
	what.Services, what.ServiceText = services, false
	what = what.WithRelaying(r)
	if a.followAddress {
		if moved := what.onHost(longestHost); len(moved.URI) > len(what.URI) {
			what = moved
		}
	}
	size, err := what.size(a.encoder)
	if err != nil {
		return 0, err
	}
	if hopsText(services, r.Hops) == "" {
		size += len(`, "`+keyHops+`": ""`) + len(services)
	}
	return multicast.MaxSend - size, nil
}

// ServiceSize is the number of bytes that one more service takes in an announcement, with the digit of its hops. The error
// says that it can't stand in one.
func ServiceSize(service string) (int, error) {
	text, err := message.AppendJSON(nil, service)
	if err != nil {
		return 0, fmt.Errorf("service %s: %w", quoted(service), err)
	}
	return len(`, `) + len(text) + len(`0`), nil
}

// changePause is the least time between two announcements of which the second one tells of a change.
const changePause = 250 * time.Millisecond
