package daemon

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/coreos/go-systemd/v22/journal"
	"go.uber.org/zap"
)

// What programs end with (doc/architecture.md). Only "ptctl check" differs, which follows the monitoring plugins.
const (
	StatusDone    = 0  // done, or stopped as asked
	StatusFailed  = 1  // failed while running; findings
	StatusUsage   = 2  // wrong usage
	StatusNothing = 3  // nothing came in time; -d status: not running
	StatusConfig  = 78 // bad configuration (EX_CONFIG in sysexits.h)
)

// StatusError is an error that says with which status the program ends.
type StatusError struct {
	Status int
	Err    error // nil: all is said already, nothing is printed
}

// Error returns the text of the cause.
func (e *StatusError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("status %d", e.Status)
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *StatusError) Unwrap() error { return e.Err }

// Usage returns an error that ends the program with status 2, wrong usage.
func Usage(format string, args ...any) error {
	return &StatusError{StatusUsage, fmt.Errorf(format, args...)}
}

// BadConfig makes err, unless it is nil, end the program with status 78, bad configuration.
func BadConfig(err error) error { return withStatus(StatusConfig, err) }

// Nothing makes err, unless it is nil, end the program with status 3, nothing came in time.
func Nothing(err error) error { return withStatus(StatusNothing, err) }

func withStatus(status int, err error) error {
	if err == nil {
		return nil
	}
	return &StatusError{status, err}
}

// hinter is an error that knows what to try. Errors of other packages have the method without importing this one.
type hinter interface {
	error
	HintText() string
}

type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error    { return h.error }
func (h *hinted) HintText() string { return h.hint }

// Hint adds to err, unless it is nil, what its reader may try, which [Fail] prints on a line of its own.
func Hint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &hinted{err, fmt.Sprintf(format, args...)}
}

// Status returns the status that err ends a program with: that of the first [StatusError] in it, else 1; 0 for nil.
func Status(err error) int {
	if err == nil {
		return StatusDone
	}
	if se, ok := errors.AsType[*StatusError](err); ok {
		return se.Status
	}
	return StatusFailed
}

// Fail prints err to w, each error that [errors.Join] has joined as a line "error: …", followed by a line "hint: …" where there is
// one, once for several that have the same, and returns its [Status]. It waits a second at most for whoever reads w. When w is standard error and that is the journal the lines have their priority in front
// (sd-daemon(3)).
func Fail(w io.Writer, err error) int {
	var b strings.Builder
	printError(&b, err)
	if b.Len() > 0 && isJournal(w) {
		text := strings.ReplaceAll("\n"+b.String(), "\nerror:", "\n<3>error:")
		text = strings.ReplaceAll(text, "\nhint:", "\n<5>hint:")
		b.Reset()
		b.WriteString(text[1:])
	}
	if b.Len() > 0 {
		say(w, b.String())
	}
	return Status(err)
}

// sayLimit is how long the end of a program waits for whoever reads what it says.
const sayLimit = time.Second

// say writes text, unless nobody takes it.
func say(w io.Writer, text string) {
	said := make(chan struct{})
	go func() { // ends with the process at the latest
		defer close(said)
		_, _ = io.WriteString(w, text) // there is nowhere to tell of an error of standard error
	}()
	select {
	case <-said:
	case <-time.After(sayLimit):
	}
}

// isJournal says that w is this process's standard error and leads into the journal.
func isJournal(w io.Writer) bool {
	if w != io.Writer(os.Stderr) {
		return false
	}
	// An error means that JOURNAL_STREAM is nonsense: then it is not the journal's doing.
	is, err := journal.StderrIsJournalStream()
	return err == nil && is
}

// printError writes the lines of err. A hint that several errors in a row have stands once, behind the last of them.
func printError(b *strings.Builder, err error) {
	if err == nil {
		return
	}
	all := each(err)
	for i, err := range all {
		if se, ok := err.(*StatusError); ok && se.Err == nil {
			continue
		}
		if i == maxErrors {
			fmt.Fprintf(b, "error: and %d more\n", len(all)-i)
			return
		}
		fmt.Fprintf(b, "error: %s\n", oneLine(err.Error()))
		if hint := hintOf(err); hint != "" && (i+1 == len(all) || hintOf(all[i+1]) != hint) {
			fmt.Fprintf(b, "hint: %s\n", oneLine(hint))
		}
	}
}

// hintOf returns what the reader of err may try, "" where it does not say.
func hintOf(err error) string {
	if h, ok := errors.AsType[hinter](err); ok {
		return h.HintText()
	}
	return ""
}

// splitJoined returns the errors joined in err when nothing but a status or a hint stands around them.
func splitJoined(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		// fmt.Errorf with several %w has a text of its own.
		if all := joined.Unwrap(); err.Error() == errors.Join(all...).Error() {
			return all
		}
		return nil
	}
	if se, ok := err.(*StatusError); ok && se.Err != nil {
		return splitJoined(se.Err)
	}
	return nil
}

// each returns the errors that [Fail] prints on lines of their own.
func each(err error) []error {
	joined := splitJoined(err)
	if joined == nil {
		return []error{err}
	}
	var all []error
	for _, e := range joined {
		all = append(all, each(e)...)
	}
	return all
}

// hintFields is what the log tells of what the reader of err may try.
func hintFields(err error) []zap.Field {
	if hint := hintOf(err); hint != "" {
		return []zap.Field{zap.String("hint", hint)}
	}
	return nil
}

// Bounds of what is told of errors: a file with nothing but what is unknown has one on each line.
const (
	maxErrors = 100
	maxLine   = 2000 // bytes
)

// oneLine keeps what is quoted from elsewhere from making lines of its own, from being longer than anybody reads, and from changing the terminal.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), " | ")
	if len(s) > maxLine {
		s = fmt.Sprintf("%s... (%d bytes)", strings.ToValidUTF8(s[:maxLine], ""), len(s))
	}
	if !strings.ContainsFunc(s, isControl) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if isControl(r) {
			fmt.Fprintf(&b, "\\u%04x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isControl tells whether a character may do something to a terminal.
func isControl(r rune) bool { return r != '\t' && unicode.IsControl(r) }

// Warn writes a warning as a line of its own.
func Warn(w io.Writer, warning fmt.Stringer) error {
	_, err := fmt.Fprintf(w, "warning: %s\n", oneLine(warning.String()))
	return err
}
