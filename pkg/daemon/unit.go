package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// UnitState is how a unit is, in systemd's words.
type UnitState struct {
	Load   string    // "loaded", "not-found", "masked", …
	Active string    // "active", "inactive", "failed", "activating", …
	Sub    string    // "running", "dead", …
	Since  time.Time // when Active began
	PID    int       // of the main process; 0: none
	Status string    // the daemon's own line
	// TriggeredBy are units that start it, such as its sockets.
	TriggeredBy []string
}

// running says that the unit does its work or is about to.
func (u UnitState) running() bool {
	return u.Active == "active" || u.Active == "reloading" || u.Active == "activating"
}

// failing says that the unit has failed, and waits to be started again: systemd calls that activating, with the states "auto-restart" and "auto-restart-queued".
func (u UnitState) failing() bool { return strings.HasPrefix(u.Sub, "auto-restart") }

// unit carries out action on the unit. A process that was started before the unit was installed can still be queried and stopped.
func (c Control) unit(ctx context.Context, action Action, services Services, bg *background, flags *pflag.FlagSet) error {
	state, err := bg.state()
	if err != nil {
		return err
	}
	if state.running {
		switch action {
		case Stop, Query:
			return c.process(ctx, action, bg, flags)
		case Start:
			return Hint(fmt.Errorf("%s runs already without %s, pid %d", c.Name, c.Unit, state.pid),
				"%s -d restart ends it and starts the unit", c.Name)
		}
	}
	if err := c.refuseFlags(flags); err != nil {
		return err
	}
	switch action {
	case Start:
		return c.startUnit(ctx, services)
	case Stop:
		return c.stopUnit(ctx, services)
	case Restart:
		return c.restartUnit(ctx, services, bg, state.running)
	case Query:
		return c.queryUnit(ctx, services)
	}
	return Usage("unknown action %q", string(action))
}

// refuseFlags refuses flags that the unit would not get.
func (c Control) refuseFlags(flags *pflag.FlagSet) error {
	var err error
	flags.Visit(func(f *pflag.Flag) {
		if f.Name != daemonFlag && !slices.Contains(c.UnitFlags, f.Name) && err == nil {
			err = Hint(Usage("--%s has no effect on %s, which has its own command line", f.Name, c.Unit),
				"set it in %s", c.File)
		}
	})
	return err
}

func (c Control) startUnit(ctx context.Context, services Services) error {
	before, err := services.Unit(ctx, c.Unit)
	if err != nil {
		return err
	}
	if before.Active == "active" {
		return c.say("%s runs already, pid %d", c.Unit, before.PID)
	}
	if err := services.Start(ctx, c.Unit); err != nil {
		return c.explain(ctx, services, err)
	}
	return c.sayStarted(ctx, services, "started")
}

func (c Control) stopUnit(ctx context.Context, services Services) error {
	before, err := services.Unit(ctx, c.Unit)
	if err != nil {
		return err
	}
	word := "does not run"
	if before.running() || before.Active == "deactivating" {
		if err := services.Stop(ctx, c.Unit); err != nil {
			return c.explain(ctx, services, err)
		}
		word = "stopped"
	}
	return errors.Join(c.say("%s %s", c.Unit, word), c.sayTriggers(ctx, services, before))
}

// sayTriggers names the units that start again what was stopped.
func (c Control) sayTriggers(ctx context.Context, services Services, stopped UnitState) error {
	for _, name := range stopped.TriggeredBy {
		trigger, err := services.Unit(ctx, name)
		if err != nil {
			return err
		}
		if trigger.Active != "active" {
			continue
		}
		if err := c.say("%s starts it as soon as somebody connects; to end that, too: systemctl stop %s %s", name, name, c.Unit); err != nil {
			return err
		}
	}
	return nil
}

func (c Control) restartUnit(ctx context.Context, services Services, bg *background, process bool) error {
	if process {
		if err := c.stopProcess(ctx, bg); err != nil {
			return err
		}
	}
	if err := services.Restart(ctx, c.Unit); err != nil {
		return c.explain(ctx, services, err)
	}
	return c.sayStarted(ctx, services, "restarted")
}

func (c Control) sayStarted(ctx context.Context, services Services, word string) error {
	after, err := services.Unit(ctx, c.Unit)
	if err != nil {
		return err
	}
	return c.say("%s %s, pid %d", c.Unit, word, after.PID)
}

func (c Control) queryUnit(ctx context.Context, services Services) error {
	u, err := services.Unit(ctx, c.Unit)
	if err != nil {
		return err
	}
	state := fmt.Sprintf("%s (%s)", u.Active, u.Sub)
	if !u.Since.IsZero() {
		state += " since " + since(u.Since)
	}
	if u.PID != 0 {
		state += fmt.Sprintf(", pid %d", u.PID)
	}
	if u.Status != "" {
		state += ": " + oneLine(u.Status)
	}
	if !u.running() || u.failing() {
		return c.notRunning("%s is %s", c.Unit, state)
	}
	return c.say("%s is %s", c.Unit, state)
}

// explain adds to an error of the system manager what the daemon itself has to say, and where the rest stands.
func (c Control) explain(ctx context.Context, services Services, err error) error {
	hint := "systemctl status %s may tell more"
	switch {
	case errors.Is(err, errJob):
		hint = "journalctl -eu %s tells why"
		if u, asked := services.Unit(ctx, c.Unit); asked == nil && u.Status != "" && (u.Active == "failed" || u.failing()) {
			err = fmt.Errorf("%w: %s", err, oneLine(u.Status))
		}
	case os.Geteuid() != 0:
		hint = "root may start and stop %s; sudo may help"
	}
	return Hint(err, hint, c.Unit)
}
