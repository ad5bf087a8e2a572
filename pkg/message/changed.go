package message

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"sync"
)

// WithChangedData returns m with other data, of which only what differs from
// that of m is written anew. For whoever changes a part of the data and passes
// on the rest: every byte outside of what has changed stays as it came, spaces,
// the spelling of numbers and escapes, and the order of keys. Where nothing
// differs the result is m's data, byte for byte. Data is generic, as
// [Message.PlainData] and [Message.Data] return it (see [Object]).
//
//   - A value that differs is written as [AppendJSON] writes it, in the place of
//     the one that was there. 1 differs from 1.0.
//   - A key that is not in data any more goes with its comma; one that is new
//     comes at the end of its object, also where data has it further in front.
//   - Of a key that stands in its object several times the last one counts, as
//     for all readers in Python. It is the one that is changed; those before it
//     stay. When the key goes, all of them do.
//   - Elements that a list does not have any more go with their commas.
//
// As with [Message.WithData], data that is empty is no data, and up to v1.01
// times in data lose their offset. A message in ISO 8859-1 becomes UTF-8.
// Where m or data is no JSON object or list, it is WithData. JSON that can't be
// decoded is an error.
func (m *Message) WithChangedData(data any) (*Message, error) {
	if m.mime != isJSONData || !isFull(data) {
		return m.WithData(data)
	}
	text := m.text(m.RawData())
	c := changers.Get().(*changer)
	defer c.free()
	c.scanner = scanner{s: text, maxDepth: int(m.maxDepth)}
	c.cut = m.Version().cutsOffsets()
	if err := c.read(); err != nil {
		return nil, m.dataError(err, text)
	}
	if err := c.change(0, data); err != nil {
		return nil, encodeError(err)
	}
	if c.done == 0 {
		return m, nil
	}
	c.copyTo(len(text))
	return m.withText(c.out)
}

// isFull tells whether v is an object or list that is not empty.
func isFull(v any) bool {
	switch v := v.(type) {
	case *Object:
		return v.Len() > 0
	case []any:
		return len(v) > 0
	}
	return false
}

// span is where a value stands.
type span struct {
	key        string // of a member of an object
	begin      int    // of the key; of a value without one, its own
	start, end int
	next       int // the span behind all that is in this one
}

// changer writes JSON again with other values.
type changer struct {
	scanner
	spans []span // of all values, each before those in it
	out   []byte
	done  int // up to where the text is copied or left out
	cut   bool
	level int
	// Of the objects that are being written, outermost first: for each key the
	// place in the new object, or -1, and for each place the span that counts.
	places, owners []int
}

// changers are kept for their slices.
var changers = sync.Pool{New: func() any { return new(changer) }}

// keepSpans is the number above which spans are not kept.
const keepSpans = 4096

func (c *changer) free() {
	spans, out := c.spans, c.out
	if cap(spans) > keepSpans || cap(out) > keepBuffer {
		return
	}
	clear(spans)
	*c = changer{spans: spans[:0], out: out[:0], places: c.places[:0], owners: c.owners[:0]}
	changers.Put(c)
}

// read finds all values.
func (c *changer) read() error {
	c.peek()
	if err := c.value("", c.pos); err != nil {
		return err
	}
	return c.end()
}

func (c *changer) value(key string, begin int) error {
	i := len(c.spans)
	c.spans = append(c.spans, span{key: key, begin: begin, start: c.pos})
	var err error
	switch c.scanner.next() {
	case '{':
		err = c.elements('}')
	case '[':
		err = c.elements(']')
	default:
		err = c.skip()
	}
	c.spans[i].end, c.spans[i].next = c.pos, len(c.spans)
	return err
}

func (c *changer) elements(closing byte) error {
	if err := c.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := c.more(first, closing)
		if err != nil || !more {
			return err
		}
		begin, key := c.pos, ""
		if closing == '}' {
			if key, err = c.key(); err != nil {
				return err
			}
		}
		if err := c.value(key, begin); err != nil {
			return err
		}
	}
}

// change writes v for the value of span i.
func (c *changer) change(i int, v any) error {
	at := &c.spans[i]
	switch c.s[at.start] {
	case '{':
		if o, ok := v.(*Object); ok && o != nil {
			return c.changeObject(i, o)
		}
	case '[':
		if l, ok := v.([]any); ok {
			return c.changeList(i, l)
		}
	default:
		if c.sameScalar(c.s[at.start:at.end], v) {
			return nil
		}
	}
	c.copyTo(at.start)
	c.done = at.end
	return c.write(v)
}

func (c *changer) write(v any) (err error) {
	w := writer{cut: c.cut, depth: c.level}
	c.out, err = w.value(c.out, v)
	return err
}

// copyTo copies what stands before pos, unless it is left out.
func (c *changer) copyTo(pos int) {
	if pos > c.done {
		c.out = append(c.out, c.s[c.done:pos]...)
		c.done = pos
	}
}

// changeObject writes o for the object of span i.
func (c *changer) changeObject(i int, o *Object) error {
	c.level++
	defer func() { c.level-- }()
	places, owners := len(c.places), len(c.owners)
	c.match(i, o)
	row := row{changer: c, at: c.spans[i].start + 1}
	for j, n := i+1, places; j < c.spans[i].next; j, n = c.spans[j].next, n+1 {
		place := c.places[n]
		if place < 0 {
			row.leaveOut(j)
			continue
		}
		row.keep(j)
		if c.owners[owners+place] != j {
			continue // one of the same key comes behind it
		}
		if err := c.change(j, o.members[place].Value); err != nil {
			return err
		}
	}
	row.end()
	for place, owner := range c.owners[owners : owners+o.Len()] {
		if owner != 0 {
			continue
		}
		row.add()
		var err error
		if c.out, err = appendString(c.out, o.members[place].Key); err != nil {
			return err
		}
		c.out = append(c.out, ": "...)
		if err := c.write(o.members[place].Value); err != nil {
			return err
		}
	}
	c.places, c.owners = c.places[:places], c.owners[:owners]
	return nil
}

// match finds the keys of span i in o, and for each member of o the span that
// counts, the last one of its key.
func (c *changer) match(i int, o *Object) {
	owners := len(c.owners)
	for range o.Len() {
		c.owners = append(c.owners, 0) // no span of a member
	}
	guess := 0 // mostly the order is the same
	for j := i + 1; j < c.spans[i].next; j = c.spans[j].next {
		place := guess
		if guess >= o.Len() || o.members[guess].Key != c.spans[j].key {
			place = o.find(c.spans[j].key)
		}
		if place >= 0 {
			c.owners[owners+place] = j
			guess = place + 1
		}
		c.places = append(c.places, place)
	}
}

// changeList writes l for the list of span i.
func (c *changer) changeList(i int, l []any) error {
	c.level++
	defer func() { c.level-- }()
	row := row{changer: c, at: c.spans[i].start + 1}
	rest := l
	removed := c.isShorter(i, l)
	for j := i + 1; j < c.spans[i].next; j = c.spans[j].next {
		if len(rest) == 0 || removed && !c.same(j, rest[0]) {
			row.leaveOut(j)
			continue
		}
		row.keep(j)
		if err := c.change(j, rest[0]); err != nil {
			return err
		}
		rest = rest[1:]
	}
	row.end()
	for _, v := range rest {
		row.add()
		if err := c.write(v); err != nil {
			return err
		}
	}
	return nil
}

// isShorter tells whether l is the list of span i without some of its elements.
func (c *changer) isShorter(i int, l []any) bool {
	n := 0
	for j := i + 1; j < c.spans[i].next; j = c.spans[j].next {
		n++
	}
	if n <= len(l) {
		return false
	}
	for j := i + 1; len(l) > 0 && j < c.spans[i].next; j = c.spans[j].next {
		if c.same(j, l[0]) {
			l = l[1:]
		}
	}
	return len(l) == 0
}

// row writes the members or elements of one object or list.
type row struct {
	*changer
	at   int  // behind the last one that stays; at first, behind the bracket
	some bool // one stays, or is new
	left int  // where what is left out in front of the first that stays begins; 0: nothing is
	last int  // where it ends
}

// keep goes on to a value that stays.
func (r *row) keep(i int) {
	at := &r.spans[i]
	if r.left > 0 {
		r.copyTo(r.left)
		r.done = at.begin
		r.left = 0
	}
	r.at, r.some = at.end, true
}

// leaveOut leaves out a value, with the comma before it, or, before the first
// that stays, the one behind it.
func (r *row) leaveOut(i int) {
	at := &r.spans[i]
	switch {
	case r.some:
		r.copyTo(r.at)
		r.done = at.end
	case r.left == 0:
		r.left = at.begin
	}
	r.last = at.end
}

// end is called behind the last value.
func (r *row) end() {
	if r.left > 0 { // none stays
		r.copyTo(r.left)
		r.done, r.at = r.last, r.last
	}
}

// add goes on to a value that is new.
func (r *row) add() {
	r.copyTo(r.at)
	if r.some {
		r.out = append(r.out, ", "...)
	}
	r.some = true
}

// same tells whether span i has the value v.
func (c *changer) same(i int, v any) bool {
	_, isTime := v.(Time)
	text := c.s[c.spans[i].start:c.spans[i].end]
	if isTime || text[0] != '{' && text[0] != '[' {
		return c.sameScalar(text, v)
	}
	was, err := parseData(text, c.maxDepth, false)
	return err == nil && c.sameValue(was, v)
}

// sameValue tells whether v is was, which has no times.
func (c *changer) sameValue(was, v any) bool {
	switch was := was.(type) {
	case *Object:
		o, ok := v.(*Object)
		if !ok || o.Len() != was.Len() {
			return false
		}
		for key, value := range was.All() {
			if other, ok := o.Get(key); !ok || !c.sameValue(value, other) {
				return false
			}
		}
		return true
	case []any:
		l, ok := v.([]any)
		if !ok || len(l) != len(was) {
			return false
		}
		for i := range was {
			if !c.sameValue(was[i], l[i]) {
				return false
			}
		}
		return true
	case string:
		return c.sameString(was, v)
	}
	return sameNumber(was, v)
}

// sameScalar tells whether text, which is no object and no list, is v.
func (c *changer) sameScalar(text string, v any) bool {
	switch text[0] {
	case '"':
		inside := text[1 : len(text)-1]
		if strings.IndexByte(inside, '\\') >= 0 {
			inside = unescape(inside)
		}
		return c.sameString(inside, v)
	case 't':
		return v == true
	case 'f':
		return v == false
	case 'n':
		return v == nil
	}
	if n, ok := v.(int64); ok {
		var digits [20]byte
		if string(strconv.AppendInt(digits[:0], n, 10)) == text {
			return true
		}
	}
	sc := scanner{s: text, maxDepth: c.maxDepth}
	was, err := sc.scalar()
	return err == nil && sameNumber(was, v)
}

// sameString tells whether v is the string was, or the time that it stands for.
func (c *changer) sameString(was string, v any) bool {
	switch v := v.(type) {
	case string:
		return v == was
	case Time:
		t, ok := parseTime(was)
		_, a := t.Zone()
		_, b := v.Zone()
		return ok && t.Equal(v) && a == b && (v.Naive || !c.cut)
	}
	return false
}

// sameNumber tells whether v is the number, or the word, was.
func sameNumber(was, v any) bool {
	switch was := was.(type) {
	case *big.Int:
		n, ok := v.(*big.Int)
		return ok && was.Cmp(n) == 0
	case float64:
		x, ok := v.(float64)
		return ok && (math.Float64bits(x) == math.Float64bits(was) || x != x && was != was)
	case int64, bool, nil:
		return v == was
	}
	return false
}
