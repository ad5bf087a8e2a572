package httpd

import (
	"log"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Bounds of what [http.Server] says of peers: it has a line for each connection on which no TLS is spoken.
const (
	complaintLines = 5 // in a complaintSpan
	complaintSpan  = time.Minute
)

// complaints passes on to the log what [http.Server] says, not too often. It may be used concurrently.
type complaints struct {
	log *zap.Logger

	mu             sync.Mutex // guards what is below
	panics, others span
}

// span is the time for which lines are counted.
type span struct {
	begun  time.Time
	lines  int
	untold uint64 // since the last line
}

// newComplaints returns the logger for [http.Server].ErrorLog.
func newComplaints(to *zap.Logger) *log.Logger {
	return log.New(&complaints{log: to}, "", 0)
}

// Write takes one line. Panics of handlers, which no peer should be able to bring about, are not crowded out by the rest.
func (c *complaints) Write(line []byte) (int, error) {
	text := strings.TrimSpace(strings.TrimPrefix(string(line), "http: "))
	kind, what := &c.others, "HTTP connection failed"
	if strings.HasPrefix(text, "panic") {
		kind, what = &c.panics, "HTTP handler panicked"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if count := kind.add(time.Now()); count > 0 {
		c.log.Warn(what, zap.String("error", text), zap.Uint64("count", count))
	}
	return len(line), nil
}

// add counts a line, and returns how many it tells of; 0: it is not told.
func (s *span) add(now time.Time) (count uint64) {
	if now.Sub(s.begun) >= complaintSpan {
		s.begun, s.lines = now, 0
	}
	s.untold++
	if s.lines++; s.lines > complaintLines {
		return 0
	}
	count, s.untold = s.untold, 0
	return count
}
