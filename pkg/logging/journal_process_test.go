package logging

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/coreos/go-systemd/v22/journal"
	"go.uber.org/zap"
)

// childVariable makes the test binary log one line and end.
const childVariable = "LOGGING_TEST_LOGS_ONE_LINE"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		log, err := Open(Config{Program: "logging.test", Environ: os.Environ()})
		if err != nil {
			panic(err)
		}
		log.Warn("from a test", zap.Int("count", 1))
		return
	}
	os.Exit(m.Run())
}

// A process whose standard error is what JOURNAL_STREAM says logs to the journal; where none runs, with a priority to standard error.
func TestStandardErrorIsTheJournal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "stderr")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var stat syscall.Stat_t
	if err := syscall.Fstat(int(f.Fd()), &stat); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"=1", fmt.Sprintf("JOURNAL_STREAM=%d:%d", stat.Dev, stat.Ino))
	cmd.Stderr = f
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := "<4>from a test count=1\n"
	if journal.Enabled() {
		want = ""
	}
	if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
