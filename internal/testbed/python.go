package testbed

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// Python returns the path of a Python interpreter that has pyzmq, for peers that speak the wire as Python posttroll does. It ends
// the test where there is none (Debian and Ubuntu: python3-zmq).
func Python(t testing.TB) string {
	t.Helper()
	var reasons []string
	for _, candidate := range []string{"python3", "/usr/bin/python3"} {
		out, err := exec.CommandContext(t.Context(), candidate, "-c", "import sys, zmq; print(sys.executable)").CombinedOutput()
		if err == nil {
			return strings.TrimSpace(string(out))
		}
		reasons = append(reasons, fmt.Sprintf("%s: %v %s", candidate, err, lastLine(out)))
	}
	Unavailable(t, "no Python with pyzmq, install python3-zmq (%s)", strings.Join(reasons, "; "))
	return ""
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}
