package message

import (
	"errors"
	"slices"
)

// TextStep is one level of where a text stands in data: the key of an object, or
// an element of a list.
type TextStep struct {
	Key    string
	InList bool // Key is empty
}

// WithChangedTexts returns m with other texts in its data, as decoding it,
// changing them and [Message.WithChangedData] would, but in a fraction of the
// time, since the data is passed over once and nothing is made of it. Wanted is
// asked of each text (a string of JSON) by where it stands, from the outside in;
// of those that are, change returns what takes its place, and whether anything
// does. Both may keep at no longer than until they return; what change returns
// may be a part of the text. Where nothing changes the result is m.
//
// It does not do everything: ok is false where the data is no JSON or can't be
// decoded or is nested more than 32 deep, where a key stands again in an object after something was changed
// below it, so that it did not count, and for what can't be written. Whoever
// does it the long way is told the reason there.
func (m *Message) WithChangedTexts(wanted func(at []TextStep) bool, change func(at []TextStep, text string) (string, bool)) (changed *Message, ok bool) {
	if m.mime != isJSONData {
		return nil, false
	}
	text := m.text(m.RawData())
	c := textChanger{scanner: scanner{s: text, maxDepth: int(m.maxDepth)}, wanted: wanted, change: change}
	c.at = c.room[:0]
	if m.latin1 == nil {
		c.head = m.frame[:m.data]
	}
	c.peek()
	if c.value() != nil || c.end() != nil {
		return nil, false
	}
	if c.changes == 0 {
		return m, true
	}
	c.copyTo(len(text))
	if m.latin1 != nil {
		made, err := m.withText(c.out)
		return made, err == nil
	}
	made := *m // its words stay where they are
	made.frame = c.out
	return &made, true
}

// textChanger writes JSON again with other texts.
type textChanger struct {
	scanner
	wanted  func([]TextStep) bool
	change  func([]TextStep, string) (string, bool)
	at      []TextStep
	room    [8]TextStep // for at
	head    []byte      // stands before the data in out
	out     []byte      // nil: nothing has changed yet
	done    int         // up to where the text is copied or left out
	changes int
}

// mostTextSteps is the depth to which texts are changed this way. Data of real messages have five levels.
const mostTextSteps = 32

var errLongWay = errors.New("message: not to be told in one go")

func (c *textChanger) value() error {
	switch c.next() {
	case '"':
		return c.text()
	case '{':
		return c.object()
	case '[':
		return c.list()
	}
	return c.skip()
}

func (c *textChanger) text() error {
	start := c.pos
	raw, escaped, err := c.rawString()
	if err != nil || !c.wanted(c.at) {
		return err
	}
	if escaped {
		raw = unescape(raw)
	}
	text, changed := c.change(c.at, raw)
	if !changed || text == raw {
		return nil
	}
	c.changes++
	c.copyTo(start)
	c.done = c.pos
	c.out, err = appendString(c.out, text)
	return err
}

// copyTo copies what stands before pos, unless it is left out.
func (c *textChanger) copyTo(pos int) {
	if c.out == nil {
		const more = 64 // bytes by which a frame grows mostly at most
		c.out = append(make([]byte, 0, len(c.head)+len(c.s)+more), c.head...)
	}
	c.out = append(c.out, c.s[c.done:pos]...)
	c.done = pos
}

// descend begins a list or an object. Each text is asked of by all that is around it, so depth is bounded.
func (c *textChanger) descend() error {
	if len(c.at) >= mostTextSteps {
		return errLongWay
	}
	return c.enter()
}

func (c *textChanger) list() error {
	if err := c.descend(); err != nil {
		return err
	}
	c.at = append(c.at, TextStep{InList: true})
	for first := true; ; first = false {
		more, err := c.more(first, ']')
		if err == nil && more {
			err = c.value()
		}
		if err != nil || !more {
			c.at = c.at[:len(c.at)-1]
			return err
		}
	}
}

func (c *textChanger) object() error {
	if err := c.descend(); err != nil {
		return err
	}
	level := len(c.at)
	c.at = append(c.at, TextStep{})
	var changed changedKeys
	for first := true; ; first = false {
		more, err := c.more(first, '}')
		if err != nil || !more {
			c.at = c.at[:level]
			return err
		}
		key, err := c.key()
		if err != nil {
			return err
		}
		if changed.has(key) {
			return errLongWay // of several the last one counts
		}
		before := c.changes
		c.at[level].Key = key
		if err := c.value(); err != nil {
			return err
		}
		if c.changes > before {
			changed.add(key)
		}
	}
}

// changedKeys are the keys of one object below which something has changed: a few in most messages.
type changedKeys struct {
	few   [4]string
	count int                 // of few
	more  map[string]struct{} // the others
}

func (k *changedKeys) add(key string) {
	if k.count < len(k.few) {
		k.few[k.count] = key
		k.count++
		return
	}
	if k.more == nil {
		k.more = make(map[string]struct{})
	}
	k.more[key] = struct{}{}
}

func (k *changedKeys) has(key string) bool {
	_, more := k.more[key]
	return more || slices.Contains(k.few[:k.count], key)
}
