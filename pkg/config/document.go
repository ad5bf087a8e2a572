package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

// document is a TOML text: its top-level entries in order, with the lines of all keys.
type document struct {
	entries []entry
	lines   map[string]int // by path: "limits.total", "rule[2].from"
	text    []string
}

type entry struct {
	key   string
	value any // as package toml decodes into an any
	line  int
}

// parseDocument reads TOML.
func parseDocument(data []byte) (*document, error) {
	var root map[string]toml.Primitive
	md, err := toml.Decode(string(data), &root)
	if err != nil {
		return nil, err
	}
	doc := &document{lines: map[string]int{}, text: strings.Split(string(data), "\n")}
	for _, key := range md.Keys() {
		p, ok := root[key[0]]
		if !ok {
			continue // seen already
		}
		delete(root, key[0])
		value, line := doc.probe(&md, key[0], p)
		doc.entries = append(doc.entries, entry{key[0], value, line})
	}
	return doc, nil
}

// line returns the line where path is set, or the one nearest above it; 0 when it can't be told.
func (d *document) line(path string) int {
	for {
		if n := d.lines[path]; n > 0 {
			return n
		}
		dot := strings.LastIndexAny(path, ".[")
		if dot < 0 {
			return 0
		}
		path = path[:dot]
	}
}

// probe takes the value out of p and notes the lines of it and of the keys below it.
func (d *document) probe(md *toml.MetaData, path string, p toml.Primitive) (any, int) {
	value, line := lookAt(md, p)
	switch value := value.(type) {
	case map[string]any:
		var below map[string]toml.Primitive
		if md.PrimitiveDecode(p, &below) != nil {
			break // a table fits, so it does not happen
		}
		for key, sub := range below {
			_, n := d.probe(md, path+"."+key, sub)
			if line == 0 || n > 0 && n < line {
				line = n // a dotted key has no line of its own
			}
		}
	case []map[string]any:
		line = d.tables(path, len(value))
	}
	d.lines[path] = line
	return value, line
}

// tables notes the lines of the n tables in a list and of their keys, and returns that of the first. Package toml keeps one position for all
// of them, so their headers are looked for in the text; 0 when they are not found as written usually.
func (d *document) tables(path string, n int) int {
	var headers []int
	for i, line := range d.text {
		line, _, _ = strings.Cut(line, "#")
		if strings.Join(strings.Fields(line), "") == "[["+path+"]]" {
			headers = append(headers, i)
		}
	}
	if len(headers) != n {
		return 0
	}
	for i, at := range headers {
		table := fmt.Sprintf("%s[%d]", path, i+1)
		d.lines[table] = at + 1
		for n, line := range d.text[at+1:] {
			if strings.HasPrefix(strings.TrimSpace(line), "[") {
				break
			}
			if key, _, ok := strings.Cut(line, "="); ok {
				d.lines[table+"."+strings.TrimSpace(key)] = at + 2 + n
			}
		}
	}
	return headers[0] + 1
}

// seer is a decoding target that keeps the value and refuses it: the refusal comes back with the position.
type seer struct{ value any }

var errSeen = errors.New("seen")

// UnmarshalTOML keeps the value.
func (s *seer) UnmarshalTOML(value any) error {
	s.value = value
	return errSeen
}

// lookAt returns the value of p and the line of its key.
func lookAt(md *toml.MetaData, p toml.Primitive) (any, int) {
	var s seer
	err := md.PrimitiveDecode(p, &s)
	if pe, ok := errors.AsType[toml.ParseError](err); ok {
		return s.value, pe.Position.Line
	}
	return s.value, 0
}
