package relay

import (
	"reflect"
	"time"

	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/message"
)

// process is what a route does to messages: it drops duplicates.
type process struct {
	window *dedup.Window // nil: duplicates pass
}

// newProcess makes the process of a route.
func newProcess(p plan) (process, error) {
	if p.Duplicates == nil {
		return process{}, nil
	}
	window, err := dedup.New(*p.Duplicates)
	return process{window: window}, err
}

// changed returns the process of a route whose settings were before and are now after. What it remembers stays, unless settings of that have changed.
func (p process) changed(before, after plan) (process, error) {
	if reflect.DeepEqual(before.Duplicates, after.Duplicates) {
		return p, nil
	}
	return newProcess(after)
}

// passesAll tells whether nothing is done to messages.
func (p *process) passesAll() bool { return p.window == nil }

// duplicate tells whether m has come already.
func (p *process) duplicate(m *message.Message, now time.Time) bool {
	if p.window == nil {
		return false
	}
	// A message whose data can't be read has nothing to be known again by. It passes, as its subscribers may do without the data.
	verdict, _ := p.window.See(m, now)
	return verdict == dedup.Duplicate
}

// apply returns what becomes of a message: the very same where nothing is changed, nil where it is dropped, which it counts.
func (p *process) apply(m *message.Message, _ time.Time, _ *counters) *message.Message { return m }

// upstream returns what has to be subscribed to so that these topics come out.
func (p *process) upstream(asked topics) topics { return asked }
