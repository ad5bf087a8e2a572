package config

import (
	"fmt"
	"strings"
)

// Switch is something that can be on, off, or left to the operating system, which is its zero value.
type Switch int8

// The positions of a [Switch].
const (
	System Switch = iota
	On
	Off
)

// UnmarshalText reads true, yes, on, 1; false, no, off, 0; system, -1 and the empty text, in any case.
func (s *Switch) UnmarshalText(text []byte) error {
	if on, ok := parseBool(string(text)); ok {
		*s = Off
		if on {
			*s = On
		}
		return nil
	}
	switch strings.ToLower(string(text)) {
	case "system", "-1", "":
		*s = System
		return nil
	}
	return fmt.Errorf(`want true, false or "system", got %q`, text)
}

// MarshalText writes "true", "false" or "system".
func (s Switch) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String returns "true", "false" or "system".
func (s Switch) String() string {
	switch s {
	case On:
		return "true"
	case Off:
		return "false"
	default:
		return "system"
	}
}

// parseBool reads a truth value as people write them.
func parseBool(s string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "yes", "on", "1":
		return true, true
	case "false", "no", "off", "0":
		return false, true
	}
	return false, false
}
