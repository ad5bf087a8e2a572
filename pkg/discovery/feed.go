package discovery

import (
	"context"
	"errors"
	"fmt"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// feedTopic is what is subscribed to on a change feed (doc/protocol.md, section 4).
const feedTopic = "pytroll://address"

// feedQueue bounds the bytes of a feed that wait to be read.
const feedQueue = 16 << 20

// news is what a change feed tells of one publisher.
type news struct {
	gone  bool
	entry Entry // only the URI when it is gone
}

// openFeeds connects to all feeds through one socket; nil when there are none.
func (f *Follower) openFeeds() (transport.Subscriber, error) {
	if len(f.cfg.Feeds) == 0 {
		return nil, nil
	}
	sub, err := f.cfg.Transport.Subscriber(transport.SubscriberConfig{
		MaxQueued: feedQueue, Events: f.feeds.event, SocketOptions: f.cfg.Options,
	})
	if err != nil {
		return nil, fmt.Errorf("follow change feeds: %w", err)
	}
	if err := sub.Subscribe(feedTopic); err != nil {
		return nil, errors.Join(fmt.Errorf("follow change feeds: %w", err), sub.Close())
	}
	for _, feed := range f.cfg.Feeds {
		if err := sub.Connect(feed); err != nil {
			return nil, errors.Join(fmt.Errorf("follow change feed: %w", err), sub.Close())
		}
	}
	return sub, nil
}

// readFeeds hands on what the feeds tell until ctx ends or the socket fails.
func (f *Follower) readFeeds(ctx context.Context, sub transport.Subscriber, out chan<- []news) error {
	for {
		frames, err := sub.Receive(ctx)
		if err != nil {
			return fmt.Errorf("follow change feeds: %w", err)
		}
		var list []news
		for _, frame := range frames {
			n, ok, err := parseNews(frame.Body)
			switch {
			case err != nil:
				f.refused.add(err)
			case ok:
				list = append(list, n)
			}
		}
		if len(list) == 0 {
			continue
		}
		select {
		case out <- list:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// parseNews reads a message of a change feed; ok is false for one that tells nothing of a publisher.
func parseNews(frame []byte) (n news, ok bool, err error) {
	m, err := message.Decode(frame)
	if err != nil {
		return news{}, false, err
	}
	if !IsAnnouncement(m) || m.Type() != TypeInfo {
		return news{}, false, nil
	}
	o, err := objectOf(m)
	if err != nil {
		return news{}, false, err
	}
	if status, ok := o.Get(keyStatus); ok && !truthy(status) {
		uri, _ := o.Get(keyURI)
		text, ok := uri.(string)
		if !ok {
			return news{}, false, refuse(ReasonURI, "removal without the text of a URI")
		}
		return news{gone: true, entry: Entry{Announcement: Announcement{URI: text}}}, true, nil
	}
	a, err := parseObject(o, func() []string { return exactServices(m) })
	if err != nil {
		return news{}, false, err
	}
	a.Name = announcedName(m.Subject())
	n.entry = Entry{Announcement: a}
	n.entry.dropListing()
	return n, true, nil
}

// truthy is Python's view of a value, which is how deployed peers read the status.
func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case int64:
		return v != 0
	case float64:
		return v != 0
	case []any:
		return len(v) > 0
	case *message.Object:
		return v.Len() > 0
	}
	return true
}
