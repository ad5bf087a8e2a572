// Package fieldpath finds and changes values in the generic data of messages by dotted paths, as settings name them.
//
// A path is one or more parts with dots between them:
//
//	uid             the value of the key uid
//	filesystem.host the value of host in the object filesystem
//	dataset.uri     the uri of every element of the list dataset
//	dataset.0.uri   that of its first element
//
// In an object a part is a key. In a list a part that is a whole number (digits alone) is a place, counted from 0; any other part goes
// on into each element, through lists of lists as well. So a path can lead to several values, or to none. A dot or a backslash
// that belongs to a key has a backslash before it: `a\.b` is one key.
//
// Data is what [message.Message.Data] or [message.Message.PlainData] returns, or JSON values of Go: objects are *message.Object. A [Path] never
// changes and may be used by several goroutines at once; the data it changes must be the caller's alone.
package fieldpath

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// Path leads to values in data. The zero value leads to the data itself.
type Path struct {
	text  string
	parts []part
}

// part is one step of the way.
type part struct {
	key   string
	place int // in a list; -1: into each element
}

// maxParts is the most parts of a path: more than any message has levels.
const maxParts = 64

// Parse reads a path.
func Parse(text string) (Path, error) {
	p := Path{text: text}
	var key strings.Builder
	for i := 0; i <= len(text); i++ {
		switch {
		case i == len(text) || text[i] == '.':
			if key.Len() == 0 {
				return Path{}, errors.New("a part of the path is empty")
			}
			p.parts = append(p.parts, newPart(key.String()))
			key.Reset()
		case text[i] == '\\':
			if i++; i == len(text) || text[i] != '.' && text[i] != '\\' {
				return Path{}, errors.New(`a backslash that is before no dot and no other backslash`)
			}
			key.WriteByte(text[i])
		default:
			key.WriteByte(text[i])
		}
	}
	if len(p.parts) > maxParts {
		return Path{}, fmt.Errorf("more than %d parts", maxParts)
	}
	return p, nil
}

// MustParse is Parse for paths that stand in code.
func MustParse(text string) Path {
	p, err := Parse(text)
	if err != nil {
		panic("fieldpath: " + text + ": " + err.Error())
	}
	return p
}

func newPart(key string) part {
	for _, c := range []byte(key) {
		if c < '0' || c > '9' {
			return part{key: key, place: -1}
		}
	}
	place, err := strconv.Atoi(key)
	if err != nil {
		place = 1 << 30 // beyond the end of any list
	}
	return part{key: key, place: place}
}

// String returns the path as it was given.
func (p Path) String() string { return p.text }

// Within tells whether p goes through the parts of other: to what that leads to, or on into it.
func (p Path) Within(other Path) bool {
	return len(p.parts) >= len(other.parts) && slices.Equal(p.parts[:len(other.parts)], other.parts)
}

// EndsInPlace tells whether the last part is a place in a list, where there is one.
func (p Path) EndsInPlace() bool { return len(p.parts) > 0 && p.parts[len(p.parts)-1].place >= 0 }

// element returns the element of l at the place of pt.
func (pt part) element(l []any) (any, bool) {
	if pt.place >= len(l) {
		return nil, false
	}
	return l[pt.place], true
}

// Clone returns a copy of v that shares no list and no object with it.
func Clone(v any) any {
	switch v := v.(type) {
	case *message.Object:
		c := v.Clone()
		for key, value := range v.All() {
			c.Set(key, Clone(value))
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i := range v {
			c[i] = Clone(v[i])
		}
		return c
	}
	return v
}
