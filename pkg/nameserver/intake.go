package nameserver

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/registry"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// accepted answers every registration, before it is looked at, as deployed publishers expect (doc/protocol.md, section 3).
var accepted = []byte("ok")

// datagram is one announcement from the group.
type datagram struct {
	body []byte
	from netip.Addr
}

// receiveDatagrams receives announcements from the group until ctx ends.
func (n *Nameserver) receiveDatagrams(ctx context.Context, beat *heart, to *backlog) error {
	next := func(ctx context.Context) (datagram, error) {
		body, from, err := n.opts.Receiver.Receive(ctx)
		return datagram{body, from.Addr().Unmap()}, err
	}
	for {
		d, err := receive(ctx, beat, next)
		if err == nil {
			err = to.add(ctx, d)
		}
		if err != nil {
			return part(ctx, "receive announcements", err)
		}
	}
}

// takeDatagrams takes what was received until ctx ends.
func (n *Nameserver) takeDatagrams(ctx context.Context, beat *heart, from *backlog) error {
	for {
		all, err := receive(ctx, beat, from.take)
		if err != nil {
			return part(ctx, "take announcements", err)
		}
		for _, d := range all {
			if err := n.takeDatagram(ctx, d); err != nil {
				return part(ctx, "take announcements", err)
			}
		}
	}
}

// takeDatagram takes one announcement from the group. The error is that of [Nameserver.take].
func (n *Nameserver) takeDatagram(ctx context.Context, d datagram) error {
	if own := n.said.Load(); own != nil && bytes.Equal(*own, d.body) {
		return n.hand(ctx, notice{echo: true})
	}
	way := registry.Group
	if n.local.contains(d.from) {
		way = registry.Local
	}
	if n.config().RestrictToLocalhost && way == registry.Group {
		n.refused.add(registry.Source{Addr: d.from}, refuse(reasonForeign, "announcement from another host"))
		return nil
	}
	if n.crowdsOut(d.from) {
		return nil
	}
	return n.take(ctx, d.body, 1, registry.Source{Addr: d.from}, way)
}

// takeRegistrations takes announcements that publishers bring themselves.
func (n *Nameserver) takeRegistrations(ctx context.Context, r replier, requests []transport.Request) error {
	for _, req := range requests {
		if err := r.Reply(req, accepted); err != nil {
			return err
		}
	}
	within, beyond := divide(n.announceQuota, requests, n.announcer, n.config().MaxAnnouncementsPerSource, time.Now())
	for _, req := range within {
		if err := n.take(ctx, req.Body, req.Parts, source(req), registry.Direct); err != nil {
			return err
		}
	}
	for _, req := range beyond { // whoever brings too many waits for the answer; nothing is lost
		if err := n.take(ctx, req.Body, req.Parts, source(req.Request), registry.Direct); err != nil {
			return err
		}
	}
	return nil
}

// source is who made a request.
func source(req transport.Request) registry.Source {
	return registry.Source{Addr: req.From.Unmap(), Client: req.Identity}
}

// take reads one announcement and hands it to the keeper. The error is that of ctx, or errStopped: whatever is wrong with the
// announcement is counted and logged.
func (n *Nameserver) take(ctx context.Context, frame []byte, parts int, from registry.Source, way registry.Way) error {
	n.counters.announcements.Add(1)
	n.announcers.add(from.Client)
	m, err := readHeader(frame, parts, n.config().MaxRequestBytes)
	if err != nil {
		n.refused.add(from, err)
		return nil
	}
	nt, ok := n.recognise(m, from, way)
	if !ok {
		if nt, ok = n.understand(m, nt.publisher); !ok {
			return nil
		}
	}
	return n.hand(ctx, nt)
}

// understand reads an announcement of which head has the source, the way and the mark. It is false when nothing comes of it, which has been counted then.
func (n *Nameserver) understand(m *message.Message, head registry.Publisher) (notice, bool) {
	nt, err := understand(m, head.Source, n.assumed)
	switch {
	case errors.Is(err, errOther):
		n.counters.ignored.Add(1)
		return notice{}, false
	case err != nil:
		n.refused.add(head.Source, err)
		return notice{}, false
	}
	nt.publisher.Way, nt.publisher.Mark = head.Way, head.Mark
	return nt, true
}

// waitingNotices is how many announcements may wait for the keeper, so that it and those who read do not wait for each other at each one: at
// 50,000 a second half of the time went into that.
const waitingNotices = 256

// hand gives nt to the keeper.
func (n *Nameserver) hand(ctx context.Context, nt notice) error {
	select {
	case <-n.stopped: // nobody would take it
		return errStopped
	default:
	}
	select {
	case n.notices <- nt:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-n.stopped:
		return errStopped
	}
}

// errStopped says that nothing is listed any more.
var errStopped = errors.New("nameserver stopped")
