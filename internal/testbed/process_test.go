package testbed_test

import (
	"os/exec"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/internal/testbed"
)

func TestProcess(t *testing.T) {
	t.Parallel()
	script := `echo one; echo two >&2; read line; echo "three $line"; printf four; exit 5`
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := testbed.Start(t, cmd)
	_, next := p.WaitLine(0, "two")
	if _, err := stdin.Write([]byte("x\n")); err != nil {
		t.Fatal(err)
	}
	line, next := p.WaitLine(next, "three", "x")
	if line != "three x" || next != 3 {
		t.Errorf("got line %q and next %d, want %q and 3", line, next, "three x")
	}
	if got := p.Wait(); got != 5 {
		t.Errorf("got status %d, want 5", got)
	}
	if diff := cmp.Diff([]string{"one", "two", "three x", "four"}, p.Lines()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestProcessIsKilledWithTheTest(t *testing.T) {
	t.Parallel()
	var p *testbed.Process
	t.Run("inner", func(t *testing.T) {
		p = testbed.Start(t, exec.Command("sh", "-c", "echo up; exec sleep 1000"))
		p.WaitLine(0, "up")
	})
	if err := p.Cmd.Process.Signal(syscall.Signal(0)); err == nil {
		t.Error("the process is still there")
	}
}
