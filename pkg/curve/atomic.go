package curve

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// TemporaryPrefix begins the names of files that are being written, hidden beside their places. One that stays was left by a crash.
const TemporaryPrefix = ".ptkeys-"

// newFile is one of the files that are written together.
type newFile struct {
	path    string
	mode    fs.FileMode
	content []byte
}

// writeAll writes all files, which lie in directory, or none: first beside their places, then, when they are on the disk, they are moved
// there one by one; when one move fails the others are undone. It never leaves a file of an old and one of a new set, but for a crash between
// the moves.
func writeAll(directory string, files []newFile, replace bool) (err error) {
	if !replace {
		if err := existing(files); err != nil {
			return err
		}
	}
	var temporary []string
	// Those that were moved are gone; the others hold nothing that is needed.
	defer func() {
		for _, path := range temporary {
			_ = os.Remove(path)
		}
	}()
	for _, f := range files {
		path, err := stage(directory, f)
		temporary = append(temporary, path)
		if err != nil {
			return err
		}
	}
	var moves []*move
	defer func() {
		keep := err == nil
		for _, m := range slices.Backward(moves) {
			err = errors.Join(err, m.finish(keep))
		}
	}()
	for i, f := range files {
		m := &move{from: temporary[i], to: f.path}
		moves = append(moves, m)
		if err := m.do(replace); err != nil {
			return &FileError{f.path, err}
		}
	}
	return syncDirectory(directory)
}

// stage writes a file beside its place, with its mode from the first byte, and to the disk.
func stage(directory string, file newFile) (path string, err error) {
	path = temporaryName(directory)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, file.mode)
	if err != nil {
		return path, &FileError{file.path, err}
	}
	_, err = f.Write(file.content)
	if err == nil && file.mode == publicMode {
		err = f.Chmod(publicMode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return path, &FileError{file.path, err}
	}
	return path, nil
}

func temporaryName(directory string) string {
	return filepath.Join(directory, TemporaryPrefix+strings.ToLower(rand.Text())+".tmp")
}

// move brings one file to its place, and back.
type move struct {
	from, to string
	old      string // where the file that was there is kept; empty: there was none
	done     bool
}

func (m *move) do(replace bool) error {
	if !replace {
		return m.place()
	}
	old := temporaryName(filepath.Dir(m.to))
	switch err := os.Link(m.to, old); {
	case err == nil:
		m.old = old
	case !errors.Is(err, fs.ErrNotExist):
		return linkCause(err)
	}
	if err := os.Rename(m.from, m.to); err != nil {
		return linkCause(err)
	}
	m.done = true
	return nil
}

// place moves to where nothing may be.
func (m *move) place() error {
	err := os.Link(m.from, m.to)
	if err != nil && (errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EPERM)) {
		// File systems without hard links: the place is taken by an empty file first.
		err = m.claim()
	}
	m.done = err == nil
	return linkCause(err)
}

func (m *move) claim() error {
	f, err := os.OpenFile(m.to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, secretMode)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Close(), os.Rename(m.from, m.to)); err != nil {
		return errors.Join(err, os.Remove(m.to))
	}
	return nil
}

// finish forgets the old file, or brings it back.
func (m *move) finish(keep bool) error {
	switch {
	case m.old != "" && m.done && !keep:
		return os.Rename(m.old, m.to)
	case m.old != "":
		return os.Remove(m.old)
	case m.done && !keep:
		return os.Remove(m.to)
	}
	return nil
}

// linkCause leaves out the names of temporary files.
func linkCause(err error) error {
	if le, ok := errors.AsType[*os.LinkError](err); ok {
		return le.Err
	}
	return err
}

// syncDirectory brings to the disk which files a directory has. File systems that can't do that for directories are left alone.
func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return &FileError{path, err}
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	if err = errors.Join(err, d.Close()); err != nil {
		return &FileError{path, err}
	}
	return nil
}
