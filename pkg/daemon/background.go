package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// background is a daemon as a process of its own, known by its pid file.
type background struct {
	name, program         string
	dir                   string // of pid file, start socket and early errors
	environ               []string
	stderr                func(text []byte) error
	startLimit, stopLimit time.Duration
}

func (c Control) background() (*background, error) {
	dir, err := runtimeDir(c.Environ)
	if err != nil {
		return nil, err
	}
	return &background{
		name:    c.Name,
		program: cmp.Or(c.Program, c.Name),
		dir:     dir,
		environ: c.Environ,
		stderr: func(text []byte) error {
			_, err := c.Stderr.Write(text)
			return err
		},
		startLimit: cmp.Or(c.StartLimit, DefaultStartLimit),
		stopLimit:  cmp.Or(c.StopLimit, 2*DefaultStopLimit),
	}, nil
}

func (b *background) path(suffix string) string { return filepath.Join(b.dir, b.name+suffix) }

// processState is what the pid file tells.
type processState struct {
	running bool
	pid     int // 0: it is just being started
	since   time.Time
}

// state looks at the pid file.
func (b *background) state() (processState, error) {
	f, err := openPIDFile(b.path(".pid"))
	if err != nil {
		return processState{}, err
	}
	defer f.Close() // nothing was written
	return stateOf(f)
}

func stateOf(f pidFile) (processState, error) {
	running, err := f.locked()
	if err != nil || !running {
		return processState{}, err
	}
	pid, since, err := f.read()
	return processState{running: true, pid: pid, since: since}, err
}

// stopResult tells what stop did.
type stopResult struct {
	pid    int // 0: there was nothing to stop
	killed bool
}

// stop ends the process: SIGTERM, and SIGKILL when the limit is over.
func (b *background) stop(ctx context.Context) (stopResult, error) {
	f, err := openPIDFile(b.path(".pid"))
	if err != nil {
		return stopResult{}, err
	}
	defer f.Close() // nothing was written
	state, err := stateOf(f)
	if err != nil || !state.running {
		return stopResult{}, err
	}
	if state.pid == 0 {
		return stopResult{}, Hint(fmt.Errorf("%s is just being started", b.name), "try again in a moment")
	}
	p, err := openProcess(state.pid)
	if err != nil {
		return stopResult{}, err
	}
	defer p.close()
	// What was opened is the process of the pid file only if the lock is still held now.
	if again, err := stateOf(f); err != nil || !again.running {
		return stopResult{pid: state.pid}, err
	}
	return b.end(ctx, p)
}

// end signals p and waits for its end.
func (b *background) end(ctx context.Context, p *process) (stopResult, error) {
	result := stopResult{pid: p.pid}
	if err := p.signal(unix.SIGTERM); err != nil {
		return result, err
	}
	err := p.wait(ctx, b.stopLimit)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return result, err
	}
	result.killed = true
	if err := p.signal(unix.SIGKILL); err != nil {
		return result, err
	}
	// Only what the kernel holds up does not end now.
	if err := p.wait(ctx, DefaultStopLimit); err != nil {
		return result, fmt.Errorf("pid %d after SIGKILL: %w", p.pid, err)
	}
	return result, nil
}
