package interop

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Set by TestMain.
var (
	missing     error  // why nothing here can run, if so
	pythonPath  string // an interpreter that has pyzmq
	programsDir string // our programs
	peersDir    string
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "interop")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	programsDir = dir
	if peersDir, err = filepath.Abs("peers"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if missing = findTools(); missing == nil {
		build := exec.Command("go", "build", "-o", dir, "github.com/pytroll/posttroll-go/cmd/nameserverd", "github.com/pytroll/posttroll-go/cmd/ptctl")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%v: %s\n", err, out)
			return 1
		}
	}
	return m.Run()
}

// findTools finds what the tests need on this machine.
func findTools() error {
	if os.Geteuid() != 0 {
		return errors.New("network namespaces need root (or: unshare -r go test)")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return fmt.Errorf("iproute2 is not installed: %w", err)
	}
	// Python's own installations come before the distribution's in many a PATH, and lack its packages.
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if exec.Command(path, "-c", "import zmq").Run() == nil {
			pythonPath = path
			return nil
		}
	}
	return errors.New("no python3 with pyzmq (Debian: python3-zmq)")
}

// needTools skips a test where something is missing. Where CI is set that is a failure.
func needTools(t *testing.T) {
	t.Helper()
	if missing == nil {
		return
	}
	if ci := os.Getenv("CI"); ci != "" && ci != "false" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}
