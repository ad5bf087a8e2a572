package logging

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// files returns the files of a directory with what is in them.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(text)
	}
	return all
}

func wantFiles(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, files(t, dir)); diff != "" {
		t.Errorf("files: (-want +got)\n%s", diff)
	}
}

func writeLine(t *testing.T, f *DailyFile, line string) {
	t.Helper()
	if _, err := f.Write([]byte(line + "\n")); err != nil {
		t.Error(err)
	}
}

// The clock of a bubble begins at midnight of 2000-01-01, UTC; the tests sleep to noon of the local zone's days and do not mind.
func TestTurnedOverDaily(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f, err := OpenDaily(filepath.Join(dir, "log"))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		name := "log"
		for day := range 10 {
			today := time.Now().Local().Format(dayLayout)
			writeLine(t, f, fmt.Sprint("day ", day))
			writeLine(t, f, "again")
			want[name+"."+today] = fmt.Sprintf("day %d\nagain\n", day)
			time.Sleep(24 * time.Hour)
		}
		// Two days without a line make no empty file.
		time.Sleep(48 * time.Hour)
		last := time.Now().Local()
		writeLine(t, f, "last")
		want["log"] = "last\n"
		for key := range want {
			day, ok := strings.CutPrefix(key, "log.")
			if ok && day < last.AddDate(0, 0, -9).Format(dayLayout) {
				delete(want, key)
			}
		}
		if len(want) != keptDays+1 {
			t.Fatalf("the test wants %d files", len(want))
		}
		wantFiles(t, dir, want)
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestNotTurnedOverOnTheSameDay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().Local()
		time.Sleep(time.Until(time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 1, 0, time.Local)))
		f, err := OpenDaily(filepath.Join(dir, "log"))
		if err != nil {
			t.Fatal(err)
		}
		writeLine(t, f, "first")
		time.Sleep(24*time.Hour - 2*time.Second) // a second before midnight
		writeLine(t, f, "second")
		wantFiles(t, dir, map[string]string{"log": "first\nsecond\n"})
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A program that is started again turns over what was logged on an earlier day, and only that.
func TestOldFileIsTurnedOverAfterStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	if err := os.WriteFile(path, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	then := time.Date(2026, 11, 20, 12, 0, 0, 0, time.Local)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"new", "newer"} {
		f, err := OpenDaily(path)
		if err != nil {
			t.Fatal(err)
		}
		writeLine(t, f, line)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	wantFiles(t, dir, map[string]string{"log.2026-11-20": "old\n", "log": "new\nnewer\n"})
}

// Nothing is written over, and other files are left alone.
func TestFilesInTheWayAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	others := map[string]string{"log.2026-11-20": "there\n", "log.1": "", "log.2001-01-01.gz": "", "other.2001-01-01": ""}
	for day := range 9 {
		others[fmt.Sprintf("log.2001-01-0%d", day+1)] = ""
	}
	for name, text := range others {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	then := time.Date(2026, 11, 20, 12, 0, 0, 0, time.Local)
	if err := os.WriteFile(path, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
	f, err := OpenDaily(path)
	if err != nil {
		t.Fatal(err)
	}
	writeLine(t, f, "new")
	others["log"] = "old\nnew\n"
	wantFiles(t, dir, others)
	if err := f.prune(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"log.2001-01-01", "log.2001-01-02", "log.2001-01-03"} {
		delete(others, name)
	}
	wantFiles(t, dir, others)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// Logrotate moves the file away and sends SIGHUP.
func TestReopen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log, err := Open(Config{File: filepath.Join(dir, "log")})
	if err != nil {
		t.Fatal(err)
	}
	log.Info("one")
	if err := os.Rename(filepath.Join(dir, "log"), filepath.Join(dir, "moved")); err != nil {
		t.Fatal(err)
	}
	log.Info("two")
	if err := log.Reopen(); err != nil {
		t.Fatal(err)
	}
	log.Info("three")
	if err := errors.Join(log.Sync(), log.Close(), log.Close()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{"moved": {"one", "two"}, "log": {"three"}} {
		text := files(t, dir)[name]
		if strings.Count(text, "\n") != len(want) {
			t.Errorf("%s: got\n%s", name, text)
		}
		for _, message := range want {
			if !strings.Contains(text, `"message":"`+message+`"`) {
				t.Errorf("%s: no %s in\n%s", name, message, text)
			}
		}
	}
	if err := log.Reopen(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("reopen after close: got %v", err)
	}
}

// The directory is gone: logging goes on into the old file.
func TestReopenFails(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "logs")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := OpenDaily(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	if err := f.reopen(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want no such file", err)
	}
	writeLine(t, f, "still")
	wantFiles(t, dir+".away", map[string]string{"log": "still\n"})
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	if _, err := Open(Config{File: filepath.Join(t.TempDir(), "none", "log")}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want no such file", err)
	}
}

func TestConcurrentWrites(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := OpenDaily(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				writeLine(t, f, "a line")
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			if err := f.reopen(); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	wantFiles(t, dir, map[string]string{"log": strings.Repeat("a line\n", 800)})
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
