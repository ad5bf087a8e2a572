package httpd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// ErrInUse says that somebody serves at a path already.
var ErrInUse = errors.New("somebody else answers there")

// ListenUnix binds a socket that is the file path and that its owner and root alone can connect to; its directory has to be there. A file that a process
// has left behind is replaced, but not one behind which somebody answers ([ErrInUse]), and nothing that is no socket. All methods reach h.
func ListenUnix(path string, h http.Handler, opts Options) (*Server, error) {
	l, err := bindUnix(path)
	if err != nil {
		return nil, fmt.Errorf("socket %s: %w", path, err)
	}
	return &Server{listener: l, http: newHTTP(h, opts)}, nil
}

// bindUnix binds path. Of several that try at the same time one succeeds.
func bindUnix(path string) (_ net.Listener, err error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	unlock, err := lock(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := makeRoom(path); err != nil {
		return nil, err
	}
	// Only the owner's bits before there is a name (unix(7): the file gets the mode of the socket).
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var changed error
		err := c.Control(func(fd uintptr) { changed = syscall.Fchmod(int(fd), 0o600) })
		return errors.Join(err, changed)
	}}
	l, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, cause(err)
	}
	if err := os.Chmod(path, 0o600); err != nil { // systems other than Linux
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// lockLimit is how long lock waits. Whoever may read a directory may lock it, and need not let go.
const lockLimit = 5 * time.Second

// lock keeps others from binding in directory at the same time.
func lock(directory string) (unlock func() error, err error) {
	f, err := os.Open(directory)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(lockLimit); ; time.Sleep(10 * time.Millisecond) { // flock(2) has no limit
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return f.Close, nil // ends the lock as well
		case errors.Is(err, syscall.EINTR), errors.Is(err, syscall.EWOULDBLOCK) && time.Now().Before(end):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK):
			err = fmt.Errorf("another process holds it for longer than %v", lockLimit)
		}
		return nil, errors.Join(fmt.Errorf("lock %s: %w", directory, err), f.Close())
	}
}

// makeRoom removes a socket at path behind which nobody is.
func makeRoom(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return errors.New("there is something that is no socket")
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case err == nil:
		return errors.Join(ErrInUse, c.Close())
	case errors.Is(err, syscall.ECONNREFUSED):
		return os.Remove(path)
	case errors.Is(err, fs.ErrNotExist):
		return nil // it has just gone
	}
	return fmt.Errorf("find out whether somebody answers there: %w", cause(err))
}

// cause drops what the caller tells already.
func cause(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}
