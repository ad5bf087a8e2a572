package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/internal/textlines"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/logging"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// events is the events command.
type events struct {
	*session
	services, nameservers []string

	json  bool
	count int
	limit time.Duration
}

func newEventsCommand(s *session) *cobra.Command {
	c := &events{session: s}
	cmd := &cobra.Command{
		Use:   "events",
		Short: "show publishers as they come and go",
		Long: `Shows what nameservers tell of publishers: first those that are there, then each that
comes, announces other names, or goes, a line each. It follows the change feeds of the
nameservers and waits for one that is not there.

A publisher counts as gone when no nameserver lists it any more: half a minute after it
has said so, or when it was not announced for ten minutes.`,
		Example: `  ptctl events
  ptctl events --service viirs_sdr --nameserver ns1 --nameserver ns2
  ptctl events --json | jq -r 'select(.event == "gone") | .uri'`,
		Args: cobra.NoArgs,
		RunE: c.run,
	}
	f := cmd.Flags()
	f.StringArrayVarP(&c.services, "service", "s", nil, "`NAME` or alias of publishers; may be repeated (default: all)")
	f.StringArrayVarP(&c.nameservers, "nameserver", "n", nil, "`HOST` of a nameserver; may be repeated (default localhost)")
	f.BoolVar(&c.json, "json", false, "print a JSON line for each event")
	f.IntVar(&c.count, "count", 0, "end after `N` events (default: never)")
	f.DurationVar(&c.limit, "duration", 0, "end after so long, as 20m (default: never)")
	return cmd
}

func (c *events) run(cmd *cobra.Command, _ []string) error {
	if c.count < 0 || c.limit < 0 {
		return daemon.Usage("--count and --duration must not be negative")
	}
	if err := checkNameservers(c.nameservers); err != nil {
		return err
	}
	if len(c.services) == 0 {
		c.services = []string{pubsub.AllServices}
	}
	return c.withNode(cmd, func(n *pubsub.Node) error { return c.follow(cmd, n) })
}

// follow prints what comes and goes.
func (c *events) follow(cmd *cobra.Command, n *pubsub.Node) error {
	ctx, cancel := context.WithCancel(cmd.Context())
	if c.limit > 0 {
		ctx, cancel = context.WithTimeout(cmd.Context(), c.limit)
	}
	defer cancel()
	out := &eventLines{w: cmd.OutOrStdout(), json: c.json, known: map[string]bool{}}
	out.colours = isTerminal(out.w) && logging.Colours(c.environ)
	var failed error
	err := n.Follow(ctx, c.services, func(change discovery.Change) {
		if ctx.Err() != nil {
			return
		}
		if failed = out.write(change, time.Now()); failed != nil || out.written == c.count {
			cancel()
		}
	}, c.nameservers...)
	if failed != nil {
		return failed
	}
	return keysMissing(err)
}

// eventLines writes what becomes of publishers.
type eventLines struct {
	w             io.Writer
	json, colours bool
	known         map[string]bool // URIs of those that are there
	written       int
}

// The events. A publisher that was there before we looked has come, too.
const (
	eventCame    = "came"
	eventChanged = "changed"
	eventGone    = "gone"
)

// event is what a change is.
func (l *eventLines) event(c discovery.Change) string {
	switch {
	case !c.Added:
		delete(l.known, c.Entry.URI)
		return eventGone
	case l.known[c.Entry.URI]:
		return eventChanged
	}
	l.known[c.Entry.URI] = true
	return eventCame
}

func (l *eventLines) write(c discovery.Change, at time.Time) error {
	event := l.event(c)
	l.written++
	if l.json {
		line, err := eventLine(event, c.Entry, at)
		if err == nil {
			_, err = l.w.Write(append(line, '\n'))
		}
		return err
	}
	name, aliases := nameAndAliases(c.Entry)
	text := fmt.Sprintf("%s  %s  %s  %s  %s", at.Local().Format("2006-01-02 15:04:05"), l.padded(event), column(name), textlines.Printable(c.Entry.URI), backend(c.Entry))
	if len(aliases) > 0 {
		text += "  " + textlines.Printable(strings.Join(aliases, ", "))
	}
	_, err := fmt.Fprintln(l.w, text)
	return err
}

// padded is the name of an event, as wide as the longest.
func (l *eventLines) padded(event string) string {
	name := fmt.Sprintf("%-7s", event)
	if !l.colours {
		return name
	}
	colour := map[string]string{eventCame: "32", eventChanged: "33", eventGone: "31"}[event] // ECMA-48, SGR
	return "\x1b[" + colour + "m" + name + "\x1b[0m"
}

// eventLine is an event as a line of JSON: that of its publisher, with two keys in front.
func eventLine(event string, e discovery.Entry, at time.Time) ([]byte, error) {
	head, err := json.Marshal(struct {
		Time  time.Time `json:"time"`
		Event string    `json:"event"`
	}{at.UTC().Truncate(time.Millisecond), event})
	if err != nil {
		return nil, err
	}
	entry, err := entryLine(e)
	if err != nil {
		return nil, err
	}
	return append(append(head[:len(head)-1], ','), entry[1:]...), nil
}
