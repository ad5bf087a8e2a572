package testbed_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

func TestPython(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), testbed.Python(t), "-c", "import zmq; print(zmq.zmq_version())").Output()
	if err != nil || !strings.HasPrefix(string(out), "4.") {
		t.Errorf("got version %q, %v", out, err)
	}
}
