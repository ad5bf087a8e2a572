package interop

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// programsDir is where our programs are, once they are built.
var programsDir string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if service := os.Getenv(subscriberVariable); service != "" {
		if err := subscribe(service, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	dir, err := os.MkdirTemp("", "interop")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	programsDir = dir
	return m.Run()
}

const module = "github.com/pytroll/posttroll-go"

// build builds our programs, once.
var build = sync.OnceValue(func() error {
	args := []string{"build", "-o", programsDir}
	for _, program := range []string{"nameserverd", "ptctl", "ptkeys", "ptrelay"} {
		args = append(args, module+"/cmd/"+program)
	}
	out, err := exec.Command("go", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
})
