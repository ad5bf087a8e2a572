package curve

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of metadata that is written, in bytes: CZMQ reads lines of up to 1023.
const (
	maxName  = 128
	maxValue = 512
)

// Names of metadata that ptkeys writes.
const (
	OwnerName   = "owner"   // whose key it is
	HostName    = "host"    // where it is used
	CommentName = "comment" // anything
	CreatedName = "created" // when it was made, as RFC 3339 with offset
)

// Field is a name and a value of metadata.
type Field struct{ Name, Value string }

// Metadata is what a key file tells about its key. Names are case-sensitive and may stand there more than once.
type Metadata []Field

// Get returns the first value of a name, and whether there is one.
func (m Metadata) Get(name string) (string, bool) {
	i := slices.IndexFunc(m, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return "", false
	}
	return m[i].Value, true
}

// check finds what can't be written so that pyzmq and CZMQ both read it, and read it as what it is.
func (f Field) check() error {
	switch {
	case f.Name == "" || strings.ContainsFunc(f.Name, notInName):
		return fmt.Errorf("metadata name %q: letters, digits and -_.@&+$/ only", f.Name)
	case len(f.Name) > maxName:
		return fmt.Errorf("metadata name of %d bytes, at most %d", len(f.Name), maxName)
	case isKeyName(f.Name):
		return fmt.Errorf("metadata name %q: reserved for the keys", f.Name)
	case len(f.Value) > maxValue:
		return fmt.Errorf("metadata %s: %d bytes, at most %d", f.Name, len(f.Value), maxValue)
	case !utf8.ValidString(f.Value):
		return fmt.Errorf("metadata %s: not UTF-8", f.Name)
	case strings.ContainsFunc(f.Value, unicode.IsControl):
		return fmt.Errorf("metadata %s: holds a line break or another control character", f.Name)
	case strings.Contains(f.Value, `"`) && strings.Contains(f.Value, "'"):
		return fmt.Errorf(`metadata %s: holds both " and ', of which a key file can hold one`, f.Name)
	}
	return nil
}

// notInName says that a character can't stand in a name of ZPL (ZeroMQ RFC 4).
func notInName(r rune) bool {
	return r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("$-_@.&+/", r)
}

// isKeyName says that pyzmq takes a line that begins so for a key, in whatever section.
func isKeyName(name string) bool {
	return strings.HasPrefix(name, publicName) || strings.HasPrefix(name, secretName)
}
