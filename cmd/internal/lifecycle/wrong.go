package lifecycle

import (
	"errors"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/daemon"
)

// AllWrong joins what --check has found: what is wrong with the settings, and with the keys that they name, which was looked for all the same. What may be the
// consequence of a bad setting is left out; see [config.Together].
func AllWrong(settings, keys error) error {
	if settings == nil {
		return keys
	}
	return daemon.BadConfig(config.Together(withoutStatus(settings), withoutStatus(keys)))
}

// withoutStatus returns the errors in err that [errors.Join] has joined, or a [daemon.StatusError] holds, joined.
func withoutStatus(err error) error {
	var all []error
	for _, e := range config.Unjoin(err) {
		if status, ok := e.(*daemon.StatusError); ok {
			e = withoutStatus(status.Err)
		}
		all = append(all, e)
	}
	return errors.Join(all...)
}
