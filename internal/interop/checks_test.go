package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// checkedRelay is a relay that tells of itself at an address, to who knows a secret, and at its control socket.
const checkedRelay = `
http_listen = "127.0.0.1:9180"
http_token_file = %q
[[route]]
name = "one"
source = { addresses = ["tcp://127.0.0.1:9010"] }
sink = { port = 9100, announce = "none" }
[[route]]
name = "two"
source = { addresses = ["tcp://127.0.0.1:9011"] }
sink = { port = 9101, announce = "none" }
`

// TestChecksOfRelay has ptctl check a real relay, at its address and at its control socket, while its links are there, a route is paused, and a publisher is gone.
func TestChecksOfRelay(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	dir, err := os.MkdirTemp("", "checks") // the path of a socket has room for a hundred bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	socket, token := filepath.Join(dir, "relay.sock"), filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte("0123456789abcdef0123\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.relay(t, fmt.Sprintf(checkedRelay, token), "POSTTROLL_CONTROL_SOCKET="+socket)
	m.source(t, "one", 9010)
	second := m.source(t, "two", 9011)
	places := [][]string{{"--relay", "http://127.0.0.1:9180", "--token-file", token}, {"--relay", "unix:" + socket}}
	check := func(status int, want string, args ...string) {
		t.Helper()
		for _, place := range places {
			m.checks(t, status, want, append(args, place...))
		}
	}

	check(0, "LINK OK: all 2: one is connected to 1 of 1 publisher | 'one missing'=0;;0;0 'one connected'=1;;;0 ", "link")
	check(0, "LINK OK: two is connected to 1 of 1 publisher | 'missing'=0;;0;0 ", "link", "--route", "two")
	check(0, "FRESHNESS OK: the newest message under /from/one at the relay is ", "freshness", "/from/one", "--crit", "1m")
	check(2, "FRESHNESS CRITICAL: no message under /none has come to the relay since it was started", "freshness", "/none", "--crit", "1m")
	check(3, `LINK UNKNOWN: the relay has no route "none"`, "link", "--route", "none")
	m.checks(t, 3, "LINK UNKNOWN: relay at http://127.0.0.1:9180: answered with 401 Unauthorized: a token is needed", []string{"link", "--relay", "http://127.0.0.1:9180"})
	m.checks(t, 3, "LINK UNKNOWN: relay at unix:"+dir+"/none: socket "+dir+"/none: ", []string{"link", "--relay", "unix:" + dir + "/none"})

	m.commands(t, socket, "pause", "two")
	check(1, "LINK WARNING: 1 of 2: two is paused | ", "link")
	m.commands(t, socket, "resume", "two")
	check(0, "LINK OK: all 2: ", "link")

	m.kill(t, second)
	check(2, "LINK CRITICAL: 1 of 2: two is connected to 0 of 1 publisher, not to tcp://127.0.0.1:9011 | ", "link")
	check(2, "FRESHNESS CRITICAL: the newest message under /from/two at the relay is ", "freshness", "/from/two", "--crit", "10ms")
}

// source publishes at a port, below /from and a name.
func (m *machine) source(t *testing.T, name string, port int) *testbed.Process {
	t.Helper()
	var lines strings.Builder
	for i := range 3000 { // five minutes; no two are the same
		fmt.Fprintf(&lines, `{"subject": "/from/%s", "type": "info", "data": "%d"}`+"\n", name, i)
	}
	path := filepath.Join(m.dir, name+".jsonl")
	if err := os.WriteFile(path, []byte(lines.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() }) // it was read only
	cmd := m.program("ptctl", "publish", "--port", fmt.Sprint(port), "--wait", "1", "--interval", "100ms")
	cmd.Stdin = in
	return m.start(t, cmd)
}

// checks runs a check until it says how it is with these words, and then holds its status against that wanted.
func (m *machine) checks(t *testing.T, status int, want string, args []string) {
	t.Helper()
	testbed.WaitFor(t, fmt.Sprintf("ptctl check %q to say %q", args, want), func() bool {
		cmd := m.program("ptctl", append([]string{"check"}, args...)...)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if _, ended := err.(*exec.ExitError); err != nil && !ended {
			t.Fatal(err)
		}
		got := string(out)
		if !strings.HasPrefix(got, want) {
			return false
		}
		if cmd.ProcessState.ExitCode() != status {
			t.Errorf("%s: status %d, want %d", got, cmd.ProcessState.ExitCode(), status)
		}
		return true
	})
}

// commands tells the running relay something at its control socket.
func (m *machine) commands(t *testing.T, socket string, args ...string) {
	t.Helper()
	cmd := m.program("ptrelay", args...)
	cmd.Env = append(cmd.Env, "POSTTROLL_CONTROL_SOCKET="+socket)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ptrelay %q: %v: %s", args, err, out)
	}
}
