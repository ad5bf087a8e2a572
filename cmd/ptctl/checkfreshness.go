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
	return c.ofRelay(answer.Subjects, subject, ages, time.Now()), nil
}

// ofRelay says what a relay's answer means at now. It does not tell where a message that it keeps no time of by itself may make the state better.
func (c *freshnessCheck) ofRelay(all []subjectTimes, subject string, ages limits, now time.Time) part {
	newest, maybe := c.newest(all, subject)
	if newest.IsZero() && maybe.why != "" {
		return newPart(subject, stateUnknown, maybe.why)
	}
	if newest.IsZero() {
		return newPart(subject, stateCritical, fmt.Sprintf("no message under %s has come to the relay since it was started", subject))
	}
	old := max(0, now.Sub(newest))
	text := fmt.Sprintf("the newest message under %s at the relay is %s old", subject, roundTime(old))
	p := newPart(subject, stateOK, text, measure{newestAge, old.Seconds(), ages})
	if maybe.at.After(newest) && ages.state(max(0, now.Sub(maybe.at)).Seconds()) < p.state {
		p.state, p.text = stateUnknown, text+", or less: "+maybe.why
	}
	return p
}

// othersSubject are the subjects for which a relay has no room.
const othersSubject = "other"

// doubt is a message that may be one of those that are asked for.
type doubt struct {
	at  time.Time // zero: not known
	why string    // empty: there is none
}

// newest returns when the newest message under a subject was, zero: none is known; and the newest that may have been under it.
func (c *freshnessCheck) newest(all []subjectTimes, subject string) (newest time.Time, maybe doubt) {
	want := strings.TrimPrefix(message.Topic(subject), message.Magic)
	depth := leastDepth(all)
	for _, s := range all {
		var at time.Time
		if told := s.time(c.by); told != nil {
			at = *told
		}
		why := ""
		switch {
		case s.Subject == othersSubject:
			why = "the relay has more subjects than it tells of one by one, and " + subject + " may be among them: a lower subject_depth makes them fewer"
		case strings.HasPrefix(s.Subject, "/heartbeat"):
		case strings.HasPrefix(s.Subject, want):
			if at.After(newest) {
				newest = at
			}
		case strings.HasPrefix(want, s.Subject+"/") && depthOf(s.Subject) >= depth:
			why = "the relay tells of all messages under " + s.Subject + " together: ask for that, or let it have a higher subject_depth"
		}
		if why != "" && (maybe.why == "" || at.After(maybe.at)) {
			maybe = doubt{at: at, why: why}
		}
	}
	return newest, maybe
}

// time is the one that counts, nil: it is not known.
func (s *subjectTimes) time(by string) *time.Time {
	if by == byReceipt {
		return s.Received
	}
	return s.Written
}

// leastDepth is what subject_depth is at least: a relay tells of so many words. An entry of fewer is of one subject, and of none under it.
func leastDepth(all []subjectTimes) int {
	depth := 1
	for _, s := range all {
		if s.Subject != othersSubject {
			depth = max(depth, depthOf(s.Subject))
		}
	}
	return depth
}

// depthOf is the number of words that a relay takes a subject to have.
func depthOf(subject string) int { return 1 + strings.Count(strings.TrimPrefix(subject, "/"), "/") }
