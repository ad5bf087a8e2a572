package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/internal/textlines"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// asking is what lookup and services have in common.
type asking struct {
	*session
	nameservers []string
	timeout     time.Duration
	json        bool
}

func (c *asking) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVarP(&c.nameservers, "nameserver", "n", nil, "`HOST` of a nameserver to ask; may be repeated (default localhost)")
	f.DurationVar(&c.timeout, "timeout", discovery.DefaultTimeout, "give up after so long")
	f.BoolVar(&c.json, "json", false, "print a JSON line for each publisher")
}

// withNode opens the network for do.
func (c *asking) withNode(cmd *cobra.Command, do func(*pubsub.Node) error) error {
	if c.timeout <= 0 {
		return daemon.Usage("--timeout must be positive")
	}
	if err := checkNameservers(c.nameservers); err != nil {
		return err
	}
	return c.session.withNode(cmd, do)
}

// withNode opens the network for do, which binds nothing.
func (s *session) withNode(cmd *cobra.Command, do func(*pubsub.Node) error) (err error) {
	node, network, err := s.open(cmd.ErrOrStderr(), false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, network.Close()) }()
	return do(node)
}

// noAnswer gives the error of a lookup its status and a hint.
func noAnswer(err error, settings pubsub.Settings) error {
	if !errors.Is(err, discovery.ErrNoNameserver) {
		return keysMissing(err)
	}
	return daemon.Hint(daemon.Nothing(err), "%s", noAnswerHint(settings))
}

func newLookupCommand(s *session) *cobra.Command {
	c := &asking{session: s}
	cmd := &cobra.Command{
		Use:   "lookup NAME",
		Short: "print the addresses of a service",
		Long: `Asks the nameserver for the publishers of a service, by name or alias, and prints the
address of each. It keeps asking until there is one or the timeout is over: then with
status 3.`,
		Example: `  ptctl lookup viirs_sdr
  ptctl lookup viirs_sdr --nameserver ns1 --nameserver ns2 --timeout 2s --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("want the NAME of one service, got %q", args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withNode(cmd, func(n *pubsub.Node) error {
				ctx, cancel := context.WithTimeout(cmd.Context(), c.timeout)
				defer cancel()
				entries, err := n.Lookup(ctx, args[0], c.nameservers...)
				if err != nil {
					return noAnswer(err, n.Settings())
				}
				if len(entries) == 0 {
					return daemon.Hint(daemon.Nothing(fmt.Errorf("no publisher of %q within %s", args[0], c.timeout)), "ptctl services shows what there is")
				}
				return c.printLines(cmd.OutOrStdout(), entries)
			})
		},
	}
	c.flags(cmd)
	return cmd
}

// printLines prints an address or a JSON object a line.
func (c *asking) printLines(w io.Writer, entries []discovery.Entry) error {
	out := bufio.NewWriter(w)
	for _, e := range entries {
		text := textlines.Printable(e.URI)
		if c.json {
			line, err := entryLine(e)
			if err != nil {
				return err
			}
			text = string(line)
		}
		fmt.Fprintln(out, text)
	}
	return out.Flush()
}

// entryLine is a publisher as a line of JSON.
func entryLine(e discovery.Entry) ([]byte, error) {
	line := struct {
		Name     string   `json:"name"`
		Aliases  []string `json:"aliases"`
		URI      string   `json:"uri"`
		Backend  string   `json:"backend,omitempty"`
		Version  string   `json:"supported_message_version,omitempty"`
		Received string   `json:"receive_time,omitempty"`
	}{URI: e.URI, Backend: string(e.Backend), Version: string(e.SupportedVersion)}
	line.Name, line.Aliases = nameAndAliases(e)
	if !e.Received.IsZero() {
		line.Received = e.Received.String()
	}
	return json.Marshal(line)
}

// nameAndAliases tells the name from the aliases: deployed publishers put it first. (The name that a nameserver adds is always "address".)
func nameAndAliases(e discovery.Entry) (string, []string) {
	if len(e.Services) == 0 {
		return "", []string{}
	}
	return e.Services[0], e.Services[1:]
}
