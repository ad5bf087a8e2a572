package step

import (
	"errors"
	"fmt"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// Reason is why a message was dropped: a short constant, for counters.
type Reason string

// The reasons.
const (
	NotKept     Reason = "not_kept"     // a keep step does not match it
	Dropped     Reason = "dropped"      // a drop step matches it
	RateLimited Reason = "rate_limited" // it came too fast
	TooOld      Reason = "too_old"      // it is older than the limit
	BadData     Reason = "bad_data"     // a step needs data that can't be decoded
	BadResult   Reason = "bad_result"   // what the steps made of it can't be written
)

// Reasons are all of them.
func Reasons() []Reason { return []Reason{NotKept, Dropped, RateLimited, TooOld, BadData, BadResult} }

// Result is what a [Chain] has made of a message.
type Result struct {
	Message *message.Message // to be sent; nil when it was dropped
	Reason  Reason           // empty when it was not
	Step    int              // that dropped it, from 1; 0: none did
	Kind    string           // of that step: its key in the settings, such as "keep"
	Err     error            // the cause of BadData and BadResult
}

// action is what one step does. It returns a reason to drop the item, and the cause where there is one.
type action interface {
	do(i *Item, now time.Time) (Reason, error)
}

// compiled is a step.
type compiled struct {
	kind string // its key in the settings
	when *match // nil: always
	action
}

// Chain is a list of steps.
type Chain struct{ steps []compiled }

// Compile makes a chain. Key is that of the list in the settings, for the errors, which are those of [Validate].
func Compile(key string, configs []Config) (*Chain, error) {
	var b builder
	c := &Chain{}
	for i, config := range configs {
		c.steps = append(c.steps, b.step(fmt.Sprintf("%s[%d]", key, i+1), config))
	}
	if err := errors.Join(b.problems...); err != nil {
		return nil, err
	}
	return c, nil
}

// Do sends i through the steps.
func (c *Chain) Do(i *Item, now time.Time) Result { return c.Trace(i, now, nil) }

// Trace is Do that tells changed of each step that has changed something of the message, with its number, from 1, and its kind. Nil: nobody is told.
func (c *Chain) Trace(i *Item, now time.Time, changed func(step int, kind string)) Result {
	result := c.Walk(i, now, changed)
	if result.Reason == "" {
		result.Message, result.Err = i.Message()
	}
	if result.Err != nil && result.Reason == "" {
		result.Reason = BadResult
	}
	return result
}

// Walk is Trace that leaves what the steps have made of the message in i, see [Item.Message] and [Item.Parts]: the result has none, and is empty unless a step
// has dropped it.
func (c *Chain) Walk(i *Item, now time.Time, changed func(step int, kind string)) Result {
	for n := range c.steps {
		s := &c.steps[n]
		var before state
		if changed != nil {
			before = i.state()
		}
		if reason, err := s.take(i, now); reason != "" {
			return Result{Reason: reason, Step: n + 1, Kind: s.kind, Err: err}
		}
		if changed != nil && i.state() != before {
			changed(n+1, s.kind)
		}
	}
	return Result{}
}

// take lets the step do its work, where it counts for i.
func (s *compiled) take(i *Item, now time.Time) (Reason, error) {
	if s.when != nil {
		switch matches, err := s.when.matches(i); {
		case err != nil:
			return BadData, err
		case !matches:
			return "", nil
		}
	}
	return s.do(i, now)
}

// step makes one step.
func (b *builder) step(key string, c Config) compiled {
	var s compiled
	var found []string
	take := func(name string, isSet bool, build func(key string) action) {
		if isSet {
			found = append(found, name)
			s.kind = name
			s.action = build(key + "." + name)
		}
	}
	if c.When != nil {
		s.when = b.match(key+".when", *c.When)
	}
	take("keep", c.Keep != nil, func(key string) action { return keep{b.match(key, *c.Keep)} })
	take("drop", c.Drop != nil, func(key string) action { return drop{b.match(key, *c.Drop)} })
	take("rename", c.Rename != nil, func(key string) action { return b.rename(key, *c.Rename) })
	take("rewrite", c.Rewrite != nil, func(key string) action { return b.rewrite(key, *c.Rewrite) })
	take("set", len(c.Set) > 0, func(key string) action { return b.set(key, c.Set) })
	take("remove", len(c.Remove) > 0, func(key string) action { return b.remove(key, c.Remove) })
	take("version", c.Version != "", func(key string) action { return b.version(key, c.Version) })
	take("rate_limit", c.RateLimit != nil, func(key string) action { return b.rateLimit(key, *c.RateLimit) })
	take("max_age", c.MaxAge != 0, func(key string) action { return b.maxAge(key, c.MaxAge) })
	if len(found) != 1 {
		text := "says nothing to do"
		if len(found) > 1 {
			text = fmt.Sprintf("says several things to do: %q", found)
		}
		at := key
		if at == "" {
			at = "step"
		}
		b.add(at, text, "one of keep, drop, rename, rewrite, set, remove, version, rate_limit, max_age makes a step")
	}
	return s
}
