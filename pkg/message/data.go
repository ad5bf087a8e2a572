package message

import (
	"math"
	"math/big"
	"strconv"
	"sync"
)

// scanners are kept for their stacks.
var scanners = sync.Pool{New: func() any { return new(scanner) }}

// keepStack is the length above which a stack is not kept.
const keepStack = 1024

func newScanner(s string, maxDepth int) *scanner {
	sc := scanners.Get().(*scanner)
	sc.s, sc.maxDepth = s, maxDepth
	return sc
}

// free gives sc back.
func (sc *scanner) free() {
	clear(sc.members) // an error leaves some
	clear(sc.items)
	members, items := sc.members[:0], sc.items[:0]
	*sc = scanner{}
	if cap(members) <= keepStack {
		sc.members = members
	}
	if cap(items) <= keepStack {
		sc.items = items
	}
	scanners.Put(sc)
}

// parseData reads a whole JSON text into generic data, if asked with datetimes
// where the reference has them.
func parseData(s string, maxDepth int, times bool) (any, error) {
	sc := newScanner(s, maxDepth)
	defer sc.free()
	sc.noTimes = !times
	sc.peek()
	v, err := sc.value(false)
	if err == nil {
		err = sc.end()
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// value reads a value. Inside an object, at any depth, a string that is a
// datetime becomes one.
func (sc *scanner) value(inObject bool) (any, error) {
	switch sc.next() {
	case '"':
		s, err := sc.str()
		if err != nil {
			return nil, err
		}
		if inObject && !sc.noTimes {
			if t, ok := parseTime(s); ok {
				return t, nil
			}
		}
		return s, nil
	case '{':
		return sc.object()
	case '[':
		return sc.list(inObject)
	}
	return sc.scalar()
}

// scalar reads a number or a bare word.
func (sc *scanner) scalar() (any, error) {
	switch c := sc.next(); {
	case c == 't' && sc.word("true"):
		return true, nil
	case c == 'f' && sc.word("false"):
		return false, nil
	case c == 'n' && sc.word("null"):
		return nil, nil
	case c == 'N' && sc.word("NaN"):
		return math.NaN(), nil
	case c == 'I' && sc.word("Infinity"):
		return math.Inf(1), nil
	case c == '-' && sc.word("-Infinity"):
		return math.Inf(-1), nil
	}
	lit, integer, err := sc.number()
	switch {
	case err != nil:
		return nil, err
	case integer:
		return parseInt(lit), nil
	}
	return parseFloat(lit), nil
}

// parseInt returns an int64, or a *big.Int where that is too small.
func parseInt(lit string) any {
	if n, err := strconv.ParseInt(lit, 10, 64); err == nil {
		return n
	}
	n, _ := new(big.Int).SetString(lit, 10) // the scanner has checked the digits
	return n
}

// parseFloat returns the nearest float; beyond the largest that is an infinity.
func parseFloat(lit string) float64 {
	f, _ := strconv.ParseFloat(lit, 64) // the only error left is the range
	return f
}

// object reads an object. A key that comes again replaces the value at its first
// place.
func (sc *scanner) object() (*Object, error) {
	if err := sc.enter(); err != nil {
		return nil, err
	}
	base := len(sc.members)
	var seen keySet
	for first := true; ; first = false {
		more, err := sc.more(first, '}')
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		k, err := sc.key()
		if err != nil {
			return nil, err
		}
		v, err := sc.value(true)
		if err != nil {
			return nil, err
		}
		if i, ok := seen.find(sc.members[base:], k); ok {
			sc.members[base+i].Value = v
			continue
		}
		sc.members = append(sc.members, Member{k, v})
	}
	o := &Object{members: make([]Member, len(sc.members)-base), index: seen.index}
	copy(o.members, sc.members[base:])
	clear(sc.members[base:])
	sc.members = sc.members[:base]
	return o, nil
}

// list reads a list.
func (sc *scanner) list(inObject bool) ([]any, error) {
	if err := sc.enter(); err != nil {
		return nil, err
	}
	base := len(sc.items)
	for first := true; ; first = false {
		more, err := sc.more(first, ']')
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		v, err := sc.value(inObject)
		if err != nil {
			return nil, err
		}
		sc.items = append(sc.items, v)
	}
	l := make([]any, len(sc.items)-base)
	copy(l, sc.items[base:])
	clear(sc.items[base:])
	sc.items = sc.items[:base]
	return l, nil
}
