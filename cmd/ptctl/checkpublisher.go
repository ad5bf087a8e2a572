package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// maxTrials is the number of publishers that are connected to at the same time.
const maxTrials = 32

// publisherCheck checks the publishers of a service.
type publisherCheck struct {
	checking
	nameservers, addresses []string
	heard                  bool
}

func newCheckPublisher(s *session) *cobra.Command {
	c := &publisherCheck{checking: checking{session: s}}
	cmd := &cobra.Command{
		Use:   "publisher [NAME]",
		Short: "check that a publisher is listed and really answers",
		Long: `Asks the nameserver for the publishers of a service, by name or alias, connects to each, and
waits until it has agreed on how to speak: that it is listed does not say that it lives. With
--heard it also waits for a message or a heartbeat; not all publishers send heartbeats.

None listed, or none that answers, is critical; one of several that does not answer is a
warning. --warn and --crit are about the time since a publisher was announced last, by the
clocks of the nameserver and this host. With --address no nameserver is asked.`,
		Example: `  ptctl check publisher viirs_sdr --warn 30s --crit 5m
  ptctl check publisher viirs_sdr --heard --timeout 45s
  ptctl check publisher --address tcp://host:9010`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 || (len(args) == 0) == (len(c.addresses) == 0) {
				return refuseCheck(cmd, fmt.Errorf("want the NAME of one service, or --address, got %q", args))
			}
			return nil
		},
		RunE: c.check,
	}
	c.checking.flags(cmd, "the time since the last announcement")
	f := cmd.Flags()
	f.StringArrayVarP(&c.nameservers, "nameserver", "n", nil, "`HOST` of a nameserver; may be repeated (default localhost)")
	f.StringArrayVarP(&c.addresses, "address", "a", nil, "`URI` of a publisher, in place of NAME; may be repeated")
	f.BoolVar(&c.heard, "heard", false, "wait for a message or a heartbeat of each")
	return cmd
}

func (c *publisherCheck) check(cmd *cobra.Command, args []string) error {
	ages, err := c.limits(true)
	if err := errors.Join(err, checkNameservers(c.nameservers), checkAddresses(c.addresses)); err != nil {
		return refuseCheck(cmd, err)
	}
	target := fmt.Sprint(append(args, c.addresses...))
	target = target[1 : len(target)-1]
	return c.run(cmd, target, func(ctx context.Context) (v verdict, err error) {
		node, network, err := c.open(cmd.ErrOrStderr(), false)
		if err != nil {
			return verdict{}, err
		}
		defer func() { err = errors.Join(err, network.Close()) }()
		found, err := c.find(ctx, node, args)
		if err != nil {
			return verdict{}, err
		}
		v = verdict{check: cmd.Name(), target: target}
		if len(found) == 0 {
			v.parts = []part{newPart(target, stateCritical, "no publisher of "+target+" is listed", measure{answering, 0, limits{}})}
			v.hint = "ptctl services shows what there is"
			return v, nil
		}
		v.parts, v.hint = c.tryAll(ctx, node, target, found, ages)
		v.total = len(found) > 1
		return v, nil
	})
}

// find returns the publishers to look at.
func (c *publisherCheck) find(ctx context.Context, node *pubsub.Node, names []string) ([]discovery.Entry, error) {
	var found []discovery.Entry
	for _, uri := range c.addresses {
		found = append(found, discovery.Entry{Announcement: discovery.Announcement{URI: uri}})
	}
	for _, name := range names {
		// Half of the time is for the publishers.
		ctx, cancel := context.WithTimeout(ctx, c.timeout/2)
		defer cancel()
		listed, err := node.List(ctx, name, c.nameservers...)
		if err != nil {
			return nil, noAnswer(err, node.Settings())
		}
		found = append(found, listed...)
	}
	return found, nil
}

// trial is what became of one publisher.
type trial struct {
	took  time.Duration
	err   error
	ours  bool // the error says nothing about the publisher
	heard bool
}

// tryAll connects to all publishers. As long as one answers, the others are no worse than a warning.
func (c *publisherCheck) tryAll(ctx context.Context, node *pubsub.Node, target string, found []discovery.Entry, ages limits) ([]part, string) {
	trials := make([]trial, len(found))
	room := make(chan struct{}, maxTrials)
	var trying sync.WaitGroup
	for i := range found {
		trying.Go(func() {
			room <- struct{}{}
			trials[i] = c.try(ctx, node, found[i])
			<-room
		})
	}
	trying.Wait()
	alive := 0
	for _, t := range trials {
		if t.err == nil {
			alive++
		}
	}
	var parts []part
	var hint string
	for i, t := range trials {
		p, why := publisherPart(found[i], t, alive > 0, ages)
		parts = append(parts, p)
		if hint == "" {
			hint = why
		}
	}
	if len(parts) == 1 {
		parts[0].measures = append(parts[0].measures, measure{answering, float64(alive), limits{}})
		return parts, hint
	}
	all := newPart(target, stateOK, fmt.Sprintf("%d of %s answer", alive, things(len(parts), "publisher")), measure{answering, float64(alive), limits{}})
	return append([]part{all}, parts...), hint
}

// publisherPart says how a publisher is.
func publisherPart(e discovery.Entry, t trial, othersLive bool, ages limits) (part, string) {
	var measures []measure
	if !e.Received.IsZero() {
		measures = append(measures, measure{newestAge, max(0, time.Since(e.Received.Time)).Seconds(), ages})
	}
	if t.err != nil {
		least := stateCritical
		switch {
		case t.ours:
			least = stateUnknown
		case othersLive:
			least = stateWarning
		}
		return newPart(e.URI, least, fmt.Sprintf("%s does not answer: %v", e.URI, t.err), measures...), hintOf(t.err)
	}
	text := fmt.Sprintf("%s answers in %s", e.URI, roundTime(t.took))
	if t.heard {
		text = fmt.Sprintf("%s is heard within %s", e.URI, roundTime(t.took))
	}
	if len(measures) > 0 {
		text += fmt.Sprintf(", announced %s ago", roundTime(max(0, time.Since(e.Received.Time))))
	}
	return newPart(e.URI, stateOK, text, append([]measure{{connectTime, t.took.Seconds(), limits{}}}, measures...)...), ""
}

// try connects to a publisher, and hears it where that is asked for.
func (c *publisherCheck) try(ctx context.Context, node *pubsub.Node, e discovery.Entry) (t trial) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	connected := make(chan error, 1)
	o := pubsub.SubscriberOptions{
		Addresses: []pubsub.Address{{URI: e.URI, Backend: e.Backend, SupportedVersion: e.SupportedVersion}}, Topics: []string{},
		Events: func(event transport.Event) { report(event, connected) },
	}
	if c.heard {
		o.Topics = []string{message.Magic}
	}
	begun := time.Now()
	sub, err := node.Subscriber(o)
	if err != nil {
		return trial{err: keysMissing(err), ours: true}
	}
	defer func() {
		if err := sub.Close(); err != nil && t.err == nil {
			t = trial{err: err, ours: true}
		}
	}()
	door := make(chan error, 1)
	defer time.AfterFunc(probeAfter, func() { giveUp(ctx, e.URI, door, cancel) }).Stop()
	select {
	case err = <-connected:
	case <-ctx.Done():
		err = noConnection(ctx, begun, door)
	}
	if err == nil && c.heard {
		_, err = sub.Receive(ctx)
		if _, noMessage := errors.AsType[*pubsub.FrameError](err); noMessage {
			err = nil // it is heard, whatever it says
		}
		if err != nil && ctx.Err() != nil {
			err = fmt.Errorf("it is connected, and nothing came from it within %s", roundTime(time.Since(begun)))
		}
	}
	return trial{took: time.Since(begun), err: err, heard: c.heard}
}

// report passes on how connecting ended first.
func report(event transport.Event, connected chan<- error) {
	var err error
	if event.Kind == transport.HandshakeFailed {
		err = daemon.Hint(errors.New(event.Cause), "%s", event.Reason.Advice(event.Peer.Backend))
	}
	select {
	case connected <- err:
	default: // all but the first say nothing new
	}
}

// giveUp ends a trial when it is known that nobody is there. It tells at the door what came of knocking.
func giveUp(ctx context.Context, uri string, door chan<- error, cancel context.CancelCauseFunc) {
	at, err := transport.ConnectEndpoint(uri)
	if err == nil {
		err = knock(ctx, at)
	}
	door <- err
	if errors.Is(err, syscall.ECONNREFUSED) || isUnknownHost(err) {
		cancel(bare(err))
	}
}

// noConnection says why there was no connection when ctx ended.
func noConnection(ctx context.Context, begun time.Time, door <-chan error) error {
	if cause := context.Cause(ctx); !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	took := time.Since(begun)
	err := fmt.Errorf("no connection within %s", roundTime(took))
	select {
	case knocked := <-door:
		if knocked == nil {
			return daemon.Hint(err, "something takes connections there, and does not speak as a publisher does: is that its port, or does it hang?")
		}
	default: // still knocking
	}
	if took <= probeAfter {
		return err
	}
	return daemon.Hint(err, "nothing comes back, not even a refusal: a firewall drops it, or there is no way from here to that address")
}
