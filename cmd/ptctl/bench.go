package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// load is what a bench sends.
type load struct {
	size     int // bytes of a message
	rate     float64
	duration time.Duration
}

func (l *load) flags(f *pflag.FlagSet) {
	f.IntVar(&l.size, "size", 750, "`BYTES` of a message")
	f.Float64Var(&l.rate, "rate", 1000, "messages a second; 0: as many as it can")
	f.DurationVar(&l.duration, "duration", 10*time.Second, "send for so long")
}

const (
	leastBench = 200 // bytes: room for the header and what is measured by
	mostBench  = 16 << 20
)

func (l *load) check() error {
	switch {
	case l.size < leastBench || l.size > mostBench:
		return daemon.Usage("--size %d: want %d to %d", l.size, leastBench, mostBench)
	case !(l.rate >= 0 && l.rate <= 1e7):
		return daemon.Usage("--rate %g: want 0 to 10000000", l.rate)
	case l.duration <= 0:
		return daemon.Usage("--duration %s: want more than 0", l.duration)
	}
	return nil
}

func newBenchCommand(s *session) *cobra.Command {
	l := &load{}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "measure throughput and delay between two points",
		Long: `Measures how fast messages go, and how many are lost. "ptctl bench publish" on one host
sends messages that are numbered and carry their time; "ptctl bench subscribe" on another
one, started first or later, tells what arrives of them. Without either, both ends are here,
over loopback: what this host can do at most, and what its programs add.

The delay is from the time in the message until it has been received and its header read, so
between two hosts it is wrong by what their clocks differ. "beside the fastest" says how much
longer messages took than the one that was fastest, which needs no clocks. As always with
ZeroMQ, what a slow subscriber has no room for is lost: --rate 0 shows that, too.`,
		Example: `  ptctl bench
  ptctl bench publish --port 9010 --rate 5000 --size 18000
  ptctl bench subscribe tcp://host:9010`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := l.check(); err != nil {
				return err
			}
			return s.benchHere(cmd, l)
		},
	}
	l.flags(cmd.Flags())
	cmd.AddCommand(newBenchPublish(s), newBenchSubscribe(s))
	return cmd
}

func newBenchPublish(s *session) *cobra.Command {
	l, p := &load{}, &place{}
	cmd := &cobra.Command{
		Use:   "publish",
		Short: "send the messages of a bench",
		Long: `Sends numbered messages at --rate for --duration, as soon as a subscriber is there. Where to
publish is said as for "ptctl publish".`,
		Example: `  ptctl bench publish --port 9010
  ptctl bench publish --name bench --rate 0 --duration 1m`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := errors.Join(l.check(), p.check()); err != nil {
				return err
			}
			node, network, err := s.open(cmd.ErrOrStderr(), true)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, network.Close()) }()
			pub, err := p.publisher(node)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, pub.Close()) }()
			fmt.Fprintf(cmd.ErrOrStderr(), "publishing on %s, waiting for a subscriber\n", pub.Endpoint())
			source := newBenchSource(l)
			p.wait = max(p.wait, 1)
			if err := p.waitSubscribed(cmd.Context(), pub, source.subject); err != nil {
				return quiet(err)
			}
			sent, took, err := source.send(cmd.Context(), pub, nil)
			fmt.Fprintf(cmd.OutOrStdout(), "sent %d messages of %d bytes in %s: %.0f a second\n", sent, l.size, roundTime(took), float64(sent)/took.Seconds())
			return quiet(err)
		},
	}
	p.flags(cmd.Flags())
	l.flags(cmd.Flags())
	return cmd
}

func newBenchSubscribe(s *session) *cobra.Command {
	var service string
	var limit time.Duration
	cmd := &cobra.Command{
		Use:   "subscribe [URI]",
		Short: "measure the messages of a bench",
		Long: `Receives what "ptctl bench publish" sends at URI, or under the name of --service, and tells how
it went when that is over: how many came and were lost, how fast, and with which delay.
The status is 3 when nothing comes for --timeout.`,
		Example: `  ptctl bench subscribe tcp://host:9010
  ptctl bench subscribe --service bench`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 0) == (service == "") {
				return daemon.Usage("want the URI of a publisher, or its --service")
			}
			if limit <= 0 {
				return daemon.Usage("--timeout %s: want more than 0", limit)
			}
			wanted := &selection{addresses: args, topics: []string{benchSubject}}
			if service != "" {
				wanted.services = []string{service}
			}
			if err := wanted.check(); err != nil {
				return err
			}
			return s.receive(cmd, wanted, limit, func(sub *pubsub.Subscriber) error {
				sink := newBenchSink()
				err := sink.take(cmd.Context(), sub)
				if sink.received > 0 {
					sink.report(cmd.OutOrStdout())
				}
				if errors.Is(err, pubsub.ErrTimeout) {
					return daemon.Nothing(fmt.Errorf("no message of a bench came within %s", limit))
				}
				return quiet(err)
			})
		},
	}
	f := cmd.Flags()
	f.StringVarP(&service, "service", "s", "", "`NAME` of the publisher")
	f.DurationVar(&limit, "timeout", time.Minute, "end when no message has come for so long")
	return cmd
}

// quiet takes an interruption for the end.
func quiet(err error) error {
	if interrupted(err) {
		return nil
	}
	return err
}

// benchHere has both ends in this process. What is on its way is bounded then, so that nothing is lost.
func (s *session) benchHere(cmd *cobra.Command, l *load) error {
	node, network, err := s.open(cmd.ErrOrStderr(), true)
	if err != nil {
		return err
	}
	return errors.Join(s.benchOn(cmd, node, l), network.Close())
}

func (s *session) benchOn(cmd *cobra.Command, node *pubsub.Node, l *load) (err error) {
	pub, err := node.Publisher(pubsub.PublisherOptions{Name: "bench", Address: "tcp://127.0.0.1:0", Announce: pubsub.AnnounceNone, Queue: 4 * benchWindow})
	if err != nil {
		return keysMissing(err)
	}
	defer func() { err = errors.Join(err, pub.Close()) }()
	sub, err := node.Subscriber(pubsub.SubscriberOptions{
		Addresses: []pubsub.Address{{URI: pub.Endpoint().String(), Backend: node.Settings().Backend}}, Topics: []string{benchSubject}, Queue: 4 * benchWindow, Recycle: true,
	})
	if err != nil {
		return keysMissing(err)
	}
	defer func() { err = errors.Join(err, sub.Close()) }()
	source, sink := newBenchSource(l), newBenchSink()
	if err := pub.WaitSubscribed(cmd.Context(), source.subject, 1); err != nil {
		return quiet(err)
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	taken := make(chan error, 1)
	go func() { taken <- sink.take(ctx, sub) }()
	_, _, err = source.send(ctx, pub, sink)
	if err != nil {
		cancel()
	}
	err = errors.Join(err, <-taken)
	if sink.received > 0 {
		sink.report(cmd.OutOrStdout())
	}
	return quiet(err)
}
