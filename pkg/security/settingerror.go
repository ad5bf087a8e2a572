package security

import (
	"errors"
	"io/fs"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// SettingError says which setting is wrong and why. Where it is about a file Err is a [*curve.FileError].
type SettingError struct {
	Key string // of the setting
	Err error
}

// Error returns the setting and what is wrong; it tells nothing of what stands in files.
func (e *SettingError) Error() string { return e.Key + ": " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *SettingError) Unwrap() error { return e.Err }

// ConfigKey returns the setting, for readers of settings to tell where the value came from.
func (e *SettingError) ConfigKey() string { return e.Key }

// HintText says what to try, for programs that print it on a line of its own; it may be empty.
func (e *SettingError) HintText() string {
	type hinter interface {
		error
		HintText() string
	}
	if h, ok := errors.AsType[hinter](e.Err); ok {
		return h.HintText()
	}
	switch {
	case errors.Is(e.Err, curve.ErrNoSecretKey):
		return "give the file that ends in .key_secret"
	case errors.Is(e.Err, fs.ErrNotExist):
		return "ptkeys makes key files; set " + e.Key + " to where this one is"
	case errors.Is(e.Err, fs.ErrPermission):
		return "the user who runs this program must be allowed to read it"
	}
	return ""
}
