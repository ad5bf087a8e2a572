package daemon

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// pidFile is a file with the number of a process, which holds a lock on it for as long as it lives. The lock counts, not
// the number. The file is never removed: another process might be about to lock it.
type pidFile struct{ *os.File }

// openPIDFile opens path and makes it where it is missing.
func openPIDFile(path string) (pidFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return pidFile{}, fmt.Errorf("pid file: %w", err)
	}
	return pidFile{f}, nil
}

// lock takes the lock; false says that a running process has it. The lock belongs to the open file and so to every process that
// inherits it (fcntl(2), open file description locks); it ends with the last of them.
func (f pidFile) lock() (bool, error) {
	err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, wholeFile())
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES):
		return false, nil
	}
	return false, fmt.Errorf("lock %s: %w", f.Name(), err)
}

// locked says whether somebody else has the lock, without taking it: a query in between disturbs no start.
func (f pidFile) locked() (bool, error) {
	held := wholeFile()
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, held); err != nil {
		return false, fmt.Errorf("look at the lock of %s: %w", f.Name(), err)
	}
	return held.Type != unix.F_UNLCK, nil
}

func wholeFile() *unix.Flock_t { return &unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart} }

// read returns the number, 0 when there is none yet, and since when it stands there.
func (f pidFile) read() (int, time.Time, error) {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 32))
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	info, err := f.Stat()
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	word := strings.TrimSpace(string(text))
	if word == "" {
		return 0, info.ModTime(), nil
	}
	pid, err := strconv.Atoi(word)
	if err != nil || pid <= 1 {
		return 0, time.Time{}, fmt.Errorf("read %s: %q is no process number", f.Name(), word)
	}
	return pid, info.ModTime(), nil
}

// write replaces the number; 0 stands for none.
func (f pidFile) write(pid int) error {
	text := ""
	if pid != 0 {
		text = strconv.Itoa(pid) + "\n"
	}
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("write %s: %w", f.Name(), err)
	}
	if _, err := f.WriteAt([]byte(text), 0); err != nil {
		return fmt.Errorf("write %s: %w", f.Name(), err)
	}
	return nil
}
