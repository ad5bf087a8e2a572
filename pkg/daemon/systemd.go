package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"
	"github.com/coreos/go-systemd/v22/util"
)

// Systemd connects to systemd. It returns nil and no error where systemd does not run.
func Systemd(ctx context.Context) (Services, error) {
	if !util.IsRunningSystemd() {
		return nil, nil
	}
	conn, err := dbus.NewWithContext(ctx)
	if err != nil {
		return nil, Hint(fmt.Errorf("connect to systemd: %v", err),
			"it runs here, but its D-Bus does not answer: is the package dbus installed?")
	}
	return &systemd{conn}, nil
}

// systemd drives units over D-Bus (org.freedesktop.systemd1(5)).
type systemd struct{ conn *dbus.Conn }

var _ Services = (*systemd)(nil)

// Unit returns the state of a unit.
func (s *systemd) Unit(ctx context.Context, name string) (UnitState, error) {
	props, err := s.conn.GetAllPropertiesContext(ctx, name)
	if err != nil {
		return UnitState{}, fmt.Errorf("state of %s: %v", name, err)
	}
	return unitState(props), nil
}

// unitState reads the properties that we want; one that is missing or of another type is left out.
func unitState(props map[string]any) UnitState {
	text := func(key string) string {
		s, _ := props[key].(string)
		return s
	}
	u := UnitState{
		Load:   text("LoadState"),
		Active: text("ActiveState"),
		Sub:    text("SubState"),
		Status: text("StatusText"),
	}
	u.TriggeredBy, _ = props["TriggeredBy"].([]string)
	if pid, ok := props["MainPID"].(uint32); ok {
		u.PID = int(pid)
	}
	if usec, ok := props["StateChangeTimestamp"].(uint64); ok && usec > 0 {
		u.Since = time.UnixMicro(int64(usec))
	}
	if usec, ok := props["ActiveEnterTimestamp"].(uint64); ok && usec > 0 && u.Active == "active" {
		u.Since = time.UnixMicro(int64(usec))
	}
	return u
}

// Start starts a unit and waits until it is ready.
func (s *systemd) Start(ctx context.Context, name string) error {
	return s.job(ctx, "start", name, s.conn.StartUnitContext)
}

// Stop stops a unit and waits for its end.
func (s *systemd) Stop(ctx context.Context, name string) error {
	return s.job(ctx, "stop", name, s.conn.StopUnitContext)
}

// Restart restarts a unit and waits until it is ready.
func (s *systemd) Restart(ctx context.Context, name string) error {
	return s.job(ctx, "restart", name, s.conn.RestartUnitContext)
}

// Close closes the connection.
func (s *systemd) Close() { s.conn.Close() }

// errJob is a job that systemd took on and that did not succeed.
var errJob = errors.New("systemd's job")

// job asks for a job and waits for its result.
func (s *systemd) job(ctx context.Context, verb, unit string,
	ask func(context.Context, string, string, chan<- string) (int, error)) error {
	result := make(chan string, 1) // one result comes, also when nobody waits any more
	if _, err := ask(ctx, unit, "replace", result); err != nil {
		return fmt.Errorf("%s %s: %v", verb, unit, err)
	}
	select {
	case r := <-result:
		if r != "done" {
			return fmt.Errorf("%s %s: %w ended with %q", verb, unit, errJob, r)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s %s: %w", verb, unit, context.Cause(ctx))
	}
}
