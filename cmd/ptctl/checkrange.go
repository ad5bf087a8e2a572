package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// bounds is a range of values that are well, as the monitoring plugins have it (Monitoring Plugins Development Guidelines, "Threshold and Ranges"):
//
//	10      0 to 10
//	10:     10 and more
//	~:10    10 and less
//	10:20   10 to 20
//	@10:20  all but 10 to 20
//
// Both ends belong to it. Of times an end is a number of seconds or a duration, as 15m.
type bounds struct {
	low, high float64
	inside    bool // what lies in it is bad
}

// parseBounds reads a range; times tells that it is one of times.
func parseBounds(text string, times bool) (bounds, error) {
	rest, inside := strings.CutPrefix(text, "@")
	low, high, ok := strings.Cut(rest, ":")
	if !ok {
		low, high = "", rest
	}
	b := bounds{low: 0, high: math.Inf(1), inside: inside}
	var err error
	switch {
	case low == "~":
		b.low = math.Inf(-1)
	case low != "":
		b.low, err = parseEnd(low, times)
	}
	if err == nil && high != "" {
		b.high, err = parseEnd(high, times)
	}
	switch {
	case err != nil:
		return bounds{}, fmt.Errorf("%q: %w", text, err)
	case low == "" && high == "":
		return bounds{}, fmt.Errorf("%q: is no range", text)
	case b.low > b.high:
		return bounds{}, fmt.Errorf("%q: ends before it begins", text)
	}
	return b, nil
}

// parseEnd reads an end of a range.
func parseEnd(text string, times bool) (float64, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
		return n, nil
	}
	if d, err := time.ParseDuration(text); err == nil && times {
		return d.Seconds(), nil
	}
	if times {
		return 0, fmt.Errorf("%q is neither a number of seconds nor a duration as 15m", text)
	}
	return 0, fmt.Errorf("%q is no number", text)
}

// bad tells whether v is worth an alert.
func (b bounds) bad(v float64) bool {
	return (v >= b.low && v <= b.high) == b.inside
}

// String writes the range with numbers alone, as performance data wants it.
func (b bounds) String() string {
	var text string
	switch {
	case math.IsInf(b.low, -1):
		text = "~:"
	case b.low != 0 || math.IsInf(b.high, 1):
		text = number(b.low) + ":"
	}
	if !math.IsInf(b.high, 1) {
		text += number(b.high)
	}
	if b.inside {
		return "@" + text
	}
	return text
}

// number writes v without an exponent, which not all who read performance data understand.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// limits are the ranges of one quantity; nil: there is none.
type limits struct{ warn, crit *bounds }

// parseLimits reads the ranges of two flags, of which an empty one is not set.
func parseLimits(warnFlag, warn, critFlag, crit string, times bool) (limits, error) {
	var l limits
	for _, one := range []struct {
		flag, text string
		to         **bounds
	}{{warnFlag, warn, &l.warn}, {critFlag, crit, &l.crit}} {
		if one.text == "" {
			continue
		}
		b, err := parseBounds(one.text, times)
		if err != nil {
			return limits{}, fmt.Errorf("--%s %w", one.flag, err)
		}
		*one.to = &b
	}
	return l, nil
}

// any tells whether there is a range at all.
func (l limits) any() bool { return l.warn != nil || l.crit != nil }

// state is what v is.
func (l limits) state(v float64) state {
	switch {
	case l.crit != nil && l.crit.bad(v):
		return stateCritical
	case l.warn != nil && l.warn.bad(v):
		return stateWarning
	}
	return stateOK
}
