package discovery

import (
	"fmt"
	"strconv"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// Reason is why an announcement or an entry was refused, short and constant: it can label a counter.
type Reason string

// The reasons.
const (
	// ReasonOther: the message is no announcement: another subject or another type.
	ReasonOther Reason = "no_announcement"
	// ReasonNotStrict: the frame is one that Python peers do not survive (message.CheckStrict).
	ReasonNotStrict Reason = "not_strict"
	// ReasonData: the data is missing, is no object or cannot be decoded.
	ReasonData Reason = "data"
	// ReasonURI: URI is missing, no text, or nothing that can be connected to.
	ReasonURI Reason = "uri"
	// ReasonService: service is missing or no text or list of texts.
	ReasonService Reason = "service"
	// ReasonVersion: supported_message_version is there and no text.
	ReasonVersion Reason = "version"
	// ReasonBackend: backend is there and none that is known.
	ReasonBackend Reason = "backend"
)

// Reasons are all of them.
func Reasons() []Reason {
	return []Reason{ReasonOther, ReasonNotStrict, ReasonData, ReasonURI, ReasonService, ReasonVersion, ReasonBackend}
}

// RefusedError says why an announcement was refused.
type RefusedError struct {
	Reason Reason
	// URI of the announcement, where it has a good one.
	URI string
	// Err has the particulars. What a peer sent is quoted and cut in it, so that it can be logged.
	Err error
}

func (e *RefusedError) Error() string {
	if e.URI != "" {
		return "announcement of " + e.URI + " refused: " + e.Err.Error()
	}
	return "announcement refused: " + e.Err.Error()
}

func (e *RefusedError) Unwrap() error { return e.Err }

func refuse(r Reason, format string, args ...any) error {
	return &RefusedError{Reason: r, Err: fmt.Errorf(format, args...)}
}

// maxQuoted bounds how much of a peer's text stands in an error, in bytes.
const maxQuoted = 80

// quoted returns v for an error message: one line, bounded.
func quoted(v any) string {
	s, ok := v.(string)
	if !ok {
		return kindOf(v)
	}
	if len(s) > maxQuoted {
		return strconv.Quote(s[:maxQuoted]) + "..."
	}
	return strconv.Quote(s)
}

// kindOf names what data is, in words of JSON.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case time.Time:
		return "a time"
	case []byte:
		return "bytes"
	case []any:
		return "a list"
	case *message.Object:
		return "an object"
	}
	return "a number" // of one of several types
}
