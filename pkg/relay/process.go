package relay

import (
	"reflect"
	"time"

	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
)

// process is what a route does to messages: it drops duplicates, and takes the steps.
type process struct {
	window *dedup.Window // nil: duplicates pass
	chain  *step.Chain   // nil: there are no steps
}

// newProcess makes the process of a route. What old remembers stays, unless the settings of that have changed; nil: there is none.
func newProcess(p plan, old *route) (made process, err error) {
	switch {
	case p.Duplicates == nil:
	case old != nil && reflect.DeepEqual(old.Duplicates, p.Duplicates):
		made.window = old.process.window
	default:
		if made.window, err = dedup.New(*p.Duplicates); err != nil {
			return made, err
		}
	}
	switch {
	case len(p.Steps) == 0:
	case old != nil && reflect.DeepEqual(old.Steps, p.Steps):
		made.chain = old.process.chain // rate limits go on
	default:
		made.chain, err = step.Compile("step", p.Steps)
	}
	return made, err
}

// passesAll tells whether nothing is done to messages.
func (p *process) passesAll() bool { return p.window == nil && p.chain == nil }

// duplicate tells whether m has come already.
func (p *process) duplicate(m *message.Message, item *step.Item, now time.Time) bool {
	if p.window == nil {
		return false
	}
	// A message whose data can't be read has nothing to be known again by. It passes, as its subscribers may do without the data.
	verdict, _ := p.window.SeeData(m, item.Data, now)
	return verdict == dedup.Duplicate
}

// steps returns what becomes of a message: one that may have to get other words.
func (p *process) steps(m *message.Message, item *step.Item, now time.Time, trace func(step int, kind string)) (step.Result, message.Words) {
	if p.chain == nil {
		return step.Result{Message: m}, message.Words{}
	}
	result := p.chain.Walk(item, now, trace)
	var words message.Words
	if result.Reason == "" {
		if result.Message, words, result.Err = item.Parts(); result.Err != nil {
			result.Reason = step.BadResult
		}
	}
	return result, words
}

// upstream returns what has to be subscribed to so that these topics come out.
func (p *process) upstream(asked topics) topics {
	if p.chain == nil {
		return asked
	}
	return p.chain.Upstream(asked...)
}
