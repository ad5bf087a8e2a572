package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// graceOfLink is how long a message may take before it counts as lost when the time is over; at most a quarter of that.
const graceOfLink = 2 * time.Second

// linkCheck checks links: those of a relay, or the one between two addresses.
type linkCheck struct {
	checking
	relay  relayClient
	routes []string
	topics []string
	count  int
}

func newCheckLink(s *session) *cobra.Command {
	c := &linkCheck{checking: checking{session: s}}
	cmd := &cobra.Command{
		Use:   "link [FROM TO]",
		Short: "check the links of a relay, or that messages get from one address to another",
		Long: `With --relay it asks a relay whether the routes that it has are connected to all publishers
that they are to be connected to. Publishers that are not connected are critical, unless
--warn or --crit say how many are well; a paused route is a warning.

With FROM and TO it subscribes at both addresses, a publisher's and that of what passes its
messages on, and waits until --count messages have come from FROM and then from TO.
Messages are told by their type and the time in their header: subject, sender and data may be
changed on the way. --warn and --crit are about the largest delay. If none arrives it is
critical, if some do not a warning, and if FROM sends nothing before --timeout it is UNKNOWN.`,
		Example: `  ptctl check link --relay http://localhost:9180
  ptctl check link --relay unix:/run/posttroll-relay/ptrelay.sock --route gather --crit 1
  ptctl check link tcp://reception:9010 tcp://relay:9010 --topic /segment --warn 500ms --timeout 50s`,
		Args: func(cmd *cobra.Command, args []string) error {
			if c.relay.place == "" && len(args) == 2 || c.relay.place != "" && len(args) == 0 {
				return nil
			}
			return refuseCheck(cmd, fmt.Errorf("want --relay, or the addresses FROM and TO, got %q", args))
		},
		RunE: c.check,
	}
	c.checking.flags(cmd, "missing links, or of the delay")
	f := cmd.Flags()
	c.relay.flags(f)
	f.StringArrayVar(&c.routes, "route", nil, "`NAME` of a route of the relay; may be repeated (default: all)")
	f.StringArrayVarP(&c.topics, "topic", "t", nil, "`BEGINNING` of the subjects wanted; may be repeated (default: everything)")
	f.IntVar(&c.count, "count", 1, "end when `N` messages have arrived")
	return cmd
}

func (c *linkCheck) check(cmd *cobra.Command, args []string) error {
	ends := len(args) == 2
	wanted, err := c.limits(ends)
	switch {
	case err != nil:
	case c.count < 1:
		err = errors.New("--count must be positive")
	case ends && len(c.routes) > 0:
		err = errors.New("--route needs --relay")
	case !ends && len(c.topics) > 0:
		err = errors.New("--topic needs FROM and TO")
	default:
		err = errors.Join(checkAddresses(args), c.relay.check())
	}
	if err != nil {
		return refuseCheck(cmd, err)
	}
	if ends {
		return c.run(cmd, args[0]+" "+args[1], func(ctx context.Context) (verdict, error) { return c.follow(ctx, cmd, args[0], args[1], wanted) })
	}
	if !wanted.any() {
		wanted.crit = &bounds{} // 0 to 0
	}
	return c.run(cmd, c.relay.place, func(ctx context.Context) (verdict, error) { return c.askRelay(ctx, cmd, wanted) })
}

// routeLinks is what a relay tells of a route (doc/http.md).
type routeLinks struct {
	Name       string   `json:"route"`
	Paused     bool     `json:"paused"`
	Publishers int      `json:"publishers"`
	Wanted     int      `json:"publishers_wanted"`
	Missing    []string `json:"missing"`
	DelayP99   float64  `json:"delay_p99_seconds"`
}

// askRelay checks the links of a relay.
func (c *linkCheck) askRelay(ctx context.Context, cmd *cobra.Command, wanted limits) (verdict, error) {
	var answer struct{ Routes []routeLinks }
	if err := c.relay.ask(ctx, "/v1/routes", &answer); err != nil {
		return verdict{}, err
	}
	v := verdict{check: cmd.Name(), target: c.relay.place}
	for _, route := range answer.Routes {
		if len(c.routes) == 0 || slices.Contains(c.routes, route.Name) {
			v.parts = append(v.parts, route.part(wanted))
		}
	}
	for _, name := range c.routes {
		if !slices.ContainsFunc(answer.Routes, func(r routeLinks) bool { return r.Name == name }) {
			return verdict{}, fmt.Errorf("the relay has no route %q", name)
		}
	}
	if len(v.parts) == 0 {
		return verdict{}, errors.New("the relay has no routes")
	}
	if v.state() != stateOK {
		v.hint = "ptrelay routes on that host, or /v1/publishers, tell since when and why"
	}
	return v, nil
}

// part says how a route is.
func (r *routeLinks) part(wanted limits) part {
	text, least := fmt.Sprintf("%s is connected to %d of %s", r.Name, r.Publishers, things(r.Wanted, "publisher")), stateOK
	if len(r.Missing) > 0 {
		text += ", not to " + strings.Join(r.Missing, ", ")
	}
	if r.Paused {
		text, least = r.Name+" is paused", stateWarning
	}
	return newPart(r.Name, least, text,
		measure{missing, float64(len(r.Missing)), wanted},
		measure{linked, float64(r.Publishers), limits{}},
		measure{delay, r.DelayP99, limits{}},
	)
}

// follow checks that messages get from one address to another.
func (c *linkCheck) follow(ctx context.Context, cmd *cobra.Command, from, to string, wanted limits) (verdict, error) {
	target := from + " " + to
	seen, err := c.compare(ctx, cmd, from, to)
	if err != nil {
		return verdict{}, err
	}
	one := func(p part) (verdict, error) {
		return verdict{check: cmd.Name(), target: target, parts: []part{p}}, nil
	}
	for i := range seen.ends {
		end := &seen.ends[i]
		if !end.connected {
			end.look(cmd.Context())
			return one(newPart(target, stateCritical, fmt.Sprintf("%s is not connected within %s%s", end.uri, c.timeout, end.why())))
		}
	}
	arrived, lost := len(seen.delays), seen.lost(min(graceOfLink, c.timeout/4))
	switch {
	case arrived == 0 && lost == 0:
		return one(newPart(target, stateUnknown, fmt.Sprintf("%s sent nothing within %s that had time to arrive", from, c.timeout)))
	case arrived == 0:
		return one(newPart(target, stateCritical, fmt.Sprintf("none of %s from %s arrived at %s", things(lost, "message"), from, to),
			measure{missing, float64(lost), limits{}}, measure{passed, 0, limits{}}))
	}
	least, text := stateOK, fmt.Sprintf("%s from %s arrived at %s, delay %s", things(arrived, "message"), from, to, roundTime(slices.Max(seen.delays)))
	if lost > 0 {
		least, text = stateWarning, fmt.Sprintf("%s; %d did not", text, lost)
	}
	return one(newPart(target, least, text,
		measure{delay, slices.Max(seen.delays).Seconds(), wanted}, measure{missing, float64(lost), limits{}}, measure{passed, float64(arrived), limits{}}))
}

// linkEnd is one of two addresses.
type linkEnd struct {
	uri       string
	connected bool
	cause     string
}

// look finds a cause that ZeroMQ does not tell.
func (e *linkEnd) look(ctx context.Context) {
	at, err := transport.ConnectEndpoint(e.uri)
	if err != nil || e.cause != "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, probeAfter)
	defer cancel()
	if err := knock(ctx, at); err != nil {
		e.cause = bare(err).Error()
	}
}

// why tells the cause, where it is known.
func (e *linkEnd) why() string {
	if e.cause == "" {
		return ""
	}
	return ": " + e.cause
}
