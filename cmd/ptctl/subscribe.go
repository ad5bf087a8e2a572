package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// subscription is the subscribe command.
type subscription struct {
	*session
	selection

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
	c.selection.flags(f)
	f.IntVar(&c.count, "count", 0, "end after `N` messages (default: never)")
	f.DurationVar(&c.timeout, "timeout", 0, "end when no message has come for so long, as 30s (default: never)")
	c.output.flags(f)
	return cmd
}

func (c *subscription) run(cmd *cobra.Command, _ []string) error {
	if c.count < 0 || c.timeout < 0 {
		return daemon.Usage("--count and --timeout must not be negative")
	}
	if err := errors.Join(c.output.check(), c.selection.check()); err != nil {
		return err
	}
	return c.receive(cmd, &c.selection, c.timeout, func(sub *pubsub.Subscriber) error { return c.print(cmd, sub) })
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
		return daemon.Hint(daemon.Nothing(fmt.Errorf("no message came within %s", c.timeout)), "%s", c.selection.silenceHint())
	case c.count > 0:
		return daemon.Nothing(fmt.Errorf("%d of %d messages came; then none within %s", printed, c.count, c.timeout))
	default:
		return nil
	}
}
