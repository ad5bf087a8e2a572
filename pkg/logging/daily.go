package logging

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// keptDays is the number of old files that are kept.
const keptDays = 7

// dayLayout is what stands behind the name of an old file, as Python's TimedRotatingFileHandler writes it.
const dayLayout = "2006-01-02"

// dayPattern recognises old files, and nothing else that lies beside them.
var dayPattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// DailyFile is a file that is turned over at the first write of a new day, local time. It needs no goroutine.
type DailyFile struct {
	path string

	mu     sync.Mutex
	file   *os.File
	day    string    // that the lines in the file are from
	next   time.Time // when the day ends
	closed bool
}

// OpenDaily opens path for appending. Lines that are there are from the day when the last was written.
func OpenDaily(path string) (*DailyFile, error) {
	path, err := filepath.Abs(path) // a daemon may change its directory
	if err != nil {
		return nil, err
	}
	f := &DailyFile{path: path}
	return f, f.open()
}

// open opens the file; f.mu is held or f is not shared yet.
func (f *DailyFile) open() error {
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.file = file
	began := time.Now()
	if info.Size() > 0 && info.Mode().IsRegular() {
		began = info.ModTime()
	}
	f.begin(began)
	return nil
}

// begin makes the day of t the day of the file.
func (f *DailyFile) begin(t time.Time) {
	t = t.Local()
	f.day = t.Format(dayLayout)
	f.next = time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, t.Location())
}

// Write appends one line. When turning over fails the line goes to the old file, the error is returned once, and the
// next midnight is waited for.
func (f *DailyFile) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return 0, fs.ErrClosed
	}
	var turning error
	if now := time.Now(); !now.Before(f.next) {
		turning = f.turnOver(now)
	}
	n, err := f.file.Write(line)
	return n, errors.Join(turning, err)
}

// Sync writes the file to the disk.
func (f *DailyFile) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	return f.file.Sync()
}

// turnOver renames the file after its day, begins a new one and removes the oldest. f.mu is held, f.file stays usable.
func (f *DailyFile) turnOver(now time.Time) error {
	old := f.path + "." + f.day
	f.begin(now)
	if !f.regular() {
		return nil // a device or a pipe has no days
	}
	// An old file of that day is there only when the clock was set back: nothing is written over, the lines
	// stay where they are until tomorrow.
	if _, err := os.Lstat(old); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(f.path, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("turn log over: %w", err)
	}
	before := f.file
	if err := f.open(); err != nil {
		f.file = before
		return fmt.Errorf("turn log over: %w", err)
	}
	return errors.Join(before.Close(), f.prune())
}

func (f *DailyFile) regular() bool {
	info, err := f.file.Stat()
	return err == nil && info.Mode().IsRegular()
}

// prune removes old files but the newest.
func (f *DailyFile) prune() error {
	entries, err := os.ReadDir(filepath.Dir(f.path))
	if err != nil {
		return fmt.Errorf("list old logs: %w", err)
	}
	var days []string
	for _, e := range entries {
		day, ok := strings.CutPrefix(e.Name(), filepath.Base(f.path)+".")
		if ok && dayPattern.MatchString(day) && e.Type().IsRegular() {
			days = append(days, day)
		}
	}
	slices.Sort(days)
	var errs []error
	for _, day := range days[:max(0, len(days)-keptDays)] {
		errs = append(errs, os.Remove(f.path+"."+day))
	}
	return errors.Join(errs...)
}

// reopen opens the path anew; when that fails the old file is kept.
func (f *DailyFile) reopen() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return fs.ErrClosed
	}
	before := f.file
	if err := f.open(); err != nil {
		f.file = before
		return fmt.Errorf("reopen log: %w", err)
	}
	return before.Close()
}

// Close closes the file. It may be called twice.
func (f *DailyFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	return f.file.Close()
}
