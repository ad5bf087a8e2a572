package main

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pytroll/posttroll-go/internal/scripttest"
	"github.com/pytroll/posttroll-go/internal/testbed"
)

// TestServerScripts runs scripts that need a server. "serve KIND TYPE" starts one that libzmq and pyzmq make, with the keys in server.key_secret and
// the clients in the directory clients, and sets ADDRESS to where it is.
func TestServerScripts(t *testing.T) {
	t.Parallel()
	python := testbed.Python(t)
	params := scriptParams(t, map[string]scripttest.Command{
		"serve": func(ts *testscript.TestScript, _ bool, args []string) {
			if len(args) != 2 {
				ts.Fatalf("usage: serve KIND TYPE")
			}
			ts.Setenv("ADDRESS", "tcp://127.0.0.1:"+serve(ts, exec.Command(python, testServer,
				args[0], args[1], ts.MkAbs("server.key_secret"), ts.MkAbs("clients"))))
		},
	})
	params.Dir = "testdata/server"
	testscript.Run(t, params)
}

// testServer is the program, which the package that makes connections has for its own tests.
const testServer = "../../internal/curveprobe/testdata/server.py"

// serve starts a server that runs until the end of the script, and returns the port that it prints.
func serve(ts *testscript.TestScript, cmd *exec.Cmd) string {
	stdin, err := cmd.StdinPipe()
	ts.Check(err)
	stdout, err := cmd.StdoutPipe()
	ts.Check(err)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = stdin.Close() // ends it
		if err := cmd.Wait(); err != nil {
			ts.Logf("%v: %s", err, &stderr)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		ts.Fatalf("the server printed no port: %v", err)
	}
	return strings.TrimSpace(line)
}
