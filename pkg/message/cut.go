package message

// cutData cuts the offsets off the datetimes in the data when m is of a version
// that has none.
func (m *Message) cutData() (*Message, error) {
	if m.mime != MIMEJSON || !m.version.cutsOffsets() {
		return m, nil
	}
	text := m.text(m.data)
	c := cutter{scanner: scanner{s: text, maxDepth: m.maxDepth}}
	c.peek()
	if err := c.value(false); err != nil {
		return nil, m.dataError(err, text)
	}
	if err := c.end(); err != nil {
		return nil, m.dataError(err, text)
	}
	if c.done == 0 {
		return m, nil
	}
	head := m.text(m.frame[:len(m.frame)-len(m.data)])
	frame := make([]byte, 0, len(head)+len(text))
	frame = append(append(frame, head...), c.out...)
	frame = append(frame, text[c.done:]...)
	return m.decodeAgain(frame)
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
