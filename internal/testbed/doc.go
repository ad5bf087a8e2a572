// Package testbed holds what the tests of several packages share: free ports, waits, golden files, processes whose output is
// watched, hosts in network namespaces, and Python peers. Its own test holds the rules on which package may import which.
//
// What a machine may lack (a right, a program) skips a test, except where the environment variable CI says that this is a
// machine made for testing: there it is a failure.
package testbed

import (
	"os"
	"testing"
)

// Unavailable ends a test that can't run on this machine: in CI as failed, elsewhere as skipped.
func Unavailable(t testing.TB, format string, args ...any) {
	t.Helper()
	if InCI() {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// InCI tells whether this is a machine made for testing.
func InCI() bool {
	ci := os.Getenv("CI")
	return ci != "" && ci != "false" && ci != "0"
}
