package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/internal/jsonline"
	"github.com/pytroll/posttroll-go/internal/textlines"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// replayer is the replay command.
type replayer struct {
	*session
	place

	speed    string
	maxGap   time.Duration
	from, to time.Duration
	topics   []string
	types    []string
	prefixes []string
	host     string
	now      bool
	quiet    bool

	factor float64 // of speed; 0: no waiting
	edit   edit
}

func newReplayCommand(s *session) *cobra.Command {
	c := &replayer{session: s}
	cmd := &cobra.Command{
		Use:   "replay FILE",
		Short: "publish the messages of a recording",
		Long: `Publishes the messages of a recording that "ptctl record" has made, with the time
between them as it was, or that divided by --speed. "-" reads standard input. Messages
go out byte for byte as they came, but for what an option changes.

Lines without "received", as those of "ptctl subscribe --json", are sent at the times in
their headers. Where to publish, and whom to wait for, is said as for publish: what is
sent before a subscriber is connected is lost for that one.`,
		Example: `  ptctl replay today.jsonl.gz --name viirs_sdr --wait 1
  ptctl replay pass.jsonl --name test --speed 10 --max-gap 5s
  ptctl replay pass.jsonl --port 9010 --from 10m --to 20m --prefix /segment=/test/segment --sender-host test1`,
		Args: oneFile,
		RunE: c.run,
	}
	f := cmd.Flags()
	c.place.flags(f)
	f.StringVar(&c.speed, "speed", "1", "`FACTOR` by which time runs faster, as 10 or 0.5; max: without waiting")
	f.DurationVar(&c.maxGap, "max-gap", 0, "wait no longer than so long for the next message, before --speed (default: as it was)")
	f.DurationVar(&c.from, "from", 0, "leave out what came earlier than so long after the first message")
	f.DurationVar(&c.to, "to", 0, "leave out what came later than so long after the first message (default: nothing)")
	f.StringArrayVarP(&c.topics, "topic", "t", nil, "only subjects with this `BEGINNING`; may be repeated")
	f.StringSliceVar(&c.types, "type", nil, "only messages of these `TYPES`, as file,dataset")
	f.StringArrayVar(&c.prefixes, "prefix", nil, "give subjects another beginning, as `/a=/test/a`; may be repeated")
	f.StringVar(&c.host, "sender-host", "", "let messages come from `HOST`")
	f.BoolVar(&c.now, "now", false, "give messages the time at which they are sent")
	f.BoolVarP(&c.quiet, "quiet", "q", false, "show no progress")
	return cmd
}

func (c *replayer) run(cmd *cobra.Command, args []string) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	in, err := openTape(args[0], cmd.InOrStdin())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	node, network, err := c.session.open(cmd.ErrOrStderr(), true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, network.Close()) }()
	pub, err := c.place.publisher(node)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pub.Close()) }()
	fmt.Fprintf(cmd.ErrOrStderr(), "publishing on %s\n", pub.Endpoint())
	return c.play(cmd, in, pub)
}

// check finds what flags contradict, and makes sense of them.
func (c *replayer) check() error {
	if c.maxGap < 0 || c.from < 0 || c.to < 0 || c.to > 0 && c.to < c.from {
		return daemon.Usage("--max-gap, --from and --to must not be negative, nor --to before --from")
	}
	var speedErr, editErr error
	c.factor, speedErr = parseSpeed(c.speed)
	c.edit, editErr = newEdit(c.prefixes, c.host, c.now)
	return errors.Join(c.place.check(), speedErr, editErr)
}

// parseSpeed returns the factor by which time runs faster; 0: it does not matter.
func parseSpeed(text string) (float64, error) {
	if text == "max" {
		return 0, nil
	}
	factor, err := strconv.ParseFloat(strings.TrimSuffix(text, "x"), 64)
	if err != nil || !(factor >= 0.001 && factor <= 1e6) {
		return 0, daemon.Usage("--speed %q: want a factor from 0.001 to 1000000, or max", text)
	}
	return factor, nil
}

// playing is a recording on its way.
type playing struct {
	*replayer
	*outgoing
	cmd   *cobra.Command
	tape  *tape
	clock clock
	shown *progress
	bad   int
	lines int64 // bytes of those that are done
}

// play sends the messages of a recording.
func (c *replayer) play(cmd *cobra.Command, in *tape, pub *pubsub.Publisher) error {
	p := &playing{
		replayer: c, outgoing: &outgoing{place: &c.place, pub: pub}, cmd: cmd, tape: in,
		clock: clock{factor: c.factor, maxGap: c.maxGap}, shown: newProgress(cmd.ErrOrStderr(), c.quiet),
	}
	err := textlines.Each(cmd.Context(), in, p.line, func() error { return nil })
	p.shown.end()
	if interrupted(err) || errors.Is(err, errPlayed) {
		err = nil
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "replayed %s in %s\n", things(p.sent, "message"), p.shown.elapsed())
	p.warn(cmd.ErrOrStderr())
	if in.wasCut() {
		fmt.Fprintln(cmd.ErrOrStderr(), "warning: the recording was cut off, its last messages are missing")
	}
	if err == nil && p.bad > 0 {
		err = fmt.Errorf("replay: %s bad and not sent", lines(p.bad))
	}
	return err
}

// errPlayed says that what is wanted of a recording is over.
var errPlayed = errors.New("played")

// line sends the message of a line when it is time to, and goes on after a bad one.
func (p *playing) line(in textlines.Line) error {
	p.lines += int64(len(in.Text)) + 1
	m, at, err := parseRecorded(in)
	if err != nil {
		p.report(in.Number, err)
		return nil
	}
	since := p.clock.offset(at)
	switch {
	case p.to > 0 && since > p.to:
		return errPlayed
	case since < p.from || !p.wants(m):
		return nil
	}
	if m, err = p.edit.changed(m); err != nil {
		p.report(in.Number, err)
		return nil
	}
	return p.sendAt(in.Number, m, since)
}

// sendAt sends m, which came so long after the first message. The wait for subscribers does not count.
func (p *playing) sendAt(line int, m *message.Message, since time.Duration) error {
	ctx := p.cmd.Context()
	if p.sent > 0 {
		if err := pause(ctx, p.clock.wait(since, time.Now())); err != nil {
			return err
		}
	}
	m, err := p.edit.stamped(m)
	if err == nil {
		err = p.outgoing.send(ctx, m)
	}
	switch {
	case err == nil:
	case interrupted(err), errors.Is(err, pubsub.ErrClosed), errors.Is(err, context.DeadlineExceeded), daemon.Status(err) == daemon.StatusNothing:
		return err
	default:
		p.report(line, err)
		return nil
	}
	p.clock.sent(since, time.Now())
	p.shown.show(p.tape.done(p.lines), "%s  %s  %s", things(p.sent, "message"), since.Round(time.Second), textlines.Printable(m.Subject()))
	return nil
}

func (p *playing) report(line int, err error) {
	p.bad++
	p.shown.end()
	fmt.Fprintf(p.cmd.ErrOrStderr(), "line %d: %v\n", line, err)
}

// parseRecorded reads a line of a recording.
func parseRecorded(in textlines.Line) (m *message.Message, at time.Time, err error) {
	if in.Err != nil {
		return nil, at, in.Err
	}
	if in.Text[0] == '{' {
		m, at, err = jsonline.UnmarshalReceived(in.Text, message.Encoder{})
	} else {
		m, err = message.Decode(in.Text)
	}
	if err == nil && at.IsZero() {
		at = m.Time().Time
	}
	return m, at, err
}
