package daemon

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"
)

// DefaultStartLimit is how long a daemon that is started in the background has to become ready.
const DefaultStartLimit = 30 * time.Second

// Control carries out "-d": it starts, stops and queries a daemon in the background.
//
// Where systemd runs and has the unit, that is what it drives; everything else is then set in File. Otherwise the daemon
// becomes a process of its own with the flags that were given. What locks its pid file runs, whatever number stands in it, so a process that
// died leaves nothing to clear away. The pid file lies in $RUNTIME_DIRECTORY, else for root in /run/posttroll, else in posttroll below
// $XDG_RUNTIME_DIR, else in a directory below the temporary one that belongs to the user alone.
type Control struct {
	Name    string // of the daemon, and of its files
	Program string // that it runs, as its command line shows it. Default Name
	Unit    string // that runs it: "posttroll-nameserver.service"; empty: none does
	File    string // of settings, where what flags say is to be put when the unit is driven
	// UnitFlags are flags that the unit's own command line holds as they are given: that of its instance.
	UnitFlags []string
	Environ   []string // as [os.Environ] gives it
	Stdout    io.Writer
	Stderr    io.Writer // gets what a process that does not start has to say
	// StartLimit is how long it may take to become ready, default [DefaultStartLimit]; StopLimit how long to end before it is
	// killed, default twice [DefaultStopLimit]. The system manager has limits of its own.
	StartLimit, StopLimit time.Duration
	// Services connects to the system manager; it returns nil where none runs. Default [Systemd].
	Services func(context.Context) (Services, error)
}

// Services are the units of a system manager.
type Services interface {
	// Unit returns the state of a unit; one that is not installed is no error.
	Unit(ctx context.Context, name string) (UnitState, error)
	// Start, Stop and Restart return when it is done.
	Start(ctx context.Context, name string) error
	Stop(ctx context.Context, name string) error
	Restart(ctx context.Context, name string) error
	Close()
}

// Do carries out action. flags are those of the command line: a process of its own gets all but --daemon. Start with a daemon that
// runs, and Stop with one that does not, succeed and say so. Query ends the program with status 3 when it does not run.
func (c Control) Do(ctx context.Context, action Action, flags *pflag.FlagSet) error {
	bg, err := c.background()
	if err != nil {
		return err
	}
	if c.Unit == "" {
		return c.process(ctx, action, bg, flags)
	}
	services, err := c.services(ctx)
	if err != nil {
		return err
	}
	if services == nil {
		return c.process(ctx, action, bg, flags)
	}
	defer services.Close()
	unit, err := services.Unit(ctx, c.Unit)
	switch {
	case err != nil:
		return err
	case unit.Load == "masked":
		return Hint(fmt.Errorf("%s is masked", c.Unit), "systemctl unmask %s", c.Unit)
	case unit.Load == "not-found" || unit.Load == "":
		return c.process(ctx, action, bg, flags)
	case unit.Load != "loaded":
		return Hint(fmt.Errorf("%s can't be used: it is %q", c.Unit, unit.Load), "systemctl status %s", c.Unit)
	}
	return c.unit(ctx, action, services, bg, flags)
}

func (c Control) services(ctx context.Context) (Services, error) {
	if c.Services != nil {
		return c.Services(ctx)
	}
	return Systemd(ctx)
}

// say prints a line for the user.
func (c Control) say(format string, args ...any) error {
	_, err := fmt.Fprintf(c.Stdout, format+"\n", args...)
	return err
}

// process carries out action on a process of its own.
func (c Control) process(ctx context.Context, action Action, bg *background, flags *pflag.FlagSet) error {
	switch action {
	case Start:
		return c.startProcess(ctx, bg, flags)
	case Stop:
		return c.stopProcess(ctx, bg)
	case Restart:
		if err := c.stopProcess(ctx, bg); err != nil {
			return err
		}
		return c.startProcess(ctx, bg, flags)
	case Query:
		return c.queryProcess(bg)
	}
	return Usage("unknown action %q", string(action))
}

func (c Control) startProcess(ctx context.Context, bg *background, flags *pflag.FlagSet) error {
	args, log, err := childArgs(flags, c.defaultLog)
	if err != nil {
		return err
	}
	started, err := bg.start(ctx, args)
	switch {
	case err != nil:
		return err
	case !started.already:
		return c.say("%s started, pid %d, log %s", c.Name, started.pid, log)
	case started.pid == 0:
		return c.say("%s is being started already", c.Name)
	}
	return c.say("%s runs already, pid %d", c.Name, started.pid)
}

// defaultLog is where a process of its own logs to when no flag says so.
func (c Control) defaultLog() (string, error) {
	dir, err := logDir(c.Environ)
	if err != nil {
		return "", Hint(fmt.Errorf("directory of the log: %w", err), "--%s FILE says where to log to", logFlag)
	}
	return filepath.Join(dir, c.Name+".log"), nil
}

func (c Control) stopProcess(ctx context.Context, bg *background) error {
	stopped, err := bg.stop(ctx)
	switch {
	case err != nil:
		return err
	case stopped.pid == 0:
		return c.say("%s does not run", c.Name)
	case stopped.killed:
		return c.say("%s did not end within %s, killed pid %d", c.Name, bg.stopLimit, stopped.pid)
	}
	return c.say("%s stopped, pid %d", c.Name, stopped.pid)
}

func (c Control) queryProcess(bg *background) error {
	state, err := bg.state()
	switch {
	case err != nil:
		return err
	case !state.running:
		return c.notRunning("%s does not run", c.Name)
	case state.pid == 0:
		return c.say("%s is being started", c.Name)
	}
	return c.say("%s runs since %s, pid %d", c.Name, since(state.since), state.pid)
}

// notRunning ends a query with a line and status 3.
func (c Control) notRunning(format string, args ...any) error {
	if err := c.say(format, args...); err != nil {
		return err
	}
	return &StatusError{Status: StatusNothing}
}

// since writes a time and how long ago it was.
func since(t time.Time) string {
	return fmt.Sprintf("%s (%s)", t.Local().Format("2006-01-02 15:04:05"), max(0, time.Since(t)).Round(time.Second))
}
