package config

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// findLines returns the lines of all that data, a TOML text that the parser has taken, sets: by path, as "limits.total", "route[2].step[1].keep"
// or "bind[3]". What is set in several places has the line of the first. Package toml tells no lines within lists.
func findLines(data []byte) map[string]int {
	f := &finder{data: data, line: 1, lines: map[string]int{}, tables: map[string]int{}}
	table := ""
	for f.blank(true) {
		if f.data[0] == '[' {
			table = f.header()
			continue
		}
		f.pair(table)
	}
	return f.lines
}

// finder is a reader of TOML text at a place in it. It relies on a text without errors, but for one that has some it ends as well.
type finder struct {
	data   []byte // what is left
	line   int
	lines  map[string]int
	tables map[string]int // how many there are in each list of [[tables]]
}

// next takes n bytes.
func (f *finder) next(n int) []byte {
	n = min(n, len(f.data))
	taken := f.data[:n]
	f.line += bytes.Count(taken, []byte("\n"))
	f.data = f.data[n:]
	return taken
}

// blank takes white space and comments, with newlines also the ends of lines, and tells whether anything is left.
func (f *finder) blank(newlines bool) bool {
	for len(f.data) > 0 {
		switch c := f.data[0]; {
		case c == '#':
			f.next(lineLength(f.data))
		case c == ' ' || c == '\t' || c == '\r' || c == '\n' && newlines:
			f.next(1)
		default:
			return true
		}
	}
	return false
}

// header takes [KEY] or [[KEY]] and returns the path of that table.
func (f *finder) header() string {
	line := f.line
	brackets := 1
	if bytes.HasPrefix(f.data, []byte("[[")) {
		brackets = 2
	}
	f.next(brackets)
	path := ""
	keys := f.key(']')
	for i, key := range keys {
		path = join(path, key)
		f.note(path, line)
		last := i == len(keys)-1
		if last && brackets == 2 {
			f.tables[path]++
		}
		if n := f.tables[path]; n > 0 { // a list stands for its last table
			path = fmt.Sprintf("%s[%d]", path, n)
			f.note(path, line)
		}
	}
	f.next(brackets)
	return path
}

// pair takes KEY = VALUE in a table.
func (f *finder) pair(path string) {
	line := f.line
	for _, key := range f.key('=') {
		path = join(path, key)
		f.note(path, line)
	}
	if len(f.data) > 0 && f.data[0] == '=' {
		f.next(1)
		f.value(path)
	}
}

// key takes a key up to the end of it and returns its parts.
func (f *finder) key(end byte) []string {
	var parts []string
	for f.blank(false) {
		switch c := f.data[0]; c {
		case end, '\n':
			return parts
		case '.':
			f.next(1)
		case '"', '\'':
			parts = append(parts, unquote(string(f.next(stringLength(f.data)))))
		default:
			parts = append(parts, string(f.next(max(1, f.until(" \t\r\n.=]")))))
		}
	}
	return parts
}

// unquote reads a key in quotes.
func unquote(s string) string {
	if text, err := strconv.Unquote(s); err == nil && s[0] == '"' {
		return text
	}
	return strings.Trim(s, s[:1])
}

// value takes a value.
func (f *finder) value(path string) {
	if !f.blank(false) {
		return
	}
	switch f.data[0] {
	case '"', '\'':
		f.text()
	case '[':
		f.list(path)
	case '{':
		f.inline(path)
	default:
		f.next(f.until(",]}#\n"))
	}
}

// text takes a string, also one in three quotes that ends with quotes of its own.
func (f *finder) text() {
	quote := f.data[0]
	taken := f.next(stringLength(f.data))
	for len(taken) >= 6 && taken[1] == quote && len(f.data) > 0 && f.data[0] == quote {
		f.next(1)
	}
}

// until returns the number of bytes before one of those in stops.
func (f *finder) until(stops string) int {
	if n := bytes.IndexAny(f.data, stops); n >= 0 {
		return n
	}
	return len(f.data)
}

func (f *finder) list(path string) {
	f.next(1)
	for n := 1; f.blank(true); {
		switch f.data[0] {
		case ']':
			f.next(1)
			return
		case ',':
			f.next(1)
			n++
			continue
		}
		element := fmt.Sprintf("%s[%d]", path, n)
		f.note(element, f.line)
		before := len(f.data)
		f.value(element)
		if len(f.data) == before {
			f.next(1)
		}
	}
}

func (f *finder) inline(path string) {
	f.next(1)
	for f.blank(true) {
		switch f.data[0] {
		case '}':
			f.next(1)
			return
		case ',':
			f.next(1)
			continue
		}
		f.pair(path)
	}
}

// maxPath bounds the paths that have a line, so that a table of a long name with many keys takes little memory.
const maxPath = 250

// note tells the line of a path.
func (f *finder) note(path string, line int) {
	if f.lines[path] == 0 && len(path) <= maxPath {
		f.lines[path] = line
	}
}

// join returns the path of a key below another.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
