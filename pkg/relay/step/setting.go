package step

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/pytroll/posttroll-go/internal/fieldpath"
)

// SettingError is one thing that is wrong with a setting.
type SettingError struct {
	Key  string // of the setting, as "step[2].keep.subject"
	Text string // what is wrong with its value
	Hint string // what to try; may be empty
}

// Error returns key and text.
func (e *SettingError) Error() string { return e.Key + ": " + e.Text }

// ConfigKey returns the key, for readers of settings to tell where the value came from.
func (e *SettingError) ConfigKey() string { return e.Key }

// HintText returns the hint, for programs that print it on a line of its own.
func (e *SettingError) HintText() string { return e.Hint }

// Validate returns all that is wrong with the steps, joined, each as a [*SettingError]; nil when nothing is. Key is that of the list.
func Validate(key string, configs []Config) error {
	_, err := Compile(key, configs)
	return err
}

// Validate returns what is wrong with c, with keys as they stand in it.
func (c Config) Validate() error {
	var b builder
	b.step("", c)
	return errors.Join(b.problems...)
}

// builder makes steps and collects what is wrong with their settings.
type builder struct{ problems []error }

func (b *builder) add(key, text, hint string) {
	b.problems = append(b.problems, &SettingError{Key: strings.TrimPrefix(key, "."), Text: text, Hint: hint})
}

func (b *builder) between(key string, value, low, high int) {
	if value < low || value > high {
		b.add(key, fmt.Sprintf("%d is out of range, want %d to %d", value, low, high), "")
	}
}

func (b *builder) path(key, text string) fieldpath.Path {
	p, err := fieldpath.Parse(text)
	if err != nil {
		b.add(key, fmt.Sprintf("%q: %v", text, err), `a path is like "dataset.uri"`)
	}
	return p
}

// word checks what is written into a header or a URI.
func (b *builder) word(key, word string) {
	switch {
	case word == "":
		b.add(key, "is empty", "")
	case strings.ContainsFunc(word, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar }):
		b.add(key, fmt.Sprintf("%q holds white space or what is no text", word), "")
	}
}
