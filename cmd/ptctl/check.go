package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/daemon"
)

// checkTimeout is shorter than that of all who start plugins: 60 s and more.
const checkTimeout = 10 * time.Second

func newCheckCommand(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "check something, as a monitoring plugin does",
		Long: `Checks whether nameservers, publishers and links do what they are for, for Nagios, Icinga,
checkmk and the like, and for the textfile collector of Prometheus' node_exporter. The
command behind "check" says what: nameserver, publisher, freshness or link.

--warn and --crit are ranges of values that are well, as those of all plugins: "10" is 0 to
10, "10:" at least 10, "~:10" at most 10, "10:20" from 10 to 20, "@10:20" all but that. Ends
of times are seconds, or durations as 500ms and 15m.

The status is 0 OK, 1 WARNING, 2 CRITICAL, or 3 UNKNOWN: nobody can tell, among others as
the check was called in a wrong way or its settings are bad.`,
		Example: `  ptctl check nameserver --warn 500ms --crit 3s
  ptctl check publisher viirs_sdr --crit 5m
  ptctl check freshness /segment/SDR --crit 20m --relay http://localhost:9180
  ptctl check link --relay http://localhost:9180`,
		RunE: func(cmd *cobra.Command, args []string) error {
			err := errors.New("want one of nameserver, publisher, freshness and link")
			if len(args) > 0 {
				err = fmt.Errorf("%.40q can't be checked: want one of nameserver, publisher, freshness and link", args[0])
			}
			return refuseCheck(cmd, err)
		},
	}
	cmd.SetFlagErrorFunc(refuseCheck)
	cmd.AddCommand(newCheckNameserver(s), newCheckPublisher(s), newCheckFreshness(s), newCheckLink(s))
	return cmd
}

// refuseCheck tells of wrong usage where monitoring looks for it, with its status.
func refuseCheck(cmd *cobra.Command, err error) error {
	v := unknown(cmd.Name(), "", daemon.Hint(err, "see %s --help", cmd.CommandPath()))
	fmt.Fprint(cmd.OutOrStdout(), v.nagios(nil)) // there is nobody to tell of an error
	return &daemon.StatusError{Status: int(stateUnknown)}
}

// checkArgs lets a check have so many arguments.
func checkArgs(least, most int, want string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && len(args) <= most {
			return nil
		}
		return refuseCheck(cmd, fmt.Errorf("want %s, got %q", want, args))
	}
}

// checking is what all checks have in common.
type checking struct {
	*session
	warn, crit string
	format     string
	file       string
	timeout    time.Duration
}

// flags adds the flags; of says what --warn and --crit are about.
func (c *checking) flags(cmd *cobra.Command, of string) {
	f := cmd.Flags()
	f.StringVar(&c.warn, "warn", "", "`RANGE` of "+of+" outside of which it is a warning")
	f.StringVar(&c.crit, "crit", "", "`RANGE` of "+of+" outside of which it is critical")
	f.StringVar(&c.format, "format", "nagios", "`FORM` of the result: nagios, json or prometheus")
	f.StringVarP(&c.file, "output", "o", "", "write the result to `FILE`, which is replaced in one go")
	f.DurationVar(&c.timeout, "timeout", checkTimeout, "find an end after so long")
}

// run makes a check and prints what it finds. All errors of do are a verdict too: unknown. What the command tells on standard error while it runs stands
// with the verdict, since some who start plugins mix both outputs; with --verbose it stays where it is.
func (c *checking) run(cmd *cobra.Command, target string, do func(ctx context.Context) (verdict, error)) error {
	write, ok := checkFormats[c.format]
	if !ok {
		return refuseCheck(cmd, fmt.Errorf("--format %q: want %s", c.format, strings.Join(sortedKeys(checkFormats), ", ")))
	}
	if c.timeout <= 0 {
		return refuseCheck(cmd, errors.New("--timeout must be positive"))
	}
	var told bytes.Buffer // the logger has a lock of its own, and nothing else writes while it does
	stderr := cmd.ErrOrStderr()
	if !c.verbose {
		cmd.SetErr(&told)
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), c.timeout)
	defer cancel()
	v, err := do(ctx)
	cmd.SetErr(stderr)
	if err != nil {
		v = unknown(cmd.Name(), target, err)
	}
	notes := slices.DeleteFunc(strings.Split(told.String(), "\n"), func(line string) bool { return line == "" })
	if err := c.write(cmd, write(&v, notes, time.Now())); err != nil {
		return refuseCheck(cmd, err)
	}
	if v.state() == stateOK {
		return nil
	}
	return &daemon.StatusError{Status: int(v.state())}
}

// write puts the result where it was asked for.
func (c *checking) write(cmd *cobra.Command, text string) error {
	if c.file != "" {
		return replaceFile(c.file, text)
	}
	_, err := fmt.Fprint(cmd.OutOrStdout(), text)
	return err
}

// limits are those of --warn and --crit.
func (c *checking) limits(times bool) (limits, error) {
	return parseLimits("warn", c.warn, "crit", c.crit, times)
}

// sortedKeys are the keys of a map in their order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// roundTime leaves of a time what people want to read.
func roundTime(d time.Duration) time.Duration {
	switch size := d.Abs(); {
	case size < time.Millisecond:
		return d.Round(time.Microsecond)
	case size < 100*time.Millisecond:
		return d.Round(100 * time.Microsecond)
	case size < 10*time.Second:
		return d.Round(time.Millisecond)
	}
	return d.Round(time.Second)
}
