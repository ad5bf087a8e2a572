package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// newcomers are the subscribers that come while a check lasts, one to each of these sockets, over connections of their own.
var newcomers = called("feed", "feed-curve", "sink", "sink-last", "sink-replay", "sink-curve", "ptctl-publish", "ptctl-publish-curve", "pubsub-publish")

// The time between two messages for newcomers, who may just not have been there for the one before. It doubles each time.
const (
	newcomerPause     = 20 * time.Millisecond
	mostNewcomerPause = time.Second
)

// checkNewcomers waits until each newcomer has got a message that was published when it had come; the one at the socket for replays, one of those before.
func (w *world) checkNewcomers(ctx context.Context) (err error) {
	mark := fmt.Sprint("newcomer-", w.count)
	var all []string
	var reading sync.WaitGroup
	defer reading.Wait() // all are closed then
	for _, s := range newcomers {
		sub, e := w.subscribe(s.port(w.ports), s.secure)
		if e != nil {
			return e
		}
		defer func() { err = errors.Join(err, sub.Close()) }()
		all = append(all, mark+" at "+s.name)
		reading.Go(func() {
			receive(sub, func(frame string) {
				if strings.Contains(frame, mark) || s.name == "sink-replay" {
					w.board.note(mark + " at " + s.name)
				}
			})
		})
	}
	var listed []string
	defer func() { err = errors.Join(err, w.listNewcomers(ctx, discovery.TypeWithdraw, mark, listed)) }()
	for pause := newcomerPause; ; pause = min(2*pause, mostNewcomerPause) {
		uri := fmt.Sprintf("tcp://%s:%d", home, 60_000+len(listed)%5000)
		listed = append(listed, uri)
		if err := errors.Join(w.publishTo(mark, len(listed)), w.listNewcomers(ctx, discovery.TypeInfo, mark, []string{uri})); err != nil {
			return fmt.Errorf("for newcomers: %w", err)
		}
		soon, cancel := context.WithTimeout(ctx, pause)
		err := w.board.wait(soon, all...)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

// publishTo publishes a message with a mark from each publisher.
func (w *world) publishTo(mark string, number int) error {
	for source, p := range w.publishers() {
		line := fmt.Sprintf(`pytroll://flow/%s file u@h 2024-05-17T09:41:12 v1.01 application/json {"uid": "%s-%s-%d"}`, source, mark, source, number)
		if _, err := io.WriteString(p.stdin, line+"\n"); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// listNewcomers announces or withdraws publishers, of which the change feeds tell.
func (w *world) listNewcomers(ctx context.Context, typ, name string, uris []string) error {
	for _, uri := range uris {
		m, err := discovery.Announcement{Name: name, URI: uri, Services: []string{name}}.Message(typ, message.Encoder{})
		if err != nil {
			return err
		}
		if err := w.tell(ctx, w.ports.register, false, m.String()); err != nil {
			return err
		}
	}
	return nil
}

// subscribe makes a subscriber of all that is published at a port.
func (w *world) subscribe(port int, secure bool) (transport.Subscriber, error) {
	sub, err := w.network.Subscriber(transport.SubscriberConfig{SocketOptions: w.options(secure)})
	if err != nil {
		return nil, err
	}
	addr, err := w.address(port, secure)
	if err = errors.Join(err, sub.Subscribe("")); err == nil {
		err = sub.Connect(addr)
	}
	if err != nil {
		return nil, errors.Join(err, sub.Close())
	}
	return sub, nil
}
