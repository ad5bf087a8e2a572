package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pytroll/posttroll-go/internal/scripttest"
	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/daemon"
)

func TestMain(m *testing.M) {
	syscall.Umask(0o022)
	scripttest.Main(m, "ptkeys", func() int {
		return run(daemon.Signals(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, scriptParams(t, nil))
}

// scriptParams are for scripts with these commands, besides the common ones.
func scriptParams(t *testing.T, commands map[string]scripttest.Command) testscript.Params {
	t.Helper()
	samples, err := filepath.Abs("../../pkg/curve/testdata")
	if err != nil {
		t.Fatal(err)
	}
	return scripttest.Params(func(env *testscript.Env) error {
		env.Setenv("SAMPLES", samples)
		env.Setenv("XDG_CONFIG_HOME", env.WorkDir) // settings of this host's user don't count
		return nil
	}, commands)
}

// TestPyzmqReadsWhatItMakes has pyzmq read the files of the program.
func TestPyzmqReadsWhatItMakes(t *testing.T) {
	t.Parallel()
	python := testbed.Python(t)
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), []string{"alice", "-d", dir, "--owner", "Ada # Lovelace", "--comment", `"public-key = x"`}, nil, nil, &stdout, &stderr)
	if status != 0 || stdout.String() != "" {
		t.Fatalf("got status %d, output %q, errors %q", status, stdout.String(), stderr.String())
	}
	out, err := exec.CommandContext(t.Context(), python, "-c", `
import sys, zmq, zmq.auth
public, none = zmq.auth.load_certificate(sys.argv[1] + '/alice.key')
both, secret = zmq.auth.load_certificate(sys.argv[1] + '/alice.key_secret')
assert none is None and public == both == zmq.curve_public(secret)
`, dir).CombinedOutput()
	if err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}
