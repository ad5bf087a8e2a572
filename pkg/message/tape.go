package message

import (
	"math"
	"slices"
	"sync"
)

// tape is JSON that has been checked, as a row of tokens. Generic data is read in two steps, first into these and then, in [tape.build], into values: how many
// there are of each kind is known by then, so that each kind has one piece of memory, of the right size.
type tape struct {
	scanner
	noTimes bool // strings stay strings, dates or not
	tokens  []token
	times   []Time
	count   counts
	made    values
	at      int // the next token to build from
}

// token is a value, with its key where it has one. Those in a list or an object follow it.
type token struct {
	kind       tokenKind
	keyKind    tokenKind // plainToken or escapedToken
	key, value span32
}

// span32 is where something stands. The value of a list or object has in start how many there are in it, a time its place in times.
type span32 struct{ start, end uint32 }

type tokenKind uint8

const (
	plainToken   tokenKind = iota // text without escapes
	escapedToken                  // text with escapes
	timeToken
	intToken
	floatToken
	objectToken
	listToken
	nullToken
	trueToken
	falseToken
	nanToken
	infinityToken
	minusInfinityToken
)

// counts is how many there are of each kind.
type counts struct{ texts, objects, members, items int }

// tapes are kept for their slices.
var tapes = sync.Pool{New: func() any { return new(tape) }}

const (
	// keepTokens is the number above which tokens are not kept.
	keepTokens = 4096
	// perToken is about the number of bytes of a text for each token in it.
	perToken = 32
)

// newTape returns a tape for what sc has before it.
func newTape(sc scanner) *tape {
	t := tapes.Get().(*tape)
	t.scanner = sc
	return t
}

// free gives t back.
func (t *tape) free() {
	if cap(t.tokens) > keepTokens || cap(t.times) > keepTokens {
		return
	}
	clear(t.times)
	*t = tape{tokens: t.tokens[:0], times: t.times[:0]}
	tapes.Put(t)
}

// parseData reads a whole JSON text into generic data, if asked with datetimes
// where the reference has them.
func parseData(s string, maxDepth int, times bool) (any, error) {
	if uint64(len(s)) > math.MaxUint32 { // for the numbers in a token
		return nil, ErrTooLarge
	}
	t := newTape(scanner{s: s, maxDepth: maxDepth})
	defer t.free()
	t.noTimes = !times
	t.tokens = slices.Grow(t.tokens, min(len(s)/perToken, keepTokens)) // at once, where the pool was empty
	t.peek()
	err := t.value(token{}, false)
	if err == nil {
		err = t.end()
	}
	if err != nil {
		return nil, err
	}
	return t.build(), nil
}

// value reads a value behind a key. Inside an object, at any depth, a string that
// is a datetime becomes one.
func (t *tape) value(key token, inObject bool) error {
	switch t.next() {
	case '"':
		return t.text(key, inObject && !t.noTimes)
	case '{':
		return t.object(key)
	case '[':
		return t.list(key, inObject)
	}
	return t.scalar(key)
}

// add adds a value.
func (t *tape) add(tok token, kind tokenKind, start, end int) {
	tok.kind, tok.value = kind, span32{uint32(start), uint32(end)}
	t.tokens = append(t.tokens, tok)
}

// text reads a string, which may be a time if asked.
func (t *tape) text(key token, times bool) error {
	raw, escaped, err := t.rawString()
	if err != nil {
		return err
	}
	t.addText(key, raw, t.pos-1, textKind(escaped), times)
	return nil
}

// addText adds raw, which ends at end, as a time if it is one.
func (t *tape) addText(key token, raw string, end int, kind tokenKind, times bool) {
	if times && mayBeTime(raw) && t.addTime(key, raw, kind) {
		return
	}
	t.add(key, kind, end-len(raw), end)
	t.count.texts++
}

func textKind(escaped bool) tokenKind {
	if escaped {
		return escapedToken
	}
	return plainToken
}

// mayBeTime tells whether a text may be a time by its first character, which may
// be escaped.
func mayBeTime(raw string) bool { return raw != "" && (isDigit(raw[0]) || raw[0] == '\\') }

// addTime adds raw if it is a time.
func (t *tape) addTime(key token, raw string, kind tokenKind) bool {
	if kind == escapedToken {
		raw = unescape(raw)
	}
	v, ok := parseTime(raw)
	if ok {
		t.add(key, timeToken, len(t.times), 0)
		t.times = append(t.times, v)
	}
	return ok
}

// object reads an object.
func (t *tape) object(key token) error {
	if err := t.enter(); err != nil {
		return err
	}
	place, n := len(t.tokens), 0
	t.add(key, objectToken, 0, 0)
	for first := true; ; first = false {
		more, err := t.more(first, '}')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		n += t.textMembers()
		k, err := t.key()
		if err != nil {
			return err
		}
		if err := t.value(k, true); err != nil {
			return err
		}
		n++
	}
	t.tokens[place].value.start = uint32(n)
	t.count.objects++
	t.count.members += n
	return nil
}

// textMembers reads members as long as they are what [textMember] takes, and returns how many there were.
func (t *tape) textMembers() int {
	for n := 0; ; n++ {
		keyEnd, start, end := textMember(t.s, t.pos)
		if end == 0 {
			return n
		}
		tok := token{key: span32{uint32(t.pos + 1), uint32(keyEnd)}, value: span32{uint32(start), uint32(end)}}
		t.pos = end + 3
		if isDigit(t.s[start]) && !t.noTimes && t.addTime(tok, t.s[start:end], plainToken) {
			continue
		}
		t.tokens = append(t.tokens, tok)
		t.count.texts++
	}
}

// key reads a key and its colon, up to the value.
func (t *tape) key() (token, error) {
	start := t.pos + 1
	raw, escaped, err := t.rawKey()
	return token{keyKind: textKind(escaped), key: span32{uint32(start), uint32(start + len(raw))}}, err
}

// list reads a list.
func (t *tape) list(key token, inObject bool) error {
	if err := t.enter(); err != nil {
		return err
	}
	place, n := len(t.tokens), 0
	t.add(key, listToken, 0, 0)
	for first := true; ; first = false {
		more, err := t.more(first, ']')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if err := t.value(token{}, inObject); err != nil {
			return err
		}
		n++
	}
	t.tokens[place].value.start = uint32(n)
	t.count.items += n
	return nil
}

// scalar reads a number or a bare word.
func (t *tape) scalar(key token) error {
	if kind, ok := t.bareWord(); ok {
		t.add(key, kind, 0, 0)
		return nil
	}
	lit, integer, err := t.number()
	if err != nil {
		return err
	}
	kind := floatToken
	if integer {
		kind = intToken
	}
	t.add(key, kind, t.pos-len(lit), t.pos)
	return nil
}
