package testbed_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// errored records what a test has reported.
type errored struct {
	testing.TB
	what string
}

func (e *errored) Helper()                           {}
func (e *errored) Errorf(format string, args ...any) { e.what += fmt.Sprintf(format, args...) }

func TestGolden(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "golden")
	if err := flag.Set("update", "true"); err != nil {
		t.Fatal(err)
	}
	testbed.Golden(t, path, []byte("text\n"))
	if err := flag.Set("update", "false"); err != nil {
		t.Fatal(err)
	}
	testbed.Golden(t, path, []byte("text\n"))
	e := &errored{TB: t}
	testbed.Golden(e, path, []byte("other\n"))
	if e.what == "" {
		t.Error("a difference was not reported")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "text\n" {
		t.Errorf("the file holds %q, %v", got, err)
	}
}
