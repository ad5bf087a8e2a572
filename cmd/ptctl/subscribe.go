package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// subscription is the subscribe command.
type subscription struct {
	*session
	services, topics, addresses, nameservers, types []string

	count   int
	timeout time.Duration
	output  output
}

func newSubscribeCommand(s *session) *cobra.Command {
	c := &subscription{session: s}
	cmd := &cobra.Command{
		Use:   "subscribe",
		Short: "print messages as they come",
		Long: `Prints the messages of publishers: those of --service, found through the nameserver
and also when they start later, and those at --address. Without either: everything
that the nameserver on this host knows.

It ends when --count messages have come, or when none has come for --timeout: then
with status 3, unless some have come and no --count was asked for. Messages that can't
be decoded are reported on standard error and passed over.`,
		Example: `  ptctl subscribe                                     # everything
  ptctl subscribe --service viirs_sdr --topic /segment/SDR --pretty
  ptctl subscribe --address tcp://host:9010 --json --count 1 --timeout 1m`,
		Args: cobra.NoArgs,
		RunE: c.run,
	}
	f := cmd.Flags()
	f.StringArrayVarP(&c.services, "service", "s", nil, "`NAME` or alias of publishers; may be repeated")
	f.StringArrayVarP(&c.topics, "topic", "t", nil, "`BEGINNING` of the subjects wanted; may be repeated (default: everything)")
	f.StringArrayVarP(&c.addresses, "address", "a", nil, "`URI` of a publisher, as tcp://host:9010; may be repeated")
	f.StringArrayVarP(&c.nameservers, "nameserver", "n", nil, "`HOST` of a nameserver; may be repeated (default localhost)")
	f.StringSliceVar(&c.types, "type", nil, "only messages of these types, as file,dataset")
	f.IntVar(&c.count, "count", 0, "end after `N` messages (default: never)")
	f.DurationVar(&c.timeout, "timeout", 0, "end when no message has come for so long, as 30s (default: never)")
	c.output.flags(f)
	return cmd
}

func (c *subscription) run(cmd *cobra.Command, _ []string) (err error) {
	if c.count < 0 || c.timeout < 0 {
		return daemon.Usage("--count and --timeout must not be negative")
	}
	if err := errors.Join(c.output.check(), checkAddresses(c.addresses), checkNameservers(c.nameservers)); err != nil {
		return err
	}
	node, network, err := c.open(cmd.ErrOrStderr(), false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, network.Close()) }()
	sub, err := node.Subscriber(c.options())
	if err != nil {
		return keysMissing(err)
	}
	defer func() { err = errors.Join(err, sub.Close()) }()
	return c.print(cmd, sub)
}

func (c *subscription) options() pubsub.SubscriberOptions {
	o := pubsub.SubscriberOptions{
		Addresses:   pubsub.URIs(c.addresses...),
		Services:    c.services,
		Nameservers: c.nameservers,
		Topics:      c.topics,
		Timeout:     c.timeout,
	}
	if len(c.services) == 0 && (len(c.addresses) == 0 || len(c.nameservers) > 0) {
		o.Services = []string{pubsub.AllServices}
	}
	if len(c.topics) == 0 {
		o.Topics = []string{message.Magic}
	}
	if len(c.types) > 0 {
		o.Filter = func(m *message.Message) bool { return slices.Contains(c.types, m.Type()) }
	}
	return o
}

// print writes messages until enough have come, none comes in time, or the command is interrupted.
func (c *subscription) print(cmd *cobra.Command, sub *pubsub.Subscriber) error {
	printed := 0
	for m, err := range sub.Messages(cmd.Context()) {
		var bad *pubsub.FrameError
		switch {
		case err == nil:
			if err := c.output.print(cmd.OutOrStdout(), m); err != nil {
				if _, undecodable := errors.AsType[*message.Error](err); !undecodable {
					return err
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "passed over: %v\n", err)
				continue
			}
			if printed++; printed == c.count {
				return nil
			}
		case errors.As(err, &bad):
			fmt.Fprintf(cmd.ErrOrStderr(), "passed over: %v\n", bad)
		case errors.Is(err, pubsub.ErrTimeout):
			return c.timedOut(printed)
		case errors.Is(err, context.Canceled):
			return nil
		default:
			return err
		}
	}
	return nil
}

func (c *subscription) timedOut(printed int) error {
	switch {
	case printed == 0:
		return daemon.Hint(daemon.Nothing(fmt.Errorf("no message came within %s", c.timeout)), "%s", c.silenceHint())
	case c.count > 0:
		return daemon.Nothing(fmt.Errorf("%d of %d messages came; then none within %s", printed, c.count, c.timeout))
	default:
		return nil
	}
}

// silenceHint says where to look when nothing came.
func (c *subscription) silenceHint() string {
	if len(c.addresses) > 0 && len(c.nameservers) == 0 && len(c.services) == 0 {
		return "--verbose shows whether the publisher is connected; a topic is the beginning of a subject, as /viirs"
	}
	return "ptctl services shows the publishers that the nameserver knows; a topic is the beginning of a subject, as /viirs"
}
