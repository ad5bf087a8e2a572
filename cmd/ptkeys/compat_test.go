package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Under the name of Python's command the program takes what that takes, and no commands.
func TestReferenceName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, test := range []struct {
		name   string
		line   []string
		status int
		made   []string
	}{
		{"a name", []string{"posttroll-generate-keys", "alice", "-d", dir}, 0, []string{"alice"}},
		{"the directory first, by its long name", []string{"/usr/bin/posttroll-generate-keys", "--directory", dir, "bob"}, 0, []string{"bob"}},
		{"the name of a command", []string{"posttroll-generate-keys", "list", "--directory=" + dir}, 0, []string{"list"}},
		{"the name of a command, misspelt", []string{"posttroll-generate-keys", "shwo", "-d", dir}, 0, []string{"shwo"}},
		{"a command and its argument", []string{"posttroll-generate-keys", "show", "alice", "-d", dir}, 2, nil},
		{"nothing", []string{"posttroll-generate-keys"}, 2, nil},
		{"help", []string{"posttroll-generate-keys", "-h"}, 0, nil},
		{"the own name", []string{"ptkeys", "shwo", "-d", dir}, 2, nil},
		{"no name at all", nil, 2, nil},
	} {
		var stdout, stderr bytes.Buffer
		status := run(t.Context(), underName(test.line), nil, nil, &stdout, &stderr)
		if status != test.status {
			t.Errorf("%s: got status %d, want %d\n%s", test.name, status, test.status, &stderr)
		}
		var made []string
		for _, name := range []string{"alice", "bob", "list", "shwo", "show"} {
			if os.Remove(filepath.Join(dir, name+".key")) == nil && os.Remove(filepath.Join(dir, name+".key_secret")) == nil {
				made = append(made, name)
			}
		}
		if diff := cmp.Diff(test.made, made); diff != "" {
			t.Errorf("%s: keys (-want +got):\n%s", test.name, diff)
		}
	}
}
