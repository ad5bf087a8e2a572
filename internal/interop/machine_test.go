package interop

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// machine is a host of its own, with the default ports free.
type machine struct {
	host   *testbed.Host
	python string
	dir    string // an empty home

	programs string // folder of ours; "": programsDir
	ended    map[*testbed.Process]bool
}

// newMachine makes a machine that lasts as long as the test.
func newMachine(t *testing.T) *machine {
	t.Helper()
	return newMachines(t, 1)[0]
}

// newMachines makes machines on one network.
func newMachines(t *testing.T, count int) []*machine {
	t.Helper()
	return newNetworks(t, slices.Repeat([][]int{{0}}, count)...)
}

// newNetworks makes machines on the networks that plan lists for each.
func newNetworks(t *testing.T, plan ...[]int) []*machine {
	t.Helper()
	python := testbed.Python(t)
	var all []*machine
	for _, host := range testbed.NewNetworks(t, plan...) {
		all = append(all, &machine{python: python, host: host, dir: t.TempDir(), ended: map[*testbed.Process]bool{}})
	}
	if err := build(); err != nil {
		t.Fatal(err)
	}
	return all
}

// address is what others know the machine by.
func (m *machine) address() string { return m.host.Addr.String() }

// addressOn is what those on one of its networks know it by.
func (m *machine) addressOn(network int) string {
	addr, _ := m.host.On(network)
	return addr.String()
}

// peer prepares one of the Python peers.
func (m *machine) peer(t *testing.T, script string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("peers", script))
	if err != nil {
		t.Fatal(err)
	}
	return m.command(m.python, append([]string{"-B", path}, args...)...)
}

// program prepares one of our programs.
func (m *machine) program(name string, args ...string) *exec.Cmd {
	return m.command(filepath.Join(cmp.Or(m.programs, programsDir), name), args...)
}

// command prepares a program that knows nothing of the settings of this machine.
func (m *machine) command(name string, args ...string) *exec.Cmd {
	// Not the context of the test: that ends before its cleanup, where the program is asked to end.
	cmd := m.host.Command(context.Background(), name, args...)
	cmd.Dir = m.dir
	cmd.Env = []string{"HOME=" + m.dir, "PATH=" + os.Getenv("PATH")}
	return cmd
}

// start starts a program that must run until the test ends it or is over.
func (m *machine) start(t *testing.T, cmd *exec.Cmd) *testbed.Process {
	t.Helper()
	p := testbed.Start(t, cmd)
	t.Cleanup(func() {
		if !m.ended[p] {
			m.end(t, p)
		}
	})
	return p
}

// end asks a program to end, which it must do with status 0.
func (m *machine) end(t *testing.T, p *testbed.Process) {
	t.Helper()
	m.ended[p] = true
	if err := p.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("%s: %v", p.Cmd, err)
	}
	if status := p.Wait(); status != 0 {
		t.Errorf("%s ended with status %d", p.Cmd, status)
	}
}

// kill ends a program that has no chance to tell anybody.
func (m *machine) kill(t *testing.T, p *testbed.Process) {
	t.Helper()
	m.ended[p] = true
	if err := p.Cmd.Process.Kill(); err != nil {
		t.Errorf("%s: %v", p.Cmd, err)
	}
	p.Wait()
}
