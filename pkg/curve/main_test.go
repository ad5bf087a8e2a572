package curve_test

import (
	"os"
	"syscall"
	"testing"
)

// TestMain lets the umask take nothing away, so that the modes of files are those that they were made with.
func TestMain(m *testing.M) {
	syscall.Umask(0)
	os.Exit(m.Run())
}
