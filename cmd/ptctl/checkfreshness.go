package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// freshnessCheck checks how old the newest message under a subject is.
type freshnessCheck struct {
	checking
	selection
	relay relayClient
	by    string
}

// What a message's age is counted from.
const (
	byHeader  = "header"
	byReceipt = "receipt"
)

func newCheckFreshness(s *session) *cobra.Command {
	c := &freshnessCheck{checking: checking{session: s}}
	cmd := &cobra.Command{
		Use:   "freshness SUBJECT",
		Short: "check how old the newest message is",
		Long: `Waits for messages whose subject begins with SUBJECT until one is new enough, or --timeout
is over. Heartbeats do not count. Nobody keeps messages for those who come later, as a rule:
when none comes, all that is known is that the newest is older than --timeout. If --crit
allows that, the check is UNKNOWN; without --warn and --crit it is critical.

With --relay it asks a relay, which knows when the last message came, and does not wait.
The relay keeps times by the first words of subjects (subject_depth); SUBJECT has to be at
most so long, or the check is UNKNOWN.

The age is that of the time in the header: when a program made the message, so that one
that was kept on its way, or is sent again to those who come, is as old as it is. It needs
clocks that are right; a time in the future counts as now. --time receipt takes the time
of arrival in its place.`,
		Example: `  ptctl check freshness /segment/SDR --crit 20m --relay http://localhost:9180
  ptctl check freshness /heartrate --service monitor --crit 30s --timeout 40s
  ptctl check freshness / --address tcp://host:9010 --type file,dataset`,
		Args: checkArgs(1, 1, "the beginning of one SUBJECT"),
		RunE: c.check,
	}
	c.checking.flags(cmd, "the age")
	f := cmd.Flags()
	f.StringArrayVarP(&c.services, "service", "s", nil, "`NAME` or alias of publishers; may be repeated (default: all that the nameserver knows)")
	f.StringArrayVarP(&c.addresses, "address", "a", nil, "`URI` of a publisher, as tcp://host:9010; may be repeated")
	f.StringArrayVarP(&c.nameservers, "nameserver", "n", nil, "`HOST` of a nameserver; may be repeated (default localhost)")
	f.StringSliceVar(&c.types, "type", nil, "only messages of these types, as file,dataset")
	f.StringVar(&c.by, "time", byHeader, "the `TIME` that counts: header or receipt")
	c.relay.flags(f)
	return cmd
}

func (c *freshnessCheck) check(cmd *cobra.Command, args []string) error {
	subject := args[0]
	c.topics = args
	ages, err := c.limits(true)
	switch {
	case err != nil:
	case c.by != byHeader && c.by != byReceipt:
		err = fmt.Errorf("--time %q: want %s or %s", c.by, byHeader, byReceipt)
	case c.relay.place != "" && len(c.services)+len(c.addresses)+len(c.nameservers)+len(c.types) > 0:
		err = errors.New("--relay and --service, --address, --nameserver or --type exclude each other")
	default:
		err = errors.Join(c.selection.check(), c.relay.check())
	}
	if err != nil {
		return refuseCheck(cmd, err)
	}
	return c.run(cmd, subject, func(ctx context.Context) (verdict, error) {
		do := c.listen
		if c.relay.place != "" {
			do = c.askRelay
		}
		p, err := do(ctx, cmd, subject, ages)
		v := verdict{check: cmd.Name(), target: subject, parts: []part{p}}
		if p.state == stateCritical || p.state == stateWarning {
			v.hint = "ptctl services and ptctl events show whether its publisher is there"
		}
		return v, err
	})
}

// listen waits for a message that is new enough.
func (c *freshnessCheck) listen(ctx context.Context, cmd *cobra.Command, subject string, ages limits) (p part, err error) {
	newest, messages := time.Duration(-1), 0
	err = c.receive(cmd, &c.selection, 0, func(sub *pubsub.Subscriber) error {
		for m, err := range sub.Messages(ctx) {
			if _, noMessage := errors.AsType[*pubsub.FrameError](err); noMessage || err == nil && isHeartbeat(m) {
				continue
			}
			if err != nil {
				return ignoreTimeout(ctx, err)
			}
			messages++
			if old := c.age(m, time.Now()); newest < 0 || old < newest {
				newest = old
			}
			if ages.state(newest.Seconds()) == stateOK {
				return nil
			}
		}
		return nil
	})
	if messages == 0 {
		return c.silence(subject, ages), err
	}
	text := fmt.Sprintf("the newest message under %s is %s old", subject, roundTime(newest))
	return newPart(subject, stateOK, text, measure{newestAge, newest.Seconds(), ages}, measure{passed, float64(messages), limits{}}), err
}

// ignoreTimeout returns err, unless the check's own time was over.
func ignoreTimeout(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil
	}
	return err
}

// isHeartbeat tells whether m says no more than that its publisher lives.
func isHeartbeat(m *message.Message) bool {
	return m.Type() == "beat" && strings.HasPrefix(m.Subject(), "/heartbeat/")
}

// age is how old a message is that came at now.
func (c *freshnessCheck) age(m *message.Message, now time.Time) time.Duration {
	if c.by == byReceipt {
		return 0
	}
	return max(0, now.Sub(m.Time().Time))
}

// silence says what it means that nothing came: that the newest message is older than that, and no more.
func (c *freshnessCheck) silence(subject string, ages limits) part {
	text := fmt.Sprintf("no message under %s came within %s", subject, c.timeout)
	if !ages.any() {
		return newPart(subject, stateCritical, text)
	}
	p := newPart(subject, ages.state(c.timeout.Seconds()), text)
	if p.state == stateOK {
		p.state = stateUnknown
		p.text += ", which does not tell how old the newest one is: --timeout can be longer, and --relay asks who knows"
	}
	return p
}

// subjectTimes is what a relay knows of a beginning of subjects.
type subjectTimes struct {
	Subject  string     `json:"subject"`
	Received *time.Time `json:"received"`
	Written  *time.Time `json:"written"`
}

// askRelay asks when the last message came.
func (c *freshnessCheck) askRelay(ctx context.Context, _ *cobra.Command, subject string, ages limits) (part, error) {
	var answer struct{ Subjects []subjectTimes }
	if err := c.relay.ask(ctx, "/v1/subjects", &answer); err != nil {
		return part{}, err
	}
	newest, unsure := c.newest(answer.Subjects, subject)
	if newest.IsZero() && unsure != "" {
		return newPart(subject, stateUnknown, unsure), nil
	}
	if newest.IsZero() {
		return newPart(subject, stateCritical, fmt.Sprintf("no message under %s has come to the relay since it was started", subject)), nil
	}
	old := max(0, time.Since(newest))
	text := fmt.Sprintf("the newest message under %s at the relay is %s old", subject, roundTime(old))
	return newPart(subject, stateOK, text, measure{newestAge, old.Seconds(), ages}), nil
}

// othersSubject are the subjects for which a relay has no room.
const othersSubject = "other"

// newest returns when the newest message under a subject was, zero: none is known. Unsure says why there may be one nevertheless; empty: there is none.
func (c *freshnessCheck) newest(all []subjectTimes, subject string) (newest time.Time, unsure string) {
	want := strings.TrimPrefix(message.Topic(subject), message.Magic)
	for _, s := range all {
		at := s.Written
		if c.by == byReceipt {
			at = s.Received
		}
		switch {
		case s.Subject == othersSubject:
			unsure = "the relay has more subjects than it tells of one by one, and " + subject + " may be among them: a lower subject_depth makes them fewer"
		case strings.HasPrefix(s.Subject, "/heartbeat"):
		case strings.HasPrefix(s.Subject, want):
			if at != nil && at.After(newest) {
				newest = *at
			}
		case strings.HasPrefix(want, s.Subject+"/"):
			unsure = "the relay tells of all messages under " + s.Subject + " together: ask for that, or let it have a higher subject_depth"
		}
	}
	return newest, unsure
}
