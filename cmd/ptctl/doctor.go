package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/internal/textlines"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/logging"
)

// doctorListens is how long announcements of others are listened for: publishers announce themselves every two seconds.
const doctorListens = 5 * time.Second

// doctor is the doctor command.
type doctor struct {
	*session
	nameservers []string
	listens     time.Duration
	json        bool
	quiet       bool
}

func newDoctorCommand(s *session) *cobra.Command {
	c := &doctor{session: s}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "look for what is wrong with this host's set-up",
		Long: `Looks at what posttroll programs on this host depend on, and says of everything that is
wrong what to do:

  - versions, and limits of the system
  - the settings that count, where each comes from, and misspelt POSTTROLL_* variables
  - the name of the host, its addresses, and the one that publishers here announce
  - network interfaces, and multicast out and back on each, or on the one that the setting
    multicast_interface names
  - the ports of a nameserver: who has them
  - whether a nameserver answers, and how far its clock is from ours
  - key files: that they are there, readable by the right people, and fit each other

It is safe beside a running system. It listens to announcements for some seconds, at the
port that nameservers share, and asks the nameserver for its publishers. On each interface
it sends one datagram of some 100 bytes to the multicast group, which stays in the local
network (TTL 1): a message of type "doctor", which nameservers pass over. It changes
nothing.

That a datagram comes back says that this host lets multicast pass, not that the network
does: for that announcements of other hosts have to be heard.

The status is 0 when nothing is wrong, and 1 when there is something to do.`,
		Example: `  ptctl doctor
  ptctl doctor --quiet --nameserver ns1
  sudo ptctl doctor --json | jq -r 'select(.level == "error") | .text'`,
		Args: cobra.NoArgs,
		RunE: c.run,
	}
	f := cmd.Flags()
	f.StringArrayVarP(&c.nameservers, "nameserver", "n", nil, "`HOST` of a nameserver that programs here ask; may be repeated (default localhost)")
	f.DurationVar(&c.listens, "listen", doctorListens, "listen to announcements for so long; 0: do not")
	f.BoolVar(&c.json, "json", false, "print a JSON line for each observation")
	f.BoolVarP(&c.quiet, "quiet", "q", false, "tell only of what is wrong")
	return cmd
}

// level is how bad an observation is.
type level string

const (
	levelOK      level = "ok"
	levelNote    level = "note"    // worth knowing, nothing to do
	levelWarning level = "warning" // something to do, or to look at
	levelError   level = "error"   // something does not work
)

// observation is one thing that the doctor has seen. Its keys in JSON stay (doc/json-lines.md).
type observation struct {
	Area   string `json:"area"`
	Level  level  `json:"level"`
	Text   string `json:"text"`
	Advice string `json:"advice,omitempty"`
}

// finding tells whether there is something to do.
func (o *observation) finding() bool { return o.Level == levelWarning || o.Level == levelError }

// chart takes in observations, and writes them as they come.
type chart struct {
	w        io.Writer
	json     bool
	quiet    bool
	colours  bool
	area     string // of the observation that was written last
	seen     int
	findings int
	err      error // of writing
}

// about returns what takes in observations of one area.
func (c *chart) about(area string) func(l level, advice, format string, args ...any) {
	return func(l level, advice, format string, args ...any) {
		c.add(observation{area, l, fmt.Sprintf(format, args...), advice})
	}
}

func (c *chart) add(o observation) {
	c.seen++
	if o.finding() {
		c.findings++
	} else if c.quiet {
		return
	}
	var text string
	if c.json {
		line, err := json.Marshal(o)
		if err != nil {
			panic("ptctl: an observation is no JSON: " + err.Error())
		}
		text = string(line) + "\n"
	} else {
		text = c.lines(o)
	}
	if c.err == nil {
		_, c.err = io.WriteString(c.w, text)
	}
}

// lines are an observation for people, below the head of its area.
func (c *chart) lines(o observation) string {
	var b strings.Builder
	if o.Area != c.area {
		if c.area != "" {
			b.WriteString("\n")
		}
		c.area = o.Area
		b.WriteString(c.coloured("1", o.Area) + "\n")
	}
	fmt.Fprintf(&b, "  %s %s\n", c.coloured(levelCodes[o.Level], fmt.Sprintf("%-7s", o.Level)), textlines.Printable(o.Text))
	if o.Advice != "" {
		fmt.Fprintf(&b, "          -> %s\n", textlines.Printable(o.Advice))
	}
	return b.String()
}

// levelCodes are the colours of levels (ECMA-48, SGR).
var levelCodes = map[level]string{levelOK: "32", levelNote: "36", levelWarning: "33", levelError: "31"}

func (c *chart) coloured(code, text string) string {
	if !c.colours {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (c *doctor) run(cmd *cobra.Command, _ []string) error {
	if c.listens < 0 {
		return daemon.Usage("--listen must not be negative")
	}
	if err := checkNameservers(c.nameservers); err != nil {
		return err
	}
	if len(c.nameservers) == 0 {
		c.nameservers = localNameservers
	}
	w := cmd.OutOrStdout()
	found := &chart{w: w, json: c.json, quiet: c.quiet, colours: !c.json && isTerminal(w) && logging.Colours(c.environ)}
	ctx := cmd.Context()
	if err := c.examine(ctx, found); err != nil {
		return err
	}
	switch {
	case found.err != nil:
		return found.err
	case ctx.Err() != nil:
		return errors.New("doctor: interrupted before all was looked at")
	case found.findings > 0:
		return fmt.Errorf("doctor: %s in %s", things(found.findings, "finding"), things(found.seen, "observation"))
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s, nothing is wrong\n", things(found.seen, "observation"))
	return nil
}

// examine looks at everything.
func (c *doctor) examine(ctx context.Context, found *chart) error {
	set := c.lookAtSettings(found)
	lookAtVersions(found, set)
	lookAtLimits(found)
	lookAtName(ctx, found, c.nameservers)
	group := groupOf(set)
	heard, err := startListening(ctx, group, c.listens)
	interfaces := lookAtInterfaces(found, set)
	lookAtMulticast(ctx, found, group, interfaces)
	lookAtPorts(found, set)
	c.lookAtNameservers(ctx, found)
	lookAtKeys(found, set)
	if err != nil {
		advice := groupAdvice
		if errors.Is(err, syscall.EADDRINUSE) {
			advice = "see the ports above: what has it does not share it (SO_REUSEADDR)"
		}
		found.about("announcements")(levelError, advice, "can't be listened to: %v", err)
		return nil
	}
	if heard != nil {
		return heard.tell(found, group)
	}
	return nil
}
