package daemon

import (
	"os"
	"os/exec"
	"testing"
)

// ErrJob is what a job of systemd fails with.
var ErrJob = errJob

// HoldPIDFile starts cmd so that it holds the pid file at path, and returns a function that ends it.
func HoldPIDFile(t *testing.T, path string, cmd *exec.Cmd) func() {
	t.Helper()
	f, err := openPIDFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if free, err := f.lock(); err != nil || !free {
		t.Fatalf("lock: %t, %v", free, err)
	}
	cmd.ExtraFiles = []*os.File{f.File}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := f.write(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return func() {
		_ = cmd.Process.Kill() // it may have ended
		<-ended
	}
}
