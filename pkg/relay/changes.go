package relay

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/pytroll/posttroll-go/internal/fieldpath"
	"github.com/pytroll/posttroll-go/pkg/message"
)

// Change is one thing that is different in a message.
type Change struct {
	// Part of the message: "subject", "type", "sender", "time", "version", "mime" or "data".
	Part string
	// Path of the value in JSON data, as settings name it; empty: the part as a whole.
	Path string
	// Added is a value that was not there, Removed one that is not there any more.
	Added, Removed bool
	// Before and After are the values: texts of the header, and what [message.Message.PlainData] returns of the data.
	Before, After any
}

// changes returns what is different in b.
func changes(a, b *message.Message) []Change {
	var all []Change
	for _, part := range [...]struct{ name, a, b string }{
		{"subject", a.Subject(), b.Subject()},
		{"type", a.Type(), b.Type()},
		{"sender", a.Sender(), b.Sender()},
		{"time", a.Time().String(), b.Time().String()},
		{"version", string(a.Version()), string(b.Version())},
		{"mime", a.MIME(), b.MIME()},
	} {
		if part.a != part.b {
			all = append(all, Change{Part: part.name, Before: part.a, After: part.b})
		}
	}
	if bytes.Equal(a.RawData(), b.RawData()) {
		return all
	}
	before, errA := a.PlainData()
	after, errB := b.PlainData()
	if errA != nil || errB != nil || a.MIME() != b.MIME() && a.MIME() != "" && b.MIME() != "" {
		return append(all, Change{Part: "data", Before: string(a.RawData()), After: string(b.RawData())})
	}
	// No data is an empty object to which steps add, or of which they have left nothing.
	if a.MIME() == "" {
		before = message.NewObject()
	}
	if b.MIME() == "" {
		after = message.NewObject()
	}
	return appendDataChanges(all, "", before, after)
}

// appendDataChanges appends what is different in b, which stands at path.
func appendDataChanges(all []Change, path string, a, b any) []Change {
	switch x := a.(type) {
	case *message.Object:
		if y, ok := b.(*message.Object); ok {
			return appendMemberChanges(all, path, x, y)
		}
	case []any:
		if y, ok := b.([]any); ok && len(x) == len(y) {
			for i := range x {
				all = appendDataChanges(all, below(path, strconv.Itoa(i)), x[i], y[i])
			}
			return all
		}
	}
	if fieldpath.Equal(a, b) {
		return all
	}
	return append(all, Change{Part: "data", Path: path, Before: a, After: b})
}

func appendMemberChanges(all []Change, path string, a, b *message.Object) []Change {
	for key, before := range a.All() {
		at := below(path, escapeKey(key))
		if after, ok := b.Get(key); ok {
			all = appendDataChanges(all, at, before, after)
		} else {
			all = append(all, Change{Part: "data", Path: at, Removed: true, Before: before})
		}
	}
	for key, after := range b.All() {
		if _, ok := a.Get(key); !ok {
			all = append(all, Change{Part: "data", Path: below(path, escapeKey(key)), Added: true, After: after})
		}
	}
	return all
}

func below(path, part string) string {
	if path == "" {
		return part
	}
	return path + "." + part
}

// escapeKey writes a key as a part of a path.
func escapeKey(key string) string { return strings.NewReplacer(`\`, `\\`, `.`, `\.`).Replace(key) }
