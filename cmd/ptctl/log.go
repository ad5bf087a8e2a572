package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/internal/textlines"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/logging"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// referenceLogger is the command of Python posttroll that logs messages. The package posttroll-compat has it as a link to this program.
const referenceLogger = "pytroll-logger"

// underName returns the arguments of a command line. Under the name of Python's command the program logs, with the options of that.
func underName(line []string) []string {
	if len(line) == 0 {
		return nil
	}
	if filepath.Base(line[0]) == referenceLogger {
		return append([]string{referenceLogger}, line[1:]...)
	}
	return line[1:]
}

// logger is the log command.
type logger struct {
	*session
	selection

	level string
	all   bool
	file  string
}

func newLogCommand(s *session) *cobra.Command {
	c := &logger{session: s}
	cmd := &cobra.Command{
		Use:   "log",
		Short: "show what programs log as messages",
		Long: `Shows the messages of type log.debug, log.info, log.warning, log.error and log.critical,
a line each: when it came and how serious it is, then its subject, sender, text and time.
Python's pytroll-logger does the same. Whose messages is said as for subscribe.

With --file the lines go to a file, which is turned over at midnight, local time; seven
old ones are kept. On a terminal levels have colours, unless NO_COLOR is set.`,
		Example: `  ptctl log
  ptctl log --level warning --nameserver ns1
  ptctl log --all --file /var/log/posttroll/messages.log`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd, cmd.OutOrStdout()) },
	}
	f := cmd.Flags()
	c.selection.flags(f)
	f.StringVarP(&c.level, "level", "l", "info", "the least `LEVEL` shown: debug, info, warning, error or critical")
	f.BoolVar(&c.all, "all", false, "show messages of other types too, as if they were of level debug")
	f.StringVarP(&c.file, "file", "r", "", "write to `FILE`, turned over daily")
	return cmd
}

// newReferenceLogger is the log command as Python's has its options.
func newReferenceLogger(s *session) *cobra.Command {
	c := &logger{session: s, level: "info"}
	var server string
	var port int
	cmd := &cobra.Command{
		Use:    referenceLogger,
		Short:  "log the messages of all publishers",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if port < 1 || port > 65535 {
				return daemon.Usage("--port %d: want 1 to 65535", port)
			}
			if s.verbose {
				s.verbose, c.level, c.all = false, "debug", true
			}
			if cmd.Flags().Changed("port") {
				server = net.JoinHostPort(server, strconv.Itoa(port))
			}
			c.nameservers = []string{server}
			return c.run(cmd, cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVarP(&c.file, "rotated", "r", "", "time rotated log `FILE`")
	f.BoolVarP(&s.verbose, "verbose", "v", false, "print debug messages too")
	f.StringVarP(&server, "server", "s", "localhost", "`HOST` of the nameserver")
	f.IntVarP(&port, "port", "p", 16543, "port of the nameserver")
	return cmd
}

// levels are those of messages, the least first, as their types name them.
var levels = []string{"debug", "info", "warning", "error", "critical"}

func (c *logger) run(cmd *cobra.Command, w io.Writer) (err error) {
	least := slices.Index(levels, c.level)
	if least < 0 {
		return daemon.Usage("--level %q: want %s", c.level, strings.Join(levels, ", "))
	}
	if err := c.selection.check(); err != nil {
		return err
	}
	out := &logLines{w: w, least: least, all: c.all, colours: isTerminal(w) && logging.Colours(c.environ)}
	if c.file != "" {
		file, err := logging.OpenDaily(c.file)
		if err != nil {
			return fmt.Errorf("log to %s: %w", c.file, err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		out.w, out.colours = file, false
	}
	return c.receive(cmd, &c.selection, 0, func(sub *pubsub.Subscriber) error {
		for m, err := range sub.Messages(cmd.Context()) {
			if _, isBad := errors.AsType[*pubsub.FrameError](err); isBad {
				continue // warned of in the log of the program
			}
			if err != nil {
				return err
			}
			if err := out.write(m, time.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// logLines writes messages as a log.
type logLines struct {
	w       io.Writer
	least   int // of levels
	all     bool
	colours bool
}

// write writes the line of a message that came at a time, if it is to be shown.
func (l *logLines) write(m *message.Message, at time.Time) error {
	name, ok := strings.CutPrefix(m.Type(), "log.")
	level := slices.Index(levels, name)
	if ok = ok && level >= 0; !ok {
		level = 0
	}
	if level < l.least || !ok && !l.all {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "[%s %s] %s %s ", at.Local().Format("2006-01-02 15:04:05,000"), l.level(level), textlines.Printable(m.Subject()), textlines.Printable(m.Sender()))
	if !ok {
		fmt.Fprintf(&b, "%s ", textlines.Printable(m.Type()))
	}
	fmt.Fprintf(&b, "%s %s\n", logText(m), m.Time())
	_, err := io.WriteString(l.w, b.String())
	return err
}

// levelColours are those of levels (ECMA-48, SGR).
var levelColours = []string{"34", "32", "33", "31", "35"}

// level is the name of a level, as wide as the longest.
func (l *logLines) level(level int) string {
	name := fmt.Sprintf("%-8s", strings.ToUpper(levels[level]))
	if !l.colours {
		return name
	}
	return "\x1b[1;" + levelColours[level] + "m" + name + "\x1b[0m"
}

// logText is the data of a message on one line, or on several of which all but the first are indented, so that none can pass for the line of another message.
func logText(m *message.Message) string {
	if m.Binary() {
		return fmt.Sprintf("[binary, %d bytes]", len(m.RawData()))
	}
	text := string(m.RawData())
	if m.MIME() == message.MIMEText {
		if data, err := m.Data(); err == nil {
			text = fmt.Sprint(data)
		}
	}
	lines := strings.Split(strings.TrimRight(text, "\r\n"), "\n")
	for i := range lines {
		lines[i] = textlines.Printable(strings.TrimSuffix(lines[i], "\r"))
	}
	return strings.Join(lines, "\n    ")
}
