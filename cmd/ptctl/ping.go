package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/internal/textlines"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// pinging is the ping command.
type pinging struct {
	*session

	count    int
	interval time.Duration
	timeout  time.Duration
}

func newPingCommand(s *session) *cobra.Command {
	c := &pinging{session: s}
	cmd := &cobra.Command{
		Use:   "ping [HOST|URI]",
		Short: "ask a nameserver or publisher again and again whether it answers",
		Long: `Asks the nameserver on HOST (default localhost) for all publishers, or makes a connection
to the publisher at URI, as programs do, every --interval, and tells how long that took: for
a nameserver until the answer is there, for a publisher until it has agreed on how to speak.

It ends after --count times, or when interrupted, with what it took at least, on average and
at most. The status is 3 when there was no answer at all.`,
		Example: `  ptctl ping
  ptctl ping ns1 --count 5
  ptctl ping tcp://host:9010 --backend secure`,
		Args: cobra.MaximumNArgs(1),
		RunE: c.run,
	}
	f := cmd.Flags()
	f.IntVar(&c.count, "count", 0, "end after `N` times (default: never)")
	f.DurationVarP(&c.interval, "interval", "i", time.Second, "time between two questions")
	f.DurationVar(&c.timeout, "timeout", 5*time.Second, "give up waiting for an answer after so long")
	return cmd
}

// asks puts one question and says what came back.
type asks func(ctx context.Context) (took time.Duration, answer string, err error)

func (c *pinging) run(cmd *cobra.Command, args []string) (err error) {
	if c.count < 0 || c.interval <= 0 || c.timeout <= 0 {
		return daemon.Usage("--count must not be negative, --interval and --timeout must be positive")
	}
	target := strings.Join(args, "")
	if target == "" {
		target = localNameservers[0]
	}
	if isPublisher := strings.Contains(target, "://"); isPublisher {
		err = checkAddresses([]string{target})
	} else {
		err = checkNameservers([]string{target})
	}
	if err != nil {
		return daemon.Usage("%.100q: want the HOST of a nameserver, or the URI of a publisher as tcp://host:9010", target)
	}
	node, network, err := c.open(cmd.ErrOrStderr(), false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, network.Close()) }()
	p := &pings{w: cmd.OutOrStdout(), target: textlines.Printable(target), ask: c.question(node, network, target)}
	if err := c.repeat(cmd.Context(), p); err != nil {
		return err
	}
	return p.finish()
}

// question is what is asked of a target.
func (c *pinging) question(node *pubsub.Node, net network, target string) asks {
	if !strings.Contains(target, "://") {
		return func(ctx context.Context) (time.Duration, string, error) {
			r, err := askAll(ctx, node, net, target)
			return r.took, things(r.publishers, "publisher"), err
		}
	}
	one := &publisherCheck{checking: checking{session: c.session}}
	entry := discovery.Entry{Announcement: discovery.Announcement{URI: target}}
	return func(ctx context.Context) (time.Duration, string, error) {
		t := one.try(ctx, node, entry)
		return t.took, "connected", t.err
	}
}

// repeat asks until it was often enough, or ctx ends.
func (c *pinging) repeat(ctx context.Context, p *pings) error {
	for begun := time.Now(); ; begun = begun.Add(c.interval) {
		if pause(ctx, time.Until(begun)) != nil {
			return nil
		}
		if err := c.once(ctx, p); err != nil || ctx.Err() != nil {
			return err
		}
		if p.asked == c.count {
			return nil
		}
	}
}

func (c *pinging) once(ctx context.Context, p *pings) error {
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	took, answer, err := p.ask(limited)
	if ctx.Err() != nil {
		return nil // interrupted: it says nothing
	}
	return p.add(took, answer, err)
}

// pings are the questions to one target.
type pings struct {
	w      io.Writer
	target string
	ask    asks

	asked, answered   int
	least, most, both time.Duration // both: of all together
	last              error
}

// add tells of one.
func (p *pings) add(took time.Duration, answer string, err error) error {
	p.asked++
	if err != nil {
		p.last = err
		_, err = fmt.Fprintf(p.w, "%s  %d: %v\n", p.target, p.asked, err)
		return err
	}
	if p.answered == 0 || took < p.least {
		p.least = took
	}
	p.answered++
	p.most, p.both = max(p.most, took), p.both+took
	_, err = fmt.Fprintf(p.w, "%s  %d: %s in %s\n", p.target, p.asked, answer, roundTime(took))
	return err
}

// finish tells how it was in all.
func (p *pings) finish() error {
	if p.asked == 0 {
		return nil
	}
	line := fmt.Sprintf("%s  asked %s, answered %d", p.target, things(p.asked, "time"), p.answered)
	if p.answered > 0 {
		line += fmt.Sprintf(": %s at least, %s on average, %s at most", roundTime(p.least), roundTime(p.both/time.Duration(p.answered)), roundTime(p.most))
	}
	if _, err := fmt.Fprintln(p.w, line); err != nil {
		return err
	}
	if p.answered == 0 {
		return daemon.Nothing(p.last)
	}
	return nil
}
