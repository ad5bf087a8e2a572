package dedup

import (
	"errors"
	"fmt"
	"time"

	"github.com/pytroll/posttroll-go/internal/fieldpath"
)

// By is what messages are known again by; see the package comment.
type By string

// What messages are known again by.
const (
	ByMessage By = "message"
	ByContent By = "content"
	ByUID     By = "uid"
	ByURI     By = "uri"
	ByFields  By = "fields"
)

// Config configures a [Window]. A field that is not set has its default.
type Config struct {
	// By is what makes two messages the same: "message" is every byte; "content" is type, sender, time and data whatever the subject; "uid" and
	// "uri" are those of the files in the data; "fields" is what fields names. With the last three type and subject
	// count as well. Default "message".
	By By `toml:"by"`

	// Fields are the paths to the values that count with by = "fields", as "platform_name" or "filesystem.host"; a path through a list leads
	// to all of its elements, and a number is a place in it, from 0. Default [].
	Fields []string `toml:"fields"`

	// AnySubject takes messages of different subjects for the same, with by = "uid", "uri" or "fields". Default false.
	AnySubject bool `toml:"any_subject"`

	// Window is how long a message is known again after it came first. "10ms" to "168h". Default "10m".
	Window time.Duration `toml:"window"`

	// MaxEntries is how many messages are remembered at most, at 40 bytes each; beyond that the oldest is forgotten early. 1 to
	// 10000000. Default 100000.
	MaxEntries int `toml:"max_entries"`
}

// The bounds of a Config, and its defaults.
const (
	minWindow  = 10 * time.Millisecond
	maxWindow  = 7 * 24 * time.Hour
	maxEntries = 10_000_000

	DefaultWindow     = 10 * time.Minute
	DefaultMaxEntries = 100_000
)

// DefaultConfig returns the settings where nothing is set.
func DefaultConfig() Config {
	return Config{By: ByMessage, Window: DefaultWindow, MaxEntries: DefaultMaxEntries}
}

// withDefaults sets what is not set.
func (c Config) withDefaults() Config {
	d := DefaultConfig()
	if c.By == "" {
		c.By = d.By
	}
	if c.Window == 0 {
		c.Window = d.Window
	}
	if c.MaxEntries == 0 {
		c.MaxEntries = d.MaxEntries
	}
	return c
}

// SettingError is one thing that is wrong with a setting.
type SettingError struct {
	Key  string // of the setting, as "fields[2]"
	Text string // what is wrong with its value
	Hint string // what to try; may be empty
}

// Error returns key and text.
func (e *SettingError) Error() string { return e.Key + ": " + e.Text }

// ConfigKey returns the key, for readers of settings to tell where the value came from.
func (e *SettingError) ConfigKey() string { return e.Key }

// HintText returns the hint, for programs that print it on a line of its own.
func (e *SettingError) HintText() string { return e.Hint }

// Validate returns all that is wrong with c, joined, each as a [*SettingError]; nil when nothing is.
func (c Config) Validate() error {
	_, err := c.compile()
	return err
}

// compile checks c and reads its paths.
func (c Config) compile() (paths []fieldpath.Path, err error) {
	c = c.withDefaults()
	var problems []error
	add := func(key, text, hint string) {
		problems = append(problems, &SettingError{Key: key, Text: text, Hint: hint})
	}
	switch c.By {
	case ByMessage, ByContent, ByUID, ByURI, ByFields:
	default:
		add("by", fmt.Sprintf("%q is unknown, want %q, %q, %q, %q or %q", string(c.By), ByMessage, ByContent, ByUID, ByURI, ByFields), "")
	}
	if c.By == ByFields && len(c.Fields) == 0 {
		add("fields", "is empty", `by = "fields" needs the names of some`)
	}
	if c.By != ByFields && len(c.Fields) > 0 {
		add("fields", fmt.Sprintf("are not looked at with by = %q", string(c.By)), `set by = "fields", or leave them out`)
	}
	if c.AnySubject && (c.By == ByMessage || c.By == ByContent) {
		add("any_subject", fmt.Sprintf("says nothing with by = %q", string(c.By)), `by = "content" does not look at the subject, by = "message" always does`)
	}
	for i, field := range c.Fields {
		p, err := fieldpath.Parse(field)
		if err != nil {
			add(fmt.Sprintf("fields[%d]", i+1), fmt.Sprintf("%q: %v", field, err), `a path is like "dataset.uid"`)
			continue
		}
		paths = append(paths, p)
	}
	if c.Window < minWindow || c.Window > maxWindow {
		add("window", fmt.Sprintf("%s is out of range, want %s to %s", c.Window, minWindow, "168h"), "")
	}
	if c.MaxEntries < 1 || c.MaxEntries > maxEntries {
		add("max_entries", fmt.Sprintf("%d is out of range, want 1 to %d", c.MaxEntries, maxEntries), "")
	}
	return paths, errors.Join(problems...)
}
