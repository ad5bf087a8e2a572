package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
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
	options pubsub.PublisherOptions
	version string
	binary  bool
	noTell  bool
	both    bool

	wait        int
	waitTimeout time.Duration
	interval    time.Duration
	stay        time.Duration
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
	f.StringVar(&c.options.Name, "name", "", "announce the publisher as `SERVICE`")
	f.StringArrayVar(&c.options.Aliases, "alias", nil, "further `NAME` to announce; may be repeated")
	f.StringArrayVarP(&c.options.Nameservers, "nameserver", "n", nil, "announce to the nameserver on `HOST`, instead of by multicast; may be repeated")
	f.BoolVar(&c.both, "multicast", false, "announce by multicast also with --nameserver")
	f.BoolVar(&c.noTell, "no-announce", false, "announce nothing; the name then stands in heartbeats alone")
	f.IntVarP(&c.options.Port, "port", "p", 0, "bind `PORT` (default: a free one)")
	f.StringVarP(&c.options.Address, "address", "a", "", "bind `URI` instead, as tcp://10.0.0.1:9010 or ipc:///run/x")
	f.StringVar(&c.options.Advertise, "advertise", "", "`HOST` or network interface to announce (default: the address this host reaches others from)")
	f.IntVarP(&c.wait, "wait", "w", 0, "wait until `N` subscriptions cover the subject of the first message")
	f.DurationVar(&c.waitTimeout, "wait-timeout", 0, "give up waiting after so long, with status 3 (default: never)")
	f.DurationVar(&c.interval, "interval", 0, "time between two messages from standard input, as 500ms")
	f.DurationVar(&c.stay, "stay", 0, "stay for so long after the last message")
	f.IntVar(&c.options.Queue, "queue", 0, "hold `N` messages for a subscriber that is slower; what comes on top is lost for it (default 1000)")
	f.StringVar(&c.version, "message-version", "", versionUsage)
	f.BoolVar(&c.binary, "binary", false, "send DATA as binary/octet-stream")
	f.BoolVar(&c.options.Lax, "lax", false, "also send what would end Python subscribers")
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
	pub, err := node.Publisher(c.options)
	if errors.Is(err, syscall.EADDRINUSE) {
		return daemon.Hint(err, "another program has that port (ss -ltnp shows which): choose another one, or leave it out for a free one")
	}
	if err != nil {
		return keysMissing(err)
	}
	defer func() { err = errors.Join(err, pub.Close()) }()
	s := &sending{publication: c, cmd: cmd, pub: pub}
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

// check finds what flags and arguments contradict, and completes the options.
func (c *publication) check(args []string) error {
	o := &c.options
	switch {
	case o.Name == "" && (len(o.Aliases) > 0 || len(o.Nameservers) > 0 || c.both):
		return daemon.Usage("--alias, --nameserver and --multicast announce a publisher, which needs a --name")
	case c.noTell && (len(o.Nameservers) > 0 || c.both):
		return daemon.Usage("--no-announce and --nameserver or --multicast exclude each other")
	case c.wait < 0 || c.waitTimeout < 0 || c.interval < 0 || c.stay < 0:
		return daemon.Usage("--wait, --wait-timeout, --interval and --stay must not be negative")
	case c.options.Queue < 0:
		return daemon.Usage("--queue must not be negative")
	case c.binary && len(args) != 3:
		return daemon.Usage("--binary needs SUBJECT TYPE DATA as arguments")
	case o.Name == "" || c.noTell:
		o.Announce = pubsub.AnnounceNone
	case c.both:
		o.Announce = pubsub.AnnounceBoth
	}
	return errors.Join(checkBind(o), checkNameservers(o.Nameservers), checkVersion(c.version))
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
	cmd      *cobra.Command
	pub      *pubsub.Publisher
	sent     int
	bad      int
	unheard  int
	lastSent time.Time
}

// sendLine sends one line of standard input, and goes on after a bad one.
func (s *sending) sendLine(in textlines.Line) error {
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

// send waits for subscribers before the first message and for the interval before each other one, and sends m.
func (s *sending) send(m *message.Message) error {
	ctx := s.cmd.Context()
	if s.sent == 0 {
		if err := s.waitSubscribed(ctx, m.Subject()); err != nil {
			return err
		}
	} else if err := pause(ctx, time.Until(s.lastSent.Add(s.interval))); err != nil {
		return err
	}
	heard := covered(s.pub.Subscriptions(), m)
	if err := s.pub.Send(ctx, m); err != nil {
		return err
	}
	s.lastSent = time.Now()
	s.sent++
	if !heard {
		s.unheard++
	}
	return nil
}

func (s *sending) waitSubscribed(ctx context.Context, subject string) error {
	if s.wait == 0 {
		return nil
	}
	if s.waitTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.waitTimeout)
		defer cancel()
	}
	err := s.pub.WaitSubscribed(ctx, subject, s.wait)
	if errors.Is(err, context.DeadlineExceeded) {
		return daemon.Hint(daemon.Nothing(fmt.Errorf("%s is not subscribed to by %d within %s; nothing was sent", subject, s.wait, s.waitTimeout)),
			"start the subscriber, or send without --wait")
	}
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
	if s.unheard > 0 {
		fmt.Fprintf(s.cmd.ErrOrStderr(), "warning: nobody was subscribed to %d of %d messages (--wait 1 waits for a subscriber)\n", s.unheard, s.sent)
	}
	if s.bad > 0 {
		return fmt.Errorf("%d of %d messages were not sent", s.bad, s.bad+s.sent)
	}
	return nil
}
