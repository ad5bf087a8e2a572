package logging

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/coreos/go-systemd/v22/journal"
	"go.uber.org/zap/zapcore"
)

// fieldPrefix keeps our fields apart from those of the journal.
const fieldPrefix = "POSTTROLL_"

// maxFieldName is the longest name that the journal takes.
const maxFieldName = 64

// journalCore writes to the journal. The text of an entry is the message with its values behind it, for
// journalctl shows nothing else; POSTTROLL_MESSAGE is the message alone, which is constant, and each value has a field; one that is a list has it several
// times.
type journalCore struct {
	zapcore.LevelEnabler
	program  string
	fields   []zapcore.Field
	send     func(text string, priority journal.Priority, fields journalFields) error
	spool    *spool
	fallback zapcore.WriteSyncer // while the journal can't be reached
}

// With returns a core that adds fields to each entry.
func (c *journalCore) With(fields []zapcore.Field) zapcore.Core {
	clone := *c
	clone.fields = append(slices.Clip(c.fields), fields...)
	return &clone
}

// Check adds the core to those that write the entry.
func (c *journalCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

// Write sends the entry; when the journal does not take it, it goes to standard error with its priority in front (sd-daemon(3)).
func (c *journalCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	text, vars := journalEntry(entry, append(slices.Clip(c.fields), fields...))
	if c.program != "" {
		vars["SYSLOG_IDENTIFIER"] = []string{c.program}
	}
	c.spool.put(len(text), func() { c.deliver(text, priorityOf(entry.Level), vars) })
	return nil
}

// deliver sends an entry. Where neither takes it there is nobody to be told.
func (c *journalCore) deliver(text string, priority journal.Priority, vars journalFields) {
	if c.send(text, priority, vars) != nil {
		_, _ = fmt.Fprintf(c.fallback, "<%d>%s\n", priority, text)
	}
}

// Sync does nothing: nothing is buffered.
func (c *journalCore) Sync() error { return nil }

// priorityOf translates levels; an invariant of ours that broke (DPanic and above) is critical.
func priorityOf(level zapcore.Level) journal.Priority {
	switch {
	case level <= zapcore.DebugLevel:
		return journal.PriDebug
	case level == zapcore.InfoLevel:
		return journal.PriInfo
	case level == zapcore.WarnLevel:
		return journal.PriWarning
	case level == zapcore.ErrorLevel:
		return journal.PriErr
	default:
		return journal.PriCrit
	}
}

// journalEntry returns the text of an entry and its fields.
func journalEntry(entry zapcore.Entry, fields []zapcore.Field) (string, journalFields) {
	vars := journalFields{fieldPrefix + "MESSAGE": {entry.Message}}
	var text strings.Builder
	if entry.LoggerName != "" {
		vars[fieldPrefix+"LOGGER"] = []string{entry.LoggerName}
		text.WriteString(clean(entry.LoggerName) + ": ")
	}
	text.WriteString(clean(entry.Message))
	path := []string(nil) // of namespaces
	for _, field := range fields {
		if field.Type == zapcore.NamespaceType {
			path = append(path, field.Key)
			continue
		}
		enc := zapcore.NewMapObjectEncoder()
		field.AddTo(enc)
		for _, key := range slices.Sorted(maps.Keys(enc.Fields)) {
			value, isJSON := valueText(enc.Fields[key])
			name := strings.Join(append(path, key), ".")
			vars[fieldName(name)] = fieldValues(enc.Fields[key], value)
			if !isJSON {
				value = quoteValue(value)
			}
			fmt.Fprintf(&text, " %s=%s", clean(name), clean(value))
		}
	}
	return text.String(), vars
}

// fieldName makes a name that the journal takes: letters, digits and underscores.
func fieldName(key string) string {
	name := fieldPrefix + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return unicode.ToUpper(r)
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, key)
	return name[:min(len(name), maxFieldName)]
}

// fieldValues are what the field of a value holds: each element of a list, by which the entry is found, and text of all else.
func fieldValues(v any, text string) []string {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return []string{text}
	}
	var values []string
	for _, element := range list {
		value, _ := valueText(element)
		values = append(values, value)
	}
	return values
}

// valueText writes a value for a field of its own: lists and tables as JSON. It keeps nothing of v: a text may lie in memory that whoever logs uses again, as
// that of a relay's messages does, before the spool has it sent.
func valueText(v any) (text string, isJSON bool) {
	switch v := v.(type) {
	case string:
		return strings.Clone(v), false
	case []byte:
		return string(v), false
	case time.Time:
		return v.Format(timeLayout), false
	case time.Duration:
		return durationText(v), false
	case fmt.Stringer:
		return strings.Clone(v.String()), false
	case map[string]any, []any:
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if enc.Encode(v) == nil {
			return strings.TrimSpace(b.String()), true
		}
	}
	return fmt.Sprint(v), false
}

// quoteValue quotes a value that would not stand as one word.
func quoteValue(s string) string {
	odd := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == '"' || r == '=' }
	if s == "" || strings.IndexFunc(s, odd) >= 0 {
		return strconv.Quote(s)
	}
	return s
}
