package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// state is how something that was checked is. Its number is the exit status of monitoring plugins.
type state int

const (
	stateOK state = iota
	stateWarning
	stateCritical
	stateUnknown
)

// String is the name of the state, in the letters of monitoring plugins.
func (s state) String() string { return [...]string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}[s] }

// worst returns the state that counts of several: what is known to be bad goes before what is not known.
func worst(states ...state) state {
	order := []state{stateOK, stateUnknown, stateWarning, stateCritical}
	return slices.MaxFunc(append(states, stateOK), func(a, b state) int { return slices.Index(order, a) - slices.Index(order, b) })
}

// quantity is something that checks measure.
type quantity struct {
	name string
	unit string // "s", or empty for a number of things
	help string // for Prometheus
}

// The quantities. Their names are promised, as are the names of checks.
var (
	answerTime  = quantity{"time", "s", "Time from the question to the answer of a nameserver, the connection included."}
	listed      = quantity{"publishers", "", "Publishers that a nameserver lists."}
	clockOffset = quantity{"clock_offset", "s", "What the clock of a nameserver is ahead of that of this host."}
	newestAge   = quantity{"age", "s", "Age of the newest message, or of the last announcement of a publisher."}
	connectTime = quantity{"connect_time", "s", "Time until a publisher has agreed on how to speak."}
	answering   = quantity{"answering", "", "Publishers of a service that answer."}
	missing     = quantity{"missing", "", "Links that are not there, or messages that did not arrive."}
	linked      = quantity{"connected", "", "Links that are there."}
	delay       = quantity{"delay", "s", "Delay of messages: of a route the p99 of the relay, between two addresses the largest one seen."}
	passed      = quantity{"messages", "", "Messages that arrived."}
)

// measure is a value of a quantity.
type measure struct {
	quantity
	value float64
	limits
}

// state is how the value is by its limits.
func (m measure) state() state { return m.limits.state(m.value) }

// part is one thing of those that were checked: a nameserver, a publisher, a route.
type part struct {
	of       string // which one
	state    state
	text     string
	measures []measure
}

// verdict is the result of a check.
type verdict struct {
	check  string // "nameserver"
	target string // what was checked, as it was asked for
	parts  []part
	hint   string // what to try; may be empty
	// total says that the first part is about all others together.
	total bool
}

// newPart is a part that is at least as bad as its measures.
func newPart(of string, least state, text string, measures ...measure) part {
	p := part{of: of, state: least, text: text, measures: measures}
	for _, m := range measures {
		p.state = worst(p.state, m.state())
	}
	return p
}

// named is the text with what it is about.
func (p *part) named() string {
	if strings.Contains(p.text, p.of) {
		return p.text
	}
	return p.of + ": " + p.text
}

// unknown is the verdict of a check that could not be made.
func unknown(check, target string, err error) verdict {
	return verdict{check: check, target: target, parts: []part{{of: target, state: stateUnknown, text: err.Error()}}, hint: hintOf(err)}
}

// hintOf returns what the reader of err may try.
func hintOf(err error) string {
	h, ok := errors.AsType[interface {
		error
		HintText() string
	}](err)
	if !ok {
		return ""
	}
	return h.HintText()
}

func (v *verdict) state() state {
	var states []state
	for _, p := range v.parts {
		states = append(states, p.state)
	}
	return worst(states...)
}

// text says in one line what the state comes from.
func (v *verdict) text() string {
	if len(v.parts) == 1 {
		return v.parts[0].text
	}
	parts := v.parts
	if v.total {
		parts = parts[1:]
	}
	var bad []string
	for _, p := range parts {
		if p.state != stateOK {
			bad = append(bad, p.named())
		}
	}
	switch {
	case v.total:
		return strings.Join(append([]string{v.parts[0].text}, bad...), "; ")
	case len(bad) == 0:
		return fmt.Sprintf("all %d: %s", len(parts), parts[0].text)
	}
	return fmt.Sprintf("%d of %d: %s", len(bad), len(parts), strings.Join(bad, "; "))
}
