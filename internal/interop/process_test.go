package interop

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds each wait for something that should happen at once; the machine may be busy.
const patience = 30 * time.Second

// process is a running program whose lines on standard output are kept.
type process struct {
	name   string
	cmd    *exec.Cmd
	died   chan<- *process
	ended  chan struct{} // closed when the program has ended and all it printed is read
	status error         // of the program, when ended

	mu      sync.Mutex
	lines   []string
	errout  bytes.Buffer
	stopped bool          // asked to end
	news    chan struct{} // has room for one
}

// run starts a program on m. When the test ends it must still run, and end with status 0 when asked to.
func (m *machine) run(t *testing.T, name string, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{name: name, cmd: cmd, died: m.died, ended: make(chan struct{}), news: make(chan struct{}, 1)}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = lockedWriter{&p.mu, &p.errout}
	if err := m.start(cmd); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	go p.read(stdout)
	t.Cleanup(func() { p.stop(t) })
	return p
}

func (p *process) read(stdout io.Reader) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		p.mu.Lock()
		p.lines = append(p.lines, lines.Text())
		p.mu.Unlock()
		p.tell()
	}
	p.status = p.cmd.Wait()
	close(p.ended)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopped {
		p.died <- p
	}
}

func (p *process) tell() {
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// awaitLines waits until found reports that it has seen enough of the lines that p has printed so far. It fails at once when any
// process of the machine ends.
func (m *machine) awaitLines(t *testing.T, p *process, what string, found func(lines []string) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		p.mu.Lock()
		lines := p.lines
		p.mu.Unlock()
		if found(lines) {
			return
		}
		select {
		case <-p.news:
		case dead := <-m.died:
			t.Fatalf("%s ended before %s", dead.name, what)
		case <-ctx.Done():
			t.Fatalf("%s: no %s\n%s", p.name, what, p.output())
		}
	}
}

// kill ends the program without a chance to say so.
func (p *process) kill(t *testing.T) {
	t.Helper()
	p.stopOnce()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Errorf("%s: %v", p.name, err)
	}
	<-p.ended
}

// stopOnce notes that the program is to end, and tells whether that is new.
func (p *process) stopOnce() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.stopped
	p.stopped = true
	return !before
}

// stop asks the program to end, which it must do in time and with status 0. Further calls do nothing.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if !p.stopOnce() {
		return
	}
	select {
	case <-p.ended:
		t.Errorf("%s ended by itself: %v\n%s", p.name, p.status, p.output())
		return
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("%s: %v", p.name, err)
	}
	timeout := time.AfterFunc(patience, func() {
		t.Errorf("%s does not end", p.name)
		_ = p.cmd.Process.Kill() // it may just have ended
	})
	<-p.ended
	timeout.Stop()
	if p.status != nil {
		t.Errorf("%s: %v\n%s", p.name, p.status, p.output())
	}
	if t.Failed() {
		t.Logf("%s", p.output())
	}
}

// output returns what the program has printed, the end of it where that is much.
func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("--- %s printed:\n%s\n--- and on standard error:\n%s", p.name, tail(strings.Join(p.lines, "\n")), tail(p.errout.String()))
}

func tail(s string) string {
	const most = 4000
	if len(s) > most {
		return "…" + s[len(s)-most:]
	}
	return s
}

// lockedWriter keeps what a program writes while others look.
type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}
