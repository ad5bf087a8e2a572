package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/internal/jsonline"
	"github.com/pytroll/posttroll-go/internal/textlines"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// publication is the publish command.
type publication struct {
	*session
	place

	version  string
	binary   bool
	interval time.Duration
	stay     time.Duration
}

func newPublishCommand(s *session) *cobra.Command {
	c := &publication{session: s}
	cmd := &cobra.Command{
		Use:   "publish [SUBJECT TYPE [DATA]]",
		Short: "publish messages",
		Long: `Publishes one message from its arguments, or, without arguments, every line of
standard input: a raw message, or a JSON line as "ptctl subscribe --json" writes it.
DATA that begins with { or [ is JSON, all else is text.

With --name the publisher is announced under that name, by multicast or to each
--nameserver; without, only who knows its address can subscribe. What is sent before
a subscriber is connected is lost for that one: --wait N waits until N subscriptions
cover the subject.`,
		Example: `  ptctl publish --name a_service --wait 1 /viirs/test info "hello"
  ptctl publish --port 9010 --wait 1 /viirs/sdr/1B file '{"uid": "x.h5", "uri": "/data/x.h5"}'
  ptctl publish --name replay --wait 1 --interval 1s < messages.txt`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) == 2 || len(args) == 3 {
				return nil
			}
			return fmt.Errorf("want SUBJECT TYPE [DATA], or nothing to read messages from standard input; got %q", args)
		},
		RunE: c.run,
	}
	f := cmd.Flags()
	c.place.flags(f)
	f.DurationVar(&c.interval, "interval", 0, "time between two messages from standard input, as 500ms")
	f.DurationVar(&c.stay, "stay", 0, "stay for so long after the last message")
	f.StringVar(&c.version, "message-version", "", versionUsage)
	f.BoolVar(&c.binary, "binary", false, "send DATA as binary/octet-stream")
	return cmd
}

func (c *publication) run(cmd *cobra.Command, args []string) (err error) {
	if err := c.check(args); err != nil {
		return err
	}
	node, network, err := c.open(cmd.ErrOrStderr(), true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, network.Close()) }()
	if c.version == "" {
		c.version = string(node.Settings().MessageVersion)
	}
	var single *message.Message
	if len(args) > 0 {
		if single, err = c.message(args); err != nil {
			return daemon.Usage("%w", err)
		}
	}
	pub, err := c.place.publisher(node)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pub.Close()) }()
	s := &sending{publication: c, outgoing: &outgoing{place: &c.place, pub: pub}, cmd: cmd}
	fmt.Fprintf(cmd.ErrOrStderr(), "publishing on %s\n", pub.Endpoint())
	if single != nil {
		err = s.send(single)
	} else {
		err = textlines.Each(cmd.Context(), cmd.InOrStdin(), s.sendLine, func() error { return nil })
	}
	if interrupted(err) {
		err = nil
	}
	return s.finish(err)
}

// check finds what flags and arguments contradict.
func (c *publication) check(args []string) error {
	switch {
	case c.interval < 0 || c.stay < 0:
		return daemon.Usage("--interval and --stay must not be negative")
	case c.binary && len(args) != 3:
		return daemon.Usage("--binary needs SUBJECT TYPE DATA as arguments")
	}
	return errors.Join(c.place.check(), checkVersion(c.version))
}

// message makes the message that the arguments describe.
func (c *publication) message(args []string) (*message.Message, error) {
	enc := message.Encoder{Version: message.Version(c.version)}
	f := message.Fields{Subject: args[0], Type: args[1], Binary: c.binary}
	if len(args) < 3 {
		return enc.Encode(f)
	}
	if data := strings.TrimSpace(args[2]); !c.binary && (strings.HasPrefix(data, "{") || strings.HasPrefix(data, "[")) {
		return jsonline.FromJSON(args[0], args[1], []byte(data), enc)
	}
	f.Data = args[2]
	return enc.Encode(f)
}

// sending counts what goes out.
type sending struct {
	*publication
	*outgoing
	cmd      *cobra.Command
	bad      int
	lastSent time.Time
}

// sendLine sends one line of standard input, and goes on after a bad one.
func (s *sending) sendLine(in textlines.Line) error {
	if s.sent > 0 {
		// Before it is read: a message that names no time has that at which it is sent.
		if err := pause(s.cmd.Context(), time.Until(s.lastSent.Add(s.interval))); err != nil {
			return err
		}
	}
	m, err := s.parseLine(in)
	if err == nil {
		err = s.send(m)
	}
	if err == nil || interrupted(err) || daemon.Status(err) == daemon.StatusNothing {
		return err
	}
	if errors.Is(err, pubsub.ErrClosed) {
		return err
	}
	s.bad++
	fmt.Fprintf(s.cmd.ErrOrStderr(), "line %d: %v\n", in.Number, err)
	return nil
}

func (s *sending) parseLine(in textlines.Line) (*message.Message, error) {
	if in.Err != nil {
		return nil, in.Err
	}
	if in.Text[0] == '{' {
		return jsonline.Unmarshal(in.Text, message.Encoder{Version: message.Version(s.version)})
	}
	return message.Decode(in.Text)
}

// send sends m.
func (s *sending) send(m *message.Message) error {
	err := s.outgoing.send(s.cmd.Context(), m)
	s.lastSent = time.Now()
	return err
}

// finish stays as long as asked and tells how it went.
func (s *sending) finish(err error) error {
	if err == nil {
		if err := pause(s.cmd.Context(), s.stay); err != nil && !interrupted(err) {
			return err
		}
	}
	if err != nil {
		return err
	}
	s.warn(s.cmd.ErrOrStderr())
	if s.bad > 0 {
		return fmt.Errorf("%d of %d messages were not sent", s.bad, s.bad+s.sent)
	}
	return nil
}
