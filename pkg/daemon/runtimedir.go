package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// RuntimeDir returns the directory for files that live as long as a daemon does, such as sockets, where "-d start" has its pid file
// too ([Control]), and makes it where it is missing. Only the user of environ can put files there.
func RuntimeDir(environ []string) (string, error) { return runtimeDir(environ) }

// runtimeDir returns the directory of pid files and makes it where it is missing.
func runtimeDir(environ []string) (string, error) {
	// systemd sets it for units with RuntimeDirectory=; the first of several counts.
	if dir, _, _ := strings.Cut(lookup(environ, "RUNTIME_DIRECTORY"), ":"); filepath.IsAbs(dir) {
		return dir, ownDirectory(dir, 0o755)
	}
	if os.Geteuid() == 0 {
		return "/run/posttroll", ownDirectory("/run/posttroll", 0o755)
	}
	if base := lookup(environ, "XDG_RUNTIME_DIR"); filepath.IsAbs(base) {
		dir := filepath.Join(base, "posttroll")
		return dir, ownDirectory(dir, 0o700)
	}
	base := lookup(environ, "TMPDIR")
	if !filepath.IsAbs(base) {
		base = "/tmp"
	}
	dir := filepath.Join(base, "posttroll-"+strconv.Itoa(os.Geteuid()))
	return dir, ownDirectory(dir, 0o700)
}

// logDir returns the directory of log files and makes it where it is missing.
func logDir(environ []string) (string, error) {
	dir := ""
	switch logs, _, _ := strings.Cut(lookup(environ, "LOGS_DIRECTORY"), ":"); {
	case filepath.IsAbs(logs):
		dir = logs
	case os.Geteuid() == 0:
		dir = "/var/log/posttroll"
	case filepath.IsAbs(lookup(environ, "XDG_STATE_HOME")):
		dir = filepath.Join(lookup(environ, "XDG_STATE_HOME"), "posttroll")
	case filepath.IsAbs(lookup(environ, "HOME")):
		dir = filepath.Join(lookup(environ, "HOME"), ".local", "state", "posttroll")
	default:
		return runtimeDir(environ)
	}
	return dir, os.MkdirAll(dir, 0o755)
}

// ownDirectory makes dir, or checks that nobody else can put files into it: a pid file of somebody else would have us signal the wrong
// process.
func ownDirectory(dir string, perm fs.FileMode) error {
	err := os.Mkdir(dir, perm)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("runtime directory: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("runtime directory: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.IsDir():
		return fmt.Errorf("runtime directory: %s is no directory", dir)
	case !ok || int(stat.Uid) != os.Geteuid():
		return fmt.Errorf("runtime directory: %s belongs to somebody else", dir)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("runtime directory: others may write to %s", dir)
	}
	return nil
}

// lookup returns the variable name of environ, or "".
func lookup(environ []string, name string) string {
	for _, entry := range environ {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}
