package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/internal/textlines"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// watchInterval is how often services --watch asks.
const watchInterval = 2 * time.Second

func newServicesCommand(s *session) *cobra.Command {
	c := &asking{session: s}
	var watch bool
	cmd := &cobra.Command{
		Use:   "services [NAME]",
		Short: "show the publishers that a nameserver knows",
		Long: `Shows all publishers that the nameserver knows, or those of one service: name,
aliases, address, backend, and how long ago they were last announced. A nameserver
tells those who ask without encryption of plain publishers alone, as a rule; with
--backend secure it shows all.`,
		Example: `  ptctl services
  ptctl services --watch --nameserver ns1
  ptctl services --backend secure
  ptctl services --json | jq -r .uri`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withNode(cmd, func(n *pubsub.Node) error {
				return c.showServices(cmd, n, strings.Join(args, ""), watch)
			})
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "show it again every 2 s, until interrupted")
	return cmd
}

// showServices shows the publishers of service, and when watching does so until interrupted, also while no nameserver answers.
func (c *asking) showServices(cmd *cobra.Command, n *pubsub.Node, service string, watch bool) error {
	for {
		err := c.showOnce(cmd, n, service, watch)
		switch {
		case interrupted(err):
			return nil
		case !watch:
			return err
		case err != nil:
			fmt.Fprintln(cmd.ErrOrStderr(), err)
		}
		if pause(cmd.Context(), watchInterval) != nil {
			return nil
		}
	}
}

func (c *asking) showOnce(cmd *cobra.Command, n *pubsub.Node, service string, clear bool) error {
	ctx, cancel := context.WithTimeout(cmd.Context(), c.timeout)
	defer cancel()
	entries, err := n.List(ctx, service, c.nameservers...)
	if err != nil {
		return noAnswer(err, n.Settings())
	}
	return c.show(cmd.OutOrStdout(), entries, clear)
}

// show writes the publishers. A table that is watched goes out in one go, so that it does not flicker.
func (c *asking) show(w io.Writer, entries []discovery.Entry, clear bool) error {
	if c.json {
		return c.printLines(w, entries)
	}
	if !clear {
		return writeTable(w, entries, time.Now())
	}
	var b bytes.Buffer
	if isTerminal(w) {
		b.WriteString("\x1b[H\x1b[2J") // cursor home, clear screen (ECMA-48)
	}
	if err := writeTable(&b, entries, time.Now()); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// columns are the cells of a line of the table.
type columns [5]string

var heading = columns{"NAME", "ALIASES", "URI", "BACKEND", "AGE"}

// writeTable writes a line for each publisher, in two passes: text/tabwriter would hold all of them, and there may be hundreds of thousands.
func writeTable(w io.Writer, entries []discovery.Entry, now time.Time) error {
	var widths [len(heading)]int
	for line := range tableLines(entries, now) {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	out := bufio.NewWriter(w)
	for line := range tableLines(entries, now) {
		last := len(line) - 1
		for i, cell := range line[:last] {
			fmt.Fprintf(out, "%-*s  ", widths[i], cell)
		}
		fmt.Fprintln(out, line[last])
	}
	if len(entries) == 0 {
		fmt.Fprintln(out, "(no publishers)")
	}
	return out.Flush() // which has the error of all that was written
}

// tableLines are the lines of the table.
func tableLines(entries []discovery.Entry, now time.Time) iter.Seq[columns] {
	return func(yield func(columns) bool) {
		if !yield(heading) {
			return
		}
		for _, e := range entries {
			name, aliases := nameAndAliases(e)
			if !yield(columns{column(name), column(strings.Join(aliases, ", ")), column(e.URI), backend(e), age(e, now)}) {
				return
			}
		}
	}
}

func column(s string) string {
	if s == "" {
		return "-"
	}
	return textlines.Printable(s)
}

// backend shortens the names of the wire.
func backend(e discovery.Entry) string {
	switch e.Backend {
	case "", "unsecure_zmq":
		return "plain"
	default:
		return strings.TrimSuffix(string(e.Backend), "_zmq")
	}
}

// age is the time since the last announcement, as the clocks of nameserver and this host have it.
func age(e discovery.Entry, now time.Time) string {
	if e.Received.IsZero() {
		return "-"
	}
	return max(0, now.Sub(e.Received.Time)).Round(time.Second).String()
}
