package message

import (
	"iter"
	"reflect"
	"strings"
)

// Element is an element of a list that is the data of a message; see
// [Message.Elements].
type Element struct {
	m     *Message
	text  string // the data
	start int    // of the element in text
	end   int
}

// Elements goes over the list that the data is, one element after the other, for
// lists that are too long to have all of them decoded at once. What is no list is
// an error, and so is no data; an error is the last item.
func (m *Message) Elements() iter.Seq2[Element, error] {
	return func(yield func(Element, error) bool) {
		text := m.text(m.RawData())
		if m.mime != isJSONData {
			yield(Element{}, m.dataError(fieldError("data", 0, "text is no list"), text))
			return
		}
		sc := scanner{s: text, maxDepth: int(m.maxDepth)}
		if err := sc.elements(func(start, end int) bool { return yield(Element{m, text, start, end}, nil) }); err != nil {
			yield(Element{}, m.dataError(err, text))
		}
	}
}

// elements passes over the list that is all of the text, and tells where each of
// its elements begins and ends until somebody has seen enough.
func (sc *scanner) elements(yield func(start, end int) bool) error {
	if c := sc.peek(); c != '[' {
		return sc.notList(c)
	}
	if err := sc.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := sc.more(first, ']')
		if err != nil {
			return err
		}
		if !more {
			return sc.end()
		}
		start := sc.pos
		if err := sc.skip(); err != nil {
			return err
		}
		if !yield(start, sc.pos) {
			return nil
		}
	}
}

// notList is the error for another value, or for none, which comes first.
func (sc *scanner) notList(c byte) error {
	start := sc.pos
	if err := sc.skip(); err != nil {
		return err
	}
	return fieldError("data", start, "%s is no list", kindOf(c))
}

// Unmarshal puts the element into what v points to, as [Message.Unmarshal] does
// with all of the data. It has memory of its own: what is kept of it keeps neither
// the other elements nor the frame.
func (e Element) Unmarshal(v any) error {
	target := reflect.ValueOf(v)
	err := checkTarget(target)
	if err == nil {
		err = unmarshalJSON(strings.Clone(e.text[e.start:e.end]), target.Elem(), int(e.m.maxDepth))
	}
	if err == nil {
		return nil
	}
	if at, ok := err.(*Error); ok {
		err = &Error{Field: at.Field, Offset: e.start + at.Offset, Err: at.Err}
	}
	return e.m.dataError(err, e.text)
}
