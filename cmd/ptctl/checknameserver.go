package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// nameserverCheck checks nameservers.
type nameserverCheck struct {
	checking
	nameservers []string

	warnPublishers, critPublishers string
}

func newCheckNameserver(s *session) *cobra.Command {
	c := &nameserverCheck{checking: checking{session: s}}
	cmd := &cobra.Command{
		Use:   "nameserver",
		Short: "check that nameservers answer, and how fast",
		Long: `Asks each nameserver for all publishers, as programs do, and measures the time until the
answer is there: the connection is part of it. One that does not answer before --timeout is
critical. How far its clock is from that of this host is told as well; it has no limits.

A nameserver tells those who ask without encryption of plain publishers alone, as a rule.`,
		Example: `  ptctl check nameserver --warn 500ms --crit 3s
  ptctl check nameserver --nameserver ns1 --nameserver ns2 --crit-publishers 1:`,
		Args: checkArgs(0, 0, "no argument"),
		RunE: c.check,
	}
	c.checking.flags(cmd, "the time until the answer")
	f := cmd.Flags()
	f.StringArrayVarP(&c.nameservers, "nameserver", "n", nil, "`HOST` of a nameserver; may be repeated: all have to be well (default localhost)")
	f.StringVar(&c.warnPublishers, "warn-publishers", "", "`RANGE` of the number of publishers outside of which it is a warning")
	f.StringVar(&c.critPublishers, "crit-publishers", "", "`RANGE` of the number of publishers outside of which it is critical")
	return cmd
}

func (c *nameserverCheck) check(cmd *cobra.Command, _ []string) error {
	hosts := c.nameservers
	if len(hosts) == 0 {
		hosts = localNameservers
	}
	times, timesErr := c.limits(true)
	numbers, numbersErr := parseLimits("warn-publishers", c.warnPublishers, "crit-publishers", c.critPublishers, false)
	if err := errors.Join(timesErr, numbersErr, checkNameservers(hosts)); err != nil {
		return refuseCheck(cmd, err)
	}
	target := strings.Join(hosts, ",")
	return c.run(cmd, target, func(ctx context.Context) (v verdict, err error) {
		node, network, err := c.open(cmd.ErrOrStderr(), false)
		if err != nil {
			return verdict{}, err
		}
		defer func() { err = errors.Join(err, network.Close()) }()
		v = verdict{check: cmd.Name(), target: target, parts: make([]part, len(hosts))}
		hints := make([]string, len(hosts))
		var asking sync.WaitGroup
		for i, host := range hosts {
			asking.Go(func() { v.parts[i], hints[i] = checkOneNameserver(ctx, node, network, host, times, numbers) })
		}
		asking.Wait()
		v.hint = cmp.Or(hints...)
		return v, nil
	})
}

func checkOneNameserver(ctx context.Context, node *pubsub.Node, net network, host string, times, numbers limits) (part, string) {
	r, err := askAll(ctx, node, net, host)
	if err != nil {
		least := stateCritical
		if errors.Is(err, transport.ErrNoKeys) {
			least = stateUnknown // nothing is wrong with the nameserver
		}
		return newPart(host, least, err.Error()), hintOf(err)
	}
	text := fmt.Sprintf("%s answers in %s and lists %s", host, roundTime(r.took), things(r.publishers, "publisher"))
	return newPart(host, stateOK, text,
		measure{answerTime, r.took.Seconds(), times},
		measure{listed, float64(r.publishers), numbers},
		measure{clockOffset, r.offset.Seconds(), limits{}},
	), ""
}

// things is a number and its noun.
func things(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
