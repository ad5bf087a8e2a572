package httpd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Times of a stream of events.
const (
	streamWrite  = 10 * time.Second // for the peer to take what is written; then it is cut
	streamSilent = 15 * time.Second // then a comment is sent, which shows both sides whether the other one is there
	streamRetry  = 3 * time.Second  // after which a browser is to come back
)

// ServeHTTP sends events as they come, as server-sent events (HTML Living Standard, section 9.2): the kind as the type, and the event as JSON. The first one is "hello", which has no
// data but the place where the stream begins. Who comes back with the header Last-Event-ID gets what it has missed; when some of that is kept no longer, or was before the daemon was
// started, "gap" stands before it. With recent=N in the query the last N events come first. Who does not read is cut after ten seconds. Where sixteen follow already the host that has
// most streams loses its oldest; where each has one alone, others are refused with status 503. A host is an address, or an IPv6 network of 64 bits. HEAD gets the headers, and takes
// nobody's place.
func (e *Events) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	recent, err := readRecent(r)
	if err != nil {
		WriteError(w, http.StatusBadRequest, err.Error())
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead { // it follows nothing, and takes no seat from who does
		return
	}
	taken, ctx := e.take(r)
	if taken == nil {
		w.Header().Set("Retry-After", strconv.Itoa(int(streamRetry/time.Second)))
		WriteError(w, http.StatusServiceUnavailable, "too many follow the events already")
		return
	}
	defer e.leave(taken)
	s := &stream{w: w, control: http.NewResponseController(w)}
	// The server's limits are those of requests that end.
	if err := s.control.SetReadDeadline(time.Time{}); err != nil {
		WriteError(w, http.StatusNotImplemented, "no streams here")
		return
	}
	next, gap := e.begin(r.Header.Get("Last-Event-ID"), recent)
	s.text("retry: %d\n", streamRetry.Milliseconds())
	s.text("id: %s\nevent: hello\ndata: {}\n\n", e.id(next-1))
	e.follow(ctx, s, next, gap)
}

// readRecent reads the query.
func readRecent(r *http.Request) (int, error) {
	query, err := ReadQuery(r, "recent")
	if err != nil {
		return 0, err
	}
	text := query.Get("recent")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > keptEvents {
		return 0, fmt.Errorf("recent is 0 to %d", keptEvents)
	}
	return n, nil
}

// begin returns the number of the first event for somebody who has seen that with the ID last, or none, and whether there is a gap before it.
func (e *Events) begin(last string, recent int) (next uint64, gap bool) {
	if last != "" {
		number, ok := e.position(last)
		if !ok {
			return 1, true
		}
		return number + 1, false
	}
	_, end, _, _ := e.after(0)
	return end - min(uint64(recent), end-1), false
}

// follow writes events from number next on until ctx ends, or the peer is gone or does not read.
func (e *Events) follow(ctx context.Context, s *stream, next uint64, gap bool) {
	quiet := time.NewTimer(streamSilent)
	defer quiet.Stop()
	for {
		events, then, missed, news := e.after(next)
		if gap || missed && next > 0 {
			s.text("event: gap\ndata: {}\n\n")
		}
		gap, next = false, then
		for _, event := range events {
			s.event(event)
		}
		if s.flush() != nil {
			return
		}
		quiet.Reset(streamSilent)
		select {
		case <-ctx.Done():
			return
		case <-news:
		case <-quiet.C:
			s.text(":\n\n")
		}
	}
}

// stream is an answer that goes on.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	buffer  bytes.Buffer
}

func (s *stream) text(format string, args ...any) { fmt.Fprintf(&s.buffer, format, args...) }

func (s *stream) event(e Event) {
	s.text("id: %s\nevent: %s\ndata: {\"time\":%q,\"kind\":%q,\"data\":%s}\n\n", e.ID, e.Kind, e.Time.Format(time.RFC3339Nano), e.Kind, e.Data)
}

// flush sends what was written.
func (s *stream) flush() error {
	defer s.buffer.Reset()
	err := s.control.SetWriteDeadline(time.Now().Add(streamWrite))
	_, failed := s.w.Write(s.buffer.Bytes())
	return errors.Join(err, failed, s.control.Flush())
}
