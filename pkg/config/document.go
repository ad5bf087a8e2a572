package config

import (
	"strings"

	"github.com/BurntSushi/toml"
)

// document is a TOML text: its top-level entries in order, with the lines of all keys.
type document struct {
	entries []entry
	lines   map[string]int // of findLines
}

type entry struct {
	key   string
	value any // as package toml decodes into an any
}

// isTable tells whether a value is a table or a list of tables.
func isTable(v any) bool {
	switch v.(type) {
	case map[string]any, []map[string]any:
		return true
	default:
		return false
	}
}

// parseDocument reads TOML.
func parseDocument(data []byte) (*document, error) {
	var root map[string]any
	md, err := toml.Decode(string(data), &root)
	if err != nil {
		return nil, err
	}
	doc := &document{lines: findLines(data)}
	for _, key := range md.Keys() {
		value, ok := root[key[0]]
		if !ok {
			continue // seen already
		}
		delete(root, key[0])
		doc.entries = append(doc.entries, entry{key[0], value})
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
