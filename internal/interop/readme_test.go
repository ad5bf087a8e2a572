package interop

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadme runs the commands of the README as they stand there.
func TestReadme(t *testing.T) {
	needTools(t)
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
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	script := "set -eu\ntrap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n" + string(blocks[0][1])
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	var out strings.Builder
	cmd.Stdout = &out
	cmd.Stderr = &out
	if err := m.start(cmd); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
	for _, want := range []string{"tcp://192.0.2.1:", "/viirs/sdr/1B file ", `{"uid": "x.h5"}`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got %q, want something with %q", out.String(), want)
		}
	}
}
