package logging

import (
	"bytes"
	"io"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

const (
	// spoolPatience is how long a line may hold up whoever logs it.
	spoolPatience = 100 * time.Millisecond
	// spoolBytes is how much may wait to be written; further lines are left out.
	spoolBytes = 1 << 20
	// spoolFlush is how long [Log.Close] waits for what waits.
	spoolFlush = time.Second
)

// spool writes lines in their order, and holds nobody up for long: who reads a pipe, a terminal or the journal's socket may have stopped to do so, and a daemon that logs what
// strangers do to it must not stop with him. As long as lines are taken, each is written when put returns, so that a crash loses none. The methods of nil write at once.
type spool struct {
	// told writes that lines were left out.
	told func(count uint64)

	turn sync.Mutex // held by who waits for his line to be written

	mu      sync.Mutex // guards what is below
	waiting []spooledLine
	bytes   int           // of them, and of the one that is being written
	done    chan struct{} // closed when nothing waits any more; nil: nothing does
	stalled bool          // who logs does not wait until then
	lost    uint64        // lines left out that nobody was told of
}

// spooledLine is a line that waits.
type spooledLine struct {
	size  int
	write func()
}

// put writes a line of so many bytes, or leaves it to be written.
func (s *spool) put(size int, write func()) {
	if s == nil {
		write()
		return
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	if done := s.add(spooledLine{size, write}); done != nil && !within(spoolPatience, done) {
		s.stall(done)
	}
}

// add returns what tells when the line is written; nil: it is not to be waited for.
func (s *spool) add(line spooledLine) (done chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bytes > 0 && s.bytes+line.size > spoolBytes {
		s.lost++
		return nil
	}
	s.bytes += line.size
	s.waiting = append(s.waiting, line)
	if s.done == nil {
		s.done = make(chan struct{})
		go s.drain() // ends when nothing waits, or with the process
	}
	if s.stalled {
		return nil
	}
	return s.done
}

// stall has nobody wait until all is written.
func (s *spool) stall(done chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done == done { // else it was written just now
		s.stalled = true
	}
}

// drain writes until nothing waits.
func (s *spool) drain() {
	for line, ok := s.next(0); ok; line, ok = s.next(line.size) {
		line.write()
	}
}

// next returns what is to be written next, after a line of so many bytes was written. Behind those that waited comes the word of those that were left out.
func (s *spool) next(written int) (spooledLine, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes -= written
	if len(s.waiting) > 0 {
		line := s.waiting[0]
		s.waiting = s.waiting[1:]
		return line, true
	}
	if count := s.lost; count > 0 {
		s.lost = 0
		return spooledLine{write: func() { s.told(count) }}, true
	}
	s.waiting = nil
	close(s.done)
	s.done, s.stalled = nil, false
	return spooledLine{}, false
}

// flush waits until all is written, or limit is over.
func (s *spool) flush(limit time.Duration) {
	if s == nil {
		return
	}
	s.mu.Lock()
	done := s.done
	s.mu.Unlock()
	if done != nil {
		within(limit, done)
	}
}

// within tells whether something is done before limit is over.
func within(limit time.Duration, done <-chan struct{}) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// spoolWriter has lines written by way of a spool.
type spoolWriter struct {
	*spool
	to io.Writer
}

var _ zapcore.WriteSyncer = spoolWriter{}

// Write takes a line. That it can't be written nobody can be told.
func (w spoolWriter) Write(line []byte) (int, error) {
	if w.spool == nil {
		return w.to.Write(line)
	}
	copied := bytes.Clone(line)
	w.put(len(copied), func() { _, _ = w.to.Write(copied) })
	return len(line), nil
}

// Sync does nothing, as for all that is no file.
func (spoolWriter) Sync() error { return nil }

// mayStall tells whether a write may wait for somebody: for whoever reads the other end. A file is as quick as its disk.
func mayStall(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && !info.Mode().IsRegular()
}

// leftOut is the entry that tells of lines left out.
func leftOut(count uint64) (zapcore.Entry, []zapcore.Field) {
	return zapcore.Entry{Level: zapcore.WarnLevel, Time: time.Now(), Message: "log lines left out: nobody took them"}, []zapcore.Field{zap.Uint64("count", count)}
}
