package config

import (
	"bytes"
	"fmt"
)

// maxNesting bounds brackets within brackets and the parts of a dotted key. Package toml keeps the whole path of every key, so
// that a few kilobytes of "{a=" would take gigabytes.
const maxNesting = 32

// checkNesting refuses what nests deeper than any settings do. It reads strings and comments as TOML does, and leaves all
// other errors to the parser.
func checkNesting(data []byte) error {
	depth, dots := 0, 0
	for len(data) > 0 {
		n := 1
		switch data[0] {
		case '#':
			n = lineLength(data)
		case '"', '\'':
			n = stringLength(data)
		case '[', '{':
			depth++
			dots = 0
		case ']', '}':
			depth = max(0, depth-1)
			dots = 0
		case '\n', ',', '=':
			dots = 0
		case '.':
			dots++
		}
		if depth+dots > maxNesting {
			return fmt.Errorf("nested deeper than %d", maxNesting)
		}
		data = data[n:]
	}
	return nil
}

// lineLength is the number of bytes before the end of the line.
func lineLength(data []byte) int {
	if n := bytes.IndexByte(data, '\n'); n >= 0 {
		return n
	}
	return len(data)
}

// stringLength is the number of bytes of the string that data begins with, up to the end of the line when it is not closed.
func stringLength(data []byte) int {
	quote := data[:1]
	if triple := bytes.Repeat(quote, 3); bytes.HasPrefix(data, triple) {
		quote = triple
	}
	escapes := quote[0] == '"'
	for i := len(quote); i < len(data); i++ {
		switch {
		case bytes.HasPrefix(data[i:], quote):
			return i + len(quote)
		case data[i] == '\n' && len(quote) == 1:
			return i
		case data[i] == '\\' && escapes:
			i++
		}
	}
	return len(data)
}
