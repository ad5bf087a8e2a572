package relay

import (
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// process is what a route does to messages: it drops duplicates, and takes the steps.
type process struct{}

// newProcess makes the process of a route.
func newProcess(p plan) (process, error) {
	return process{}, nil
}

// passesAll tells whether nothing is done to messages.
func (p *process) passesAll() bool { return true }

// apply returns what becomes of a message: the very same where nothing is changed, nil where it is dropped, which it counts.
func (p *process) apply(m *message.Message, now time.Time, counts *counters) *message.Message {
	return m
}

// changed returns the process of a route whose settings were before and are now after. What it remembers stays, unless settings of that have changed.
func (p process) changed(before, after plan) (process, error) {
	return newProcess(after)
}

// upstream returns what has to be subscribed to so that these topics come out.
func (p *process) upstream(asked topics) topics { return asked }
