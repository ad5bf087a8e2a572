package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// grouping is what messages are counted by.
type grouping struct {
	name string
	key  func(t *traffic, r *pubsub.Received) string
}

var groupings = []grouping{
	{"subject", func(_ *traffic, r *pubsub.Received) string { return r.Message.Subject() }},
	{"publisher", func(t *traffic, r *pubsub.Received) string { return t.publisher(r.From.String()) }},
	{"sender", func(_ *traffic, r *pubsub.Received) string { return r.Message.Sender() }},
	{"type", func(_ *traffic, r *pubsub.Received) string { return r.Message.Type() }},
}

// topBatch is the number of messages that are taken in one go at most.
const topBatch = 256

// watching is the top command.
type watching struct {
	*session
	selection

	by, sort string
	interval time.Duration
	count    int
	limit    int
	json     bool
	view     topView
}

func newTopCommand(s *session) *cobra.Command {
	c := &watching{session: s}
	cmd := &cobra.Command{
		Use:   "top",
		Short: "watch what flows: rates, delays, gaps",
		Long: `Shows what publishers send, by subject, publisher, sender or type: how many messages,
their rate, their bytes, how long after the time in their header they come (the median of
the last ones; clocks count), how long ago the last came, and the longest time without one.
Which messages is said as for subscribe.

On a terminal the table is drawn anew every --interval, and keys change it: s sorts by the
next column and r the other way round, b counts by something else, / asks for a part of
the names to be shown, p pauses, q ends it. Elsewhere it is written every interval.`,
		Example: `  ptctl top
  ptctl top --by publisher --sort delay
  ptctl top --topic /viirs --interval 10s --count 1 --json`,
		Args: cobra.NoArgs,
		RunE: c.run,
	}
	f := cmd.Flags()
	c.selection.flags(f)
	f.StringVar(&c.by, "by", "subject", "count by `WHAT`: subject, publisher, sender or type")
	f.StringVar(&c.sort, "sort", "rate", "sort by `COLUMN`: rate, messages, bytes, delay, last, gap or name")
	f.BoolVarP(&c.view.reverse, "reverse", "r", false, "sort the other way round")
	f.StringVarP(&c.view.filter, "filter", "f", "", "show only names with `TEXT` in them")
	f.DurationVarP(&c.interval, "interval", "i", 2*time.Second, "time between two tables")
	f.IntVar(&c.count, "count", 0, "end after `N` tables (default: never)")
	f.IntVar(&c.limit, "limit", 0, "show `N` rows at most (default: what a terminal has room for; else all)")
	f.BoolVar(&c.json, "json", false, "print a JSON line for each row")
	return cmd
}

func (c *watching) run(cmd *cobra.Command, _ []string) error {
	c.view.by = slices.IndexFunc(groupings, func(g grouping) bool { return g.name == c.by })
	c.view.order = slices.IndexFunc(orders, func(o order) bool { return o.name == c.sort })
	switch {
	case c.view.by < 0:
		return daemon.Usage("--by %q: want subject, publisher, sender or type", c.by)
	case c.view.order < 0:
		return daemon.Usage("--sort %q: want rate, messages, bytes, delay, last, gap or name", c.sort)
	case c.interval < 100*time.Millisecond:
		return daemon.Usage("--interval %s: want 100ms or more", c.interval)
	case c.count < 0 || c.limit < 0:
		return daemon.Usage("--count and --limit must not be negative")
	}
	if err := c.selection.check(); err != nil {
		return err
	}
	return c.withNode(cmd, func(n *pubsub.Node) error { return c.watch(cmd, n) })
}

// watch counts in the background and shows.
func (c *watching) watch(cmd *cobra.Command, n *pubsub.Node) (err error) {
	t := newTraffic(time.Now())
	o := c.selection.subscriber()
	o.Attribute, o.Recycle, o.Found = true, true, t.found
	sub, err := n.Subscriber(o)
	if err != nil {
		return keysMissing(err)
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	counted := make(chan error, 1)
	go func() { counted <- t.count(ctx, sub); cancel() }()
	err = c.show(ctx, cmd, t)
	cancel()
	if countErr := <-counted; !interrupted(countErr) {
		err = errors.Join(err, countErr)
	}
	return errors.Join(err, sub.Close())
}

// show shows tables until enough were, or ctx ends.
func (c *watching) show(ctx context.Context, cmd *cobra.Command, t *traffic) error {
	out := cmd.OutOrStdout()
	if file, ok := out.(*os.File); ok && !c.json && term.IsTerminal(int(file.Fd())) {
		return c.showScreen(ctx, cmd, file, t)
	}
	c.view.limit = c.limit
	for shown := 0; c.count == 0 || shown < c.count; shown++ {
		if pause(ctx, c.interval) != nil {
			return nil
		}
		now := time.Now()
		if err := c.write(out, t.measure(now)[c.view.by], now); err != nil {
			return err
		}
	}
	return nil
}

// write writes a table where no terminal is.
func (c *watching) write(w io.Writer, rows []measured, now time.Time) error {
	if !c.json {
		if _, err := fmt.Fprintln(w, now.Local().Format(time.DateTime)); err != nil {
			return err
		}
		if err := c.view.write(w, rows); err != nil {
			return err
		}
		_, err := fmt.Fprintln(w)
		return err
	}
	for _, r := range c.view.shown(rows) {
		line, err := topJSON(groupings[c.view.by].name, r, now)
		if err != nil {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// topJSON is a row as a line of JSON (doc/json-lines.md).
func topJSON(by string, r measured, now time.Time) ([]byte, error) {
	return json.Marshal(struct {
		Time     time.Time `json:"time"`
		By       string    `json:"by"`
		Name     string    `json:"name"`
		Messages uint64    `json:"messages"`
		Bytes    uint64    `json:"bytes"`
		Rate     float64   `json:"messages_per_second"`
		Through  float64   `json:"bytes_per_second"`
		Delay    float64   `json:"delay_seconds"`
		Last     time.Time `json:"last_message"`
		Gap      float64   `json:"longest_gap_seconds"`
	}{
		now.UTC().Truncate(time.Millisecond), by, r.Key, r.Messages, r.Bytes, r.Rate, r.Throughput,
		r.Delay.Seconds(), r.LastMessage.UTC().Truncate(time.Millisecond), r.Gap.Seconds(),
	})
}

// traffic counts messages by all that they can be counted by.
type traffic struct {
	mu     sync.Mutex
	meters []*meter          // of groupings
	names  map[string]string // of publishers, by their URIs
}

func newTraffic(now time.Time) *traffic {
	t := &traffic{names: map[string]string{}}
	for range groupings {
		t.meters = append(t.meters, newMeter(now))
	}
	return t
}

// found keeps the names of publishers.
func (t *traffic) found(e discovery.Entry, there bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if name, _ := nameAndAliases(e); there && name != "" {
		t.names[e.URI] = name
	}
}

// publisher is what a publisher is shown as. The caller holds mu.
func (t *traffic) publisher(uri string) string {
	if name := t.names[uri]; name != "" {
		return name + " " + uri
	}
	return uri
}

// count counts what sub receives until ctx ends.
func (t *traffic) count(ctx context.Context, sub *pubsub.Subscriber) error {
	batch := make([]pubsub.Received, 0, topBatch)
	for {
		var err error
		if batch, err = sub.ReceiveBatch(ctx, batch[:0]); err != nil {
			return err
		}
		t.add(batch, time.Now())
	}
}

func (t *traffic) add(batch []pubsub.Received, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range batch {
		r := &batch[i]
		if r.Message == nil {
			continue
		}
		for g := range groupings {
			t.meters[g].add(groupings[g].key(t, r), len(r.Message.Bytes()), now.Sub(r.Message.Time().Time), now)
		}
	}
}

// measure ends an interval. It returns the rows of each grouping.
func (t *traffic) measure(now time.Time) [][]measured {
	t.mu.Lock()
	defer t.mu.Unlock()
	var rows [][]measured
	for _, m := range t.meters {
		rows = append(rows, m.measure(now))
	}
	return rows
}

// title says what a screen shows.
func (c *watching) title(now time.Time, paused bool) string {
	text := fmt.Sprintf("%s  by %s, sorted by %s", now.Local().Format(time.TimeOnly), groupings[c.view.by].name, orders[c.view.order].name)
	if c.view.reverse {
		text += ", reversed"
	}
	if c.view.filter != "" {
		text += fmt.Sprintf(", with %q", c.view.filter)
	}
	if paused {
		text += "  PAUSED"
	}
	return text + strings.Repeat(" ", 4) + "(s sort, r reverse, b by, / filter, p pause, q quit)"
}
