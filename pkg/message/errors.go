package message

import (
	"errors"
	"fmt"
)

// What an [Error] may wrap where a caller may want to branch. Test with
// errors.Is.
var (
	// ErrTooLarge: the frame is larger than [Decoder.MaxSize].
	ErrTooLarge = errors.New("frame too large")
	// ErrTooDeep: the data is nested deeper than allowed.
	ErrTooDeep = errors.New("nested too deeply")
	// ErrNotUTF8: text that should be UTF-8 is not.
	ErrNotUTF8 = errors.New("not UTF-8")
	// ErrNoData: the message has no data to put into the value asked for.
	ErrNoData = errors.New("no data")
	// ErrVersion: the version is above [Current].
	ErrVersion = errors.New("unknown version")
)

// Error is any failure to decode or encode.
type Error struct {
	// Field is the part of the message: "frame", "magic", "subject", "type",
	// "sender", "time", "version", "mime" or "data".
	Field string
	// Offset is where in the frame, in bytes; -1 when encoding.
	Offset int
	// Err is what is wrong.
	Err error
}

// Error names field, offset and cause.
func (e *Error) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("message: %s: %v", e.Field, e.Err)
	}
	return fmt.Sprintf("message: %s at byte %d: %v", e.Field, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// fieldError is an Error with a formatted cause.
func fieldError(field string, offset int, format string, args ...any) *Error {
	return &Error{Field: field, Offset: offset, Err: fmt.Errorf(format, args...)}
}

// shown cuts s for an error text: what a peer sent may be long.
func shown(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
