package message

// cutOffsets returns the data with the offsets of its datetimes cut off, or nil
// when there are none. All other characters stay as they are.
func (m *Message) cutOffsets() ([]byte, error) {
	if m.mime != isJSONData {
		return nil, nil
	}
	text := m.text(m.RawData())
	c := cutter{scanner: scanner{s: text, maxDepth: int(m.maxDepth)}}
	c.peek()
	err := c.value(false)
	if err == nil {
		err = c.end()
	}
	if err != nil {
		return nil, m.dataError(err, text)
	}
	if c.done == 0 {
		return nil, nil
	}
	return append(c.out, text[c.done:]...), nil
}

// withText returns m with other data of the same type, given as UTF-8.
func (m *Message) withText(data []byte) (*Message, error) {
	before := m.data
	if m.latin1 != nil {
		return m.decodeAgain(append([]byte(m.text(m.frame[:before])), data...))
	}
	frame := make([]byte, 0, int(before)+len(data))
	frame = append(append(frame, m.frame[:before]...), data...)
	made := *m // its words stay where they are
	made.frame = frame
	return &made, nil
}

// cutter copies JSON, and writes datetimes without their offset.
type cutter struct {
	scanner
	out  []byte
	done int // up to where it is copied
}

func (c *cutter) value(inObject bool) error {
	switch c.next() {
	case '{':
		return c.all('}', true)
	case '[':
		return c.all(']', inObject)
	case '"':
		start := c.pos
		s, err := c.str()
		if err != nil || !inObject {
			return err
		}
		if t, ok := parseTime(s); ok && !t.Naive {
			c.out = append(append(c.out, c.s[c.done:start]...), '"')
			c.out = append(t.appendISO(c.out, false), '"')
			c.done = c.pos
		}
		return nil
	}
	return c.skip()
}

func (c *cutter) all(closing byte, inObject bool) error {
	if err := c.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := c.more(first, closing)
		if err != nil || !more {
			return err
		}
		if closing == '}' {
			if _, err := c.key(); err != nil {
				return err
			}
		}
		if err := c.value(inObject); err != nil {
			return err
		}
	}
}
