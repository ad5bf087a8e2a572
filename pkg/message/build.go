package message

import (
	"math"
	"math/big"
	"strconv"
)

// values is memory for generic values, one piece for each kind, so what is kept
// of it keeps all.
type values struct {
	texts   []string
	times   []Time
	objects []Object
	members []Member
	items   []any
	used    counts
}

// build returns the values that t has read.
func (t *tape) build() any {
	c := &t.count
	t.made = values{
		texts:   make([]string, c.texts),
		times:   make([]Time, len(t.times)),
		objects: make([]Object, c.objects),
		members: make([]Member, c.members),
		items:   make([]any, c.items),
	}
	copy(t.made.times, t.times)
	t.at = 0
	return t.buildValue()
}

// buildValue returns the value of the next token.
func (t *tape) buildValue() any {
	tok := &t.tokens[t.at]
	t.at++
	switch tok.kind {
	case plainToken, escapedToken:
		p := &t.made.texts[t.made.used.texts]
		t.made.used.texts++
		*p = t.textAt(tok.value, tok.kind)
		return boxedText(p)
	case timeToken:
		return boxedTime(&t.made.times[tok.value.start])
	case objectToken:
		return t.buildObject(int(tok.value.start))
	case listToken:
		return t.buildList(int(tok.value.start))
	case intToken:
		return parseInt(t.s[tok.value.start:tok.value.end])
	case floatToken:
		return parseFloat(t.s[tok.value.start:tok.value.end])
	}
	return bareValues[tok.kind]
}

// bareValues are what bare words stand for.
var bareValues = [...]any{
	trueToken: true, falseToken: false, nanToken: math.NaN(), infinityToken: math.Inf(1), minusInfinityToken: math.Inf(-1),
}

// textAt returns a text.
func (t *tape) textAt(at span32, kind tokenKind) string {
	raw := t.s[at.start:at.end]
	if kind == escapedToken {
		return unescape(raw)
	}
	return raw
}

// buildObject makes an object of n members. A key that comes again replaces the value at its first place.
func (t *tape) buildObject(n int) *Object {
	use := &t.made.used
	o, members := &t.made.objects[use.objects], t.made.members[use.members:use.members+n]
	use.objects++
	use.members += n
	var seen keySet
	count := 0
	for range n {
		tok := &t.tokens[t.at]
		key := t.textAt(tok.key, tok.keyKind)
		v := t.buildValue()
		if seen.index != nil || !seen.mark(key) {
			if i, again := seen.find(members[:count], key); again {
				members[i].Value = v
				continue
			}
		}
		members[count] = Member{key, v}
		count++
	}
	o.members, o.index = members[:count:count], seen.index
	if o.index == nil && count > indexFrom {
		o.reindex()
	}
	return o
}

// buildList makes a list of n elements.
func (t *tape) buildList(n int) []any {
	l := t.made.items[t.made.used.items:][:n:n]
	t.made.used.items += n
	for i := range l {
		l[i] = t.buildValue()
	}
	return l
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

// generic reads the value that is next into generic data. inObject tells whether
// strings may be times.
func (sc *scanner) generic(inObject bool) (any, error) {
	switch sc.next() {
	case '"':
		s, err := sc.str()
		if err == nil && inObject {
			if t, ok := parseTime(s); ok {
				return t, nil
			}
		}
		return s, err
	case '{', '[':
		t := newTape(*sc)
		defer t.free()
		if err := t.value(token{}, inObject); err != nil {
			return nil, err
		}
		sc.pos = t.pos
		return t.build(), nil
	}
	return sc.scalar()
}

// scalar reads a number or a bare word.
func (sc *scanner) scalar() (any, error) {
	if kind, ok := sc.bareWord(); ok {
		return bareValues[kind], nil
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
