package interop

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// TestReadme runs the commands of the README as they stand there.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllSubmatch(readme, -1)
	if len(blocks) != 1 {
		t.Fatalf("README.md has %d blocks of commands, want 1", len(blocks))
	}
	m := newMachine(t)
	if err := os.Symlink(programsDir, filepath.Join(m.dir, "bin")); err != nil {
		t.Fatal(err)
	}
	script := "set -eu\ntrap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n" + string(blocks[0][1])
	p := testbed.Start(t, m.command("bash", "-c", script))
	if status := p.Wait(); status != 0 {
		t.Errorf("got status %d", status)
	}
	out := strings.Join(p.Lines(), "\n")
	for _, want := range []string{"tcp://" + m.address() + ":", "/viirs/sdr/1B file ", `{"uid": "x.h5"}`} {
		if !strings.Contains(out, want) {
			t.Errorf("got %q, want something with %q", out, want)
		}
	}
}
