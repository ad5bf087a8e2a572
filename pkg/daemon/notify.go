package daemon

import (
	"fmt"
	"os"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
)

// Notifier tells the service manager how the daemon is. The zero value tells nobody.
type Notifier struct {
	// Send takes lines such as "READY=1" (sd_notify(3)). Nil: nobody is told.
	Send func(state string) error
	// Watchdog is the time within which the manager wants to hear that the daemon works. 0: it does not ask.
	Watchdog time.Duration
}

// SystemdNotifier returns a notifier for the service manager that started this process, the zero one when none did. It reads
// NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. After "-d start" only READY=1 is told: to the process that waits for it, and
// is gone then.
func SystemdNotifier() (Notifier, error) {
	watchdog, err := sd.SdWatchdogEnabled(false)
	if err != nil {
		return Notifier{}, fmt.Errorf("watchdog of the service manager: %w", err)
	}
	started := os.Getenv(startedVariable) != ""
	send := func(state string) error {
		if started && state != sd.SdNotifyReady {
			return nil
		}
		_, err := sd.SdNotify(false, state)
		return err
	}
	return Notifier{Send: send, Watchdog: watchdog}, nil
}

func (n Notifier) send(state string) error {
	if n.Send == nil {
		return nil
	}
	return n.Send(state)
}

// startExtension is the time by which a daemon that waits extends the limit on its start, TimeoutStartSec.
const startExtension = 30 * time.Second

// Waiting tells the service manager, before the daemon is ready, what it waits for ("address 192.0.2.1"), and that it is not to be taken for one that hangs:
// for half a minute from now on.
func (n Notifier) Waiting(what string) error {
	return n.send(fmt.Sprintf("STATUS=waiting for %s\nEXTEND_TIMEOUT_USEC=%d", what, startExtension.Microseconds()))
}

// reloading is what precedes a reload; from systemd 253 on the time is needed.
func reloading() string { return sd.SdNotifyReloading + "\n" + sd.SdNotifyMonotonicUsec() }
