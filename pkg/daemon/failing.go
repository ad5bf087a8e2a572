package daemon

import (
	"context"
	"errors"
	"strings"
	"time"
)

const (
	// maxReason bounds what the status line tells of an error, in bytes.
	maxReason = 1000
	// triggerPause is how long a daemon that has failed stays where the service manager holds its sockets. Those start it again for who waits there, at once and
	// whatever Restart= and RestartSec= say; after 20 starts within 2 s systemd gives the sockets up for good.
	triggerPause = 2 * time.Second
)

// Failing is what a daemon does before it ends with err; it returns err. It tells the service manager the reason in its line of status, which stands until
// the daemon is started again: "systemctl status" does not always show the last lines of a process that ended right after them. Where there are listeners,
// which came from [SystemdListeners], it stays for two seconds unless ctx ends. Without an error it does nothing.
func Failing(ctx context.Context, err error, listeners []Listener) error {
	if err == nil {
		return nil
	}
	notifier, _ := SystemdNotifier() // a watchdog that can't be read is what it failed of
	untold := notifier.send("STATUS=" + reason(err))
	if len(listeners) > 0 {
		select {
		case <-time.After(triggerPause):
		case <-ctx.Done():
		}
	}
	if untold != nil {
		return errors.Join(err, untold)
	}
	return err
}

// reason is the text of err on one line.
func reason(err error) string {
	var all []string
	for _, err := range each(err) {
		all = append(all, err.Error())
	}
	line := strings.Join(strings.Fields(strings.Join(all, "; ")), " ")
	return strings.ToValidUTF8(line[:min(len(line), maxReason)], "")
}
