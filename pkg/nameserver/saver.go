package nameserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"
)

// Times of writing the state.
const (
	// gather is the time from a change until it is written, with what else changes meanwhile.
	gather = 100 * time.Millisecond
	// restBetween and restFactor are the pause after writing, in itself and as a multiple of the time that it took: it is a small part of what
	// the disk and the processor do, however much is listed.
	restBetween = time.Second
	restFactor  = 20
	// restMost bounds the pause, and so what is lost when the process is killed while very many publishers come: with 100,000 it was 10 s and more.
	restMost = 5 * time.Second
	// restFailed is the pause after a failure.
	restFailed = 10 * time.Second
	// refresh is the age from which the state is written again though only times have changed.
	refresh = 10 * time.Minute
)

// saver writes what is listed into a file, whenever it has changed.
type saver struct {
	n    *Nameserver
	path string
	wake chan struct{} // 1 deep: that there is something to write

	saves, failures atomic.Uint64

	// Of the keeper.
	asked   uint64 // the version of the table that was asked for
	askedAt time.Time

	// Of run.
	failure string // what was logged last; empty: all is well
}

func newSaver(n *Nameserver) *saver {
	return &saver{n: n, path: n.config().statePath(), wake: make(chan struct{}, 1)}
}

// ask has the state written if it has changed, or is old. It never blocks.
func (s *saver) ask(now time.Time) {
	if s.path == "" {
		return
	}
	version := s.n.registry.Version()
	if version == s.asked && (now.Sub(s.askedAt) < refresh || s.n.registry.Len() == 0) {
		return
	}
	s.asked, s.askedAt = version, now
	s.poke()
}

func (s *saver) poke() {
	select {
	case s.wake <- struct{}{}:
	default: // it will be written
	}
}

// run writes until the table does not change any more, and then once more.
func (s *saver) run(ctx context.Context) error {
	var next time.Time // when it may be written again
	for {
		select {
		case <-s.n.stopped:
			s.save()
			return nil
		case <-s.wake:
		}
		select {
		case <-s.n.stopped:
		case <-time.After(max(gather, time.Until(next))):
		}
		if ctx.Err() != nil {
			continue // the last one follows
		}
		began := time.Now()
		if s.save() {
			next = time.Now().Add(pauseAfter(time.Since(began)))
		} else {
			next = time.Now().Add(restFailed)
			s.poke()
		}
	}
}

// pauseAfter is the pause after writing took so long.
func pauseAfter(took time.Duration) time.Duration {
	return min(max(restBetween, restFactor*took), restMost)
}

// save writes the state once; a failure is logged when it begins, and counted.
func (s *saver) save() bool {
	entries, err := s.write()
	if err != nil {
		s.failures.Add(1)
		if cause := plainCause(err); cause != s.failure {
			s.failure = cause
			s.n.log.Error("state not written: after a restart publishers are listed as they announce themselves", zap.String("path", s.path), zap.Error(err))
		}
		return false
	}
	s.saves.Add(1)
	if s.failure != "" {
		s.failure = ""
		s.n.log.Info("state is written again", zap.String("path", s.path), zap.Int("count", entries))
	}
	return true
}

// plainCause is by what failures are told apart: not by the step that they happened in.
func plainCause(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	return err.Error()
}

// write puts a new file in the place of the old one, so that there is a whole one at any time.
func (s *saver) write() (entries int, err error) {
	next := s.path + ".new"
	file, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return 0, fmt.Errorf("lock %s, which another nameserver may be writing: %w", next, err)
	}
	if entries, err = s.fill(file); err == nil {
		err = os.Rename(next, s.path)
	}
	if err != nil {
		return 0, errors.Join(err, os.Remove(next)) // a disk that is full gets back what it took
	}
	return entries, syncDirectory(filepath.Dir(s.path))
}

// fill writes everything into a file, and sees it to the disk.
func (s *saver) fill(file *os.File) (entries int, err error) {
	if err := file.Truncate(0); err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(file, 64<<10)
	if entries, err = s.writeTo(out); err != nil {
		return 0, err
	}
	if err := out.Flush(); err != nil {
		return 0, err
	}
	return entries, file.Sync()
}

// writeTo writes the lines.
func (s *saver) writeTo(out io.Writer) (entries int, err error) {
	line := appendHeader(nil, time.Now(), s.n.config().Backend)
	for saved := range s.n.registry.Saved() {
		if _, err := out.Write(line); err != nil {
			return 0, err
		}
		line = appendStateLine(line[:0], saved)
		entries++
	}
	_, err = out.Write(appendEnd(line, entries))
	return entries, err
}

// syncDirectory makes a change of names last.
func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
