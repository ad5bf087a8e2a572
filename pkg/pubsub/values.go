package pubsub

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// values reads settings that came from YAML, TOML, JSON or an INI file, where numbers and booleans may be text. It
// collects every problem. A key that is missing, nil or, for numbers and booleans, an empty text leaves the default.
type values struct {
	m    map[string]any
	errs []error
}

func (v *values) fail(key, format string, args ...any) {
	v.errs = append(v.errs, fmt.Errorf("%s: "+format, append([]any{key}, args...)...))
}

// err returns all problems, those of unknown keys first.
func (v *values) err(known []string) error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(v.m)) {
		if !slices.Contains(known, key) {
			errs = append(errs, unknownKey(key, known))
		}
	}
	return errors.Join(append(errs, v.errs...)...)
}

func unknownKey(key string, known []string) error {
	if near := nearest(key, known); near != "" {
		return fmt.Errorf("unknown key %.80q: did you mean %q?", key, near)
	}
	return fmt.Errorf("unknown key %.80q: want one of %s", key, strings.Join(known, ", "))
}

// text reads a text.
func (v *values) text(key, def string) string {
	switch val := v.m[key].(type) {
	case nil:
		return def
	case string:
		return strings.TrimSpace(val)
	default:
		v.fail(key, "want a text, got %s", describe(val))
		return def
	}
}

// integer reads a whole number.
func (v *values) integer(key string, def int) int {
	val := v.m[key]
	if isNone(val) {
		return def
	}
	n, ok := toNumber(val)
	if !ok || n != math.Trunc(n) || math.Abs(n) > 1<<31 {
		v.fail(key, "want a whole number, got %s", describe(val))
		return def
	}
	return int(n)
}

// within reads a whole number from least to most.
func (v *values) within(key string, def, least, most int) int {
	if isNone(v.m[key]) {
		return def
	}
	n := v.integer(key, least)
	if n < least || n > most {
		v.fail(key, "%d: want %d to %d", n, least, most)
		return def
	}
	return n
}

// maxSeconds bounds durations: some 68 years.
const maxSeconds = math.MaxInt32

// seconds reads a number of seconds, or a text such as "1m30s".
func (v *values) seconds(key string, def time.Duration) time.Duration {
	val := v.m[key]
	if isNone(val) {
		return def
	}
	if n, ok := toNumber(val); ok && math.Abs(n) <= maxSeconds {
		return time.Duration(n * float64(time.Second))
	}
	if text, ok := val.(string); ok {
		if d, err := time.ParseDuration(strings.TrimSpace(text)); err == nil {
			return d
		}
	}
	v.fail(key, "want a number of seconds, got %s", describe(val))
	return def
}

// positive reads a number of seconds that is not below zero; 0 means the default.
func (v *values) positive(key string) time.Duration {
	d := v.seconds(key, 0)
	if d < 0 {
		v.fail(key, "%v is below zero", d)
		return 0
	}
	return d
}

// boolean reads true or false, also as text or number.
func (v *values) boolean(key string, def bool) bool {
	val := v.m[key]
	if isNone(val) {
		return def
	}
	if b, ok := toBool(val); ok {
		return b
	}
	v.fail(key, "want true or false, got %s", describe(val))
	return def
}

// list reads a list of texts. A single text is cut at what split tells. Blanks around elements are cut off, and empty elements
// left out of a text. It returns nil when the key is missing or nil.
func (v *values) list(key string, split func(rune) bool) []string {
	return v.listOf(key, v.m[key], split)
}

func (v *values) listOf(key string, val any, split func(rune) bool) []string {
	switch val := val.(type) {
	case nil:
		return nil
	case string:
		return fields(val, split)
	case []string:
		return trimmed(val)
	case []any:
		return v.texts(key, val)
	default:
		v.fail(key, "want a list of texts, got %s", describe(val))
		return nil
	}
}

func (v *values) texts(key string, list []any) []string {
	texts := make([]string, 0, len(list))
	for i, elem := range list {
		if text, ok := elem.(string); ok {
			texts = append(texts, strings.TrimSpace(text))
		} else {
			v.fail(key, "element %d: want a text, got %s", i+1, describe(elem))
		}
	}
	return texts
}

// Where a text that stands for a list is cut.
func atComma(r rune) bool        { return r == ',' }
func atCommaOrBlank(r rune) bool { return r == ',' || unicode.IsSpace(r) }

// fields cuts text; the empty text is one empty element.
func fields(text string, split func(rune) bool) []string {
	list := trimmed(strings.FieldsFunc(text, split))
	list = slices.DeleteFunc(list, func(s string) bool { return s == "" })
	if len(list) == 0 {
		return []string{""}
	}
	return list
}

func trimmed(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.TrimSpace(s)
	}
	return out
}

// toNumber takes the numbers of all decoders, and numbers as text.
func toNumber(val any) (float64, bool) {
	switch n := val.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	case float64:
		return n, !math.IsNaN(n) && !math.IsInf(n, 0)
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(n), 64)
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return 0, false
}

// toBool takes true and false, 1 and 0, and the words of YAML 1.1 and INI files for them.
func toBool(val any) (b, ok bool) {
	switch b := val.(type) {
	case bool:
		return b, true
	case string:
		switch strings.ToLower(strings.TrimSpace(b)) {
		case "true", "yes", "on", "1":
			return true, true
		case "false", "no", "off", "0":
			return false, true
		}
		return false, false
	}
	if n, number := toNumber(val); number && (n == 0 || n == 1) {
		return n == 1, true
	}
	return false, false
}

// isNone tells whether val is a word for nothing: nil, or Python's None as text.
func isNone(val any) bool {
	text, ok := val.(string)
	if !ok {
		return val == nil
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "", "none", "null":
		return true
	}
	return false
}

// isFalse tells whether val is false, also as text.
func isFalse(val any) bool {
	switch val := val.(type) {
	case bool:
		return !val
	case string:
		b, ok := toBool(val)
		return ok && !b && val != "0"
	}
	return false
}

// describe says what a value is, shortly.
func describe(val any) string {
	switch val := val.(type) {
	case nil:
		return "nothing"
	case string:
		return fmt.Sprintf("%.80q", val)
	case bool, int, int64, uint64, float64:
		return fmt.Sprintf("%v", val)
	case []any, []string:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return fmt.Sprintf("%T", val)
}
