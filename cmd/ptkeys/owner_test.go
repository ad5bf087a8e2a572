package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// TestCheckTellsOfOwners gives files away, which only root can do.
func TestCheckTellsOfOwners(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		testbed.Unavailable(t, "giving files away needs root")
	}
	const somebody, another = 12345, 12346
	tests := map[string]struct {
		directory, file int
		want            string
	}{
		"root's":                 {0, 0, ""},
		"root's, a service's":    {0, somebody, "belongs to user 12345, who is neither root, nor the owner of the directory, nor you"},
		"a service's":            {somebody, somebody, ""},
		"a service's, root's":    {somebody, 0, ""},
		"a service's, another's": {somebody, another, "belongs to user 12346, who"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var stdout, stderr bytes.Buffer
			if status := run(t.Context(), []string{"alice", "-d", dir}, nil, nil, &stdout, &stderr); status != 0 {
				t.Fatalf("got status %d: %s", status, stderr.String())
			}
			path := filepath.Join(dir, "alice.key_secret")
			for path, owner := range map[string]int{dir: test.directory, path: test.file, filepath.Join(dir, "alice.key"): test.directory} {
				if err := os.Chown(path, owner, owner); err != nil {
					t.Fatal(err)
				}
			}
			status := run(t.Context(), []string{"check", dir}, nil, nil, &stdout, &stderr)
			if test.want == "" && (status != 0 || stdout.String() != "") ||
				test.want != "" && (status != 1 || !strings.HasPrefix(stdout.String(), path+": "+test.want)) {
				t.Errorf("got status %d, %q; want %q", status, stdout.String(), test.want)
			}
		})
	}
}
