package relay

import (
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Explainer tells what a relay would do with messages, without any network and without keys. Its routes are those of a [Relay], so windows of duplicates,
// rate limits and the memory of loops go on from one message to the next. It may be used by one goroutine at a time.
type Explainer struct {
	routes []*route
	shared map[string][]string // by route: the others that feed its sink
}

// NewExplainer makes an explainer of the routes of cfg, or of those that are named alone, as if there were no others. It returns all that is wrong with cfg, as
// [Config.Validate] does, or [ErrNoRoute].
func NewExplainer(cfg Config, names ...string) (*Explainer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	plans := cfg.plans()
	for _, name := range names {
		if !slices.ContainsFunc(plans, func(p plan) bool { return p.Name == name }) {
			return nil, fmt.Errorf("route %q: %w", name, ErrNoRoute)
		}
	}
	e := &Explainer{shared: make(map[string][]string)}
	for _, p := range plans {
		for _, other := range plans {
			if other.sinkKey == p.sinkKey && other.Name != p.Name {
				e.shared[p.Name] = append(e.shared[p.Name], other.Name)
			}
		}
	}
	if len(names) > 0 {
		plans = slices.DeleteFunc(plans, func(p plan) bool { return !slices.Contains(names, p.Name) })
	}
	var err error
	e.routes, err = (&Relay{log: zap.NewNop()}).makeRoutes(cfg, plans, layout{}, layout{})
	return e, err
}

// Fate is what becomes of a message on a route.
type Fate string

// The fates.
const (
	Sent          Fate = "sent"
	Dropped       Fate = "dropped"        // for a Reason
	NotSubscribed Fate = "not_subscribed" // the route's topics do not cover it
	Paused        Fate = "paused"         // the route is paused by its settings
)

// Explanation is what becomes of a message on one route.
type Explanation struct {
	// Route is its name.
	Route string
	// Fate of the message.
	Fate Fate
	// Reason is why it was dropped: that of the counters, or "duplicate".
	Reason string
	// Step that dropped it, from 1, and its kind, such as "keep"; 0: no step did.
	Step int
	Kind string
	// LoopGroup is the name of the routes that share their memory, where one of them had the message before.
	LoopGroup string
	// Err is the cause, where the message or its data can't be read or written.
	Err error
	// Topics are what the route subscribes to, as they go over the wire.
	Topics []string
	// Sink is where the message goes to.
	Sink SinkPlace
	// Frame goes out; nil: nothing does.
	Frame []byte
	// Message is what Frame is; nil: it is no message, and a lax route lets it pass.
	Message *message.Message
	// ChangedBy are the steps that have changed something, also of what was dropped behind them.
	ChangedBy []StepRef
	// Changes are what is different in the message that goes out.
	Changes []Change
}

// SinkPlace is a sink as far as settings tell.
type SinkPlace struct {
	// Service is the name that subscribers look for.
	Service string
	// Address is what is bound; port 0 is any free one.
	Address string
	// SharedWith are the other routes that feed it.
	SharedWith []string
}

// StepRef is a step of a route.
type StepRef struct {
	// Number of the step, from 1.
	Number int
	// Kind is its key in the settings, such as "rename".
	Kind string
}

// Explain tells what becomes of a frame on each route at the time now, as if it came from a publisher at from that all routes subscribe to, and as
// if subscribers ask for everything. From may be zero: senders are not translated then, and a message that comes again under another
// subject is held for one that came back. The explanations are in the order of the routes.
func (e *Explainer) Explain(frame []byte, from transport.Endpoint, now time.Time) []Explanation {
	m, err := message.Decode(frame)
	explanations := make([]Explanation, 0, len(e.routes))
	for _, r := range e.routes {
		got := Received{Message: m, Frame: frame, Err: err, From: from}
		one := r.explain(got, now)
		one.Sink.SharedWith = e.shared[r.Name]
		if m != nil && one.Message != nil {
			one.Changes = changes(m, one.Message)
		}
		explanations = append(explanations, one)
	}
	return explanations
}

// explain tells what the route makes of what was received.
func (r *route) explain(got Received, now time.Time) Explanation {
	one := Explanation{Route: r.Name, Topics: r.topics, Sink: SinkPlace{Service: r.Sink.Name, Address: r.Sink.bindsAt().String()}}
	switch {
	case r.Route.Paused:
		one.Fate = Paused
		return one
	case !r.topics.covers(got.Frame): // no publisher sends what nobody has subscribed to
		one.Fate = NotSubscribed
		return one
	}
	if r.Source.Translate && got.Message != nil {
		// A subscriber does so before the route has the message.
		if got.Message, got.Err = pubsub.Translate(got.Message, got.From.Host()); got.Err == nil {
			got.Frame = got.Message.Bytes()
		}
	}
	out := r.decide(&got, new(step.Item), nil, now, func(number int, kind string) { one.ChangedBy = append(one.ChangedBy, StepRef{number, kind}) })
	if out.reason != "" {
		one.Fate, one.Reason = Dropped, out.reason
		one.Step, one.Kind, one.Err = out.step.Step, out.step.Kind, out.step.Err
		if got.Message == nil {
			one.Err = got.Err
		}
		if out.reason == reasonLoop {
			one.LoopGroup = r.LoopGroup
		}
		return one
	}
	one.Fate, one.Frame = Sent, out.frame
	if out.message != nil {
		one.Message, one.Err = out.message.WithWords(out.words)
	}
	return one
}
