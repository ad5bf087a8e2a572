package httpd_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/httpd"
)

// serveEvents serves events at /events.
func serveEvents(t *testing.T) (*httpd.Events, *httpd.Server) {
	t.Helper()
	events := httpd.NewEvents()
	mux := httpd.NewMux()
	mux.Handle("GET /events", events)
	s, err := httpd.Listen(httpd.Config{Listen: "127.0.0.1:0"}, mux, httpd.Options{})
	return events, serve(t, s, err)
}

// follower reads a stream of events.
type follower struct {
	t    *testing.T
	body *bufio.Reader
}

// follow asks for events. It ends with the test.
func follow(t *testing.T, s *httpd.Server, query, last string) *follower {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Addr().String()+"/events"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := res.Body.Close(); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s, %s", res.Status, res.Header.Get("Content-Type"))
	}
	return &follower{t, bufio.NewReader(res.Body)}
}

// next reads an event: its ID, and its type and data.
func (f *follower) next() (id, event string) {
	f.t.Helper()
	for {
		line, err := f.body.ReadString('\n')
		if err != nil {
			f.t.Fatalf("read: %v", err)
		}
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch key {
		case "id":
			id = value
		case "event":
			event = value
		case "data":
			_, data, found := strings.Cut(value, `"data":`)
			if found {
				event += " " + strings.TrimSuffix(data, "}")
			}
		case "":
			if event != "" {
				return id, event
			}
		}
	}
}

// wants reads events and compares them, and returns the ID of the last one.
func (f *follower) wants(want ...string) (id string) {
	f.t.Helper()
	var got []string
	for range want {
		var event string
		id, event = f.next()
		got = append(got, event)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		f.t.Fatalf("(-want +got)\n%s", diff)
	}
	return id
}

func TestEvents(t *testing.T) {
	t.Parallel()
	events, s := serveEvents(t)
	one := follow(t, s, "", "")
	begin := one.wants("hello")
	events.Add("added", map[string]int{"n": 1})
	events.Add("added", map[string]string{"text": "a\nb\u2028"})
	seen := one.wants(`added {"n":1}`, `added {"text":"a\nb\u2028"}`)
	events.Add("removed", map[string]int{"n": 1})
	one.wants(`removed {"n":1}`)

	// Who comes back gets what it has missed; who is new gets what is new, or what it asks for.
	follow(t, s, "", seen).wants("hello", `removed {"n":1}`)
	follow(t, s, "", begin).wants("hello", `added {"n":1}`, `added {"text":"a\nb\u2028"}`, `removed {"n":1}`)
	follow(t, s, "?recent=1", "").wants("hello", `removed {"n":1}`)
	follow(t, s, "?recent=1000", "").wants("hello", `added {"n":1}`, `added {"text":"a\nb\u2028"}`, `removed {"n":1}`)
	two := follow(t, s, "", "")
	two.wants("hello")
	events.Add("last", struct{}{})
	two.wants("last {}")

	// What was before the start of the daemon nobody knows, nor what never was.
	for _, last := range []string{"abc-1", "nonsense", begin + "99"} {
		follow(t, s, "", last).wants("hello", "gap", `added {"n":1}`)
	}
	var kinds []string
	for _, e := range events.Recent(2) {
		kinds = append(kinds, e.Kind)
	}
	if diff := cmp.Diff([]string{"last", "removed"}, kinds); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := events.Recent(-1); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

// The memory of events is bounded, in their number and in each of them.
func TestManyEvents(t *testing.T) {
	t.Parallel()
	events, s := serveEvents(t)
	begin := follow(t, s, "", "").wants("hello")
	for i := range 1500 {
		events.Add("n", i)
	}
	if got := len(events.Recent(5000)); got != 1000 {
		t.Errorf("%d are kept", got)
	}
	follow(t, s, "", begin).wants("hello", "gap", "n 500", "n 501")
	events.Add("long", strings.Repeat("x", 5000))
	if got := string(events.Recent(1)[0].Data); got != `{"too_long":5002}` {
		t.Errorf("got %s", got)
	}
}

func TestBadStreams(t *testing.T) {
	t.Parallel()
	_, s := serveEvents(t)
	for query, want := range map[string]string{
		"?recent=x": `{"error":"recent is 0 to 1000"}`, "?recent=-1": `{"error":"recent is 0 to 1000"}`, "?recent=1001": `{"error":"recent is 0 to 1000"}`,
		"?since=1":  `{"error":"unknown parameter \"since\", there are recent"}`,
		"?recent=%": `{"error":"query: invalid URL escape \"%\""}`,
	} {
		status, _, body := talk(t, s, "GET /events"+query+" HTTP/1.1\nHost: localhost\n\n")
		if status != http.StatusBadRequest || strings.TrimSpace(body) != want {
			t.Errorf("%s: got %d %s, want %s", query, status, body, want)
		}
	}
	if status, header, _ := talk(t, s, "HEAD /events HTTP/1.1\nHost: localhost\n\n"); status != http.StatusOK || header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("HEAD: got %d, %v", status, header)
	}
}

// At most sixteen follow, and one host does not keep out others.
func TestManyStreams(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		hosts func(i int) string // of the stream with number i
		want  int                // status of one more, from 127.0.0.1
		ends  int                // the stream that ends; -1: none does
	}{
		{"of one host", func(int) string { return "127.0.0.1" }, http.StatusOK, 0},
		{"of another host", func(int) string { return "127.0.0.2" }, http.StatusOK, 0},
		{"one has two", func(i int) string { return fmt.Sprint("127.0.0.", 1+max(2, i)) }, http.StatusOK, 0},
		{"one has two, of the last", func(i int) string { return fmt.Sprint("127.0.0.", 2+min(14, i)) }, http.StatusOK, 14},
		{"each has one", func(i int) string { return fmt.Sprint("127.0.0.", 2+i) }, http.StatusServiceUnavailable, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, s := serveEvents(t)
			var open []*bufio.Reader
			for i := range 16 {
				open = append(open, bufio.NewReader(followFrom(t, s, tt.hosts(i))))
			}
			res := get(t, s, "/events")
			if res.StatusCode != tt.want || (tt.want == http.StatusServiceUnavailable && res.Header.Get("Retry-After") != "3") {
				t.Errorf("one more: got %s, want %d", res.Status, tt.want)
			}
			if tt.ends >= 0 {
				if _, err := io.Copy(io.Discard, open[tt.ends]); err != nil { // else the test ends by its limit
					t.Errorf("stream %d: %v", tt.ends, err)
				}
			}
		})
	}
}

// get asks for the head of an answer.
func get(t *testing.T, s *httpd.Server, path string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr().String()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	return res
}

// followFrom follows from an address of this host. The stream has begun, and nothing is read of it.
func followFrom(t *testing.T, s *httpd.Server, host string) net.Conn {
	t.Helper()
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(host)}}
	c, err := from.DialContext(t.Context(), "tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // may be closed already
	fmt.Fprint(c, "GET /events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	head := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(c, head); err != nil || string(head) != "HTTP/1.1 200" {
		t.Fatalf("%s: got %q, %v", host, head, err)
	}
	return c
}

// TestSeatsAreLeft: whoever goes makes room.
func TestSeatsAreLeft(t *testing.T) {
	t.Parallel()
	_, s := serveEvents(t)
	var last net.Conn
	for i := range 16 {
		last = followFrom(t, s, fmt.Sprint("127.0.0.", 2+i))
	}
	if err := last.Close(); err != nil {
		t.Fatal(err)
	}
	testbed.WaitFor(t, "a seat", func() bool { return get(t, s, "/events").StatusCode == http.StatusOK })
}

// Who does not read is cut, and does not hold up the others.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	events, s := serveEvents(t)
	quick := follow(t, s, "", "")
	quick.wants("hello")
	for i := range 15 { // with them all places are taken, by one of each host, until somebody is cut
		followFrom(t, s, fmt.Sprint("127.0.0.", 2+i))
	}
	long := strings.Repeat("x", 4000)
	testbed.WaitUpTo(t, 25*time.Second, "a seat of somebody who is cut", func() bool {
		for range 20 {
			events.Add("n", long)
			if _, event := quick.next(); !strings.HasPrefix(event, "n ") {
				t.Fatalf("got %s", event)
			}
		}
		return get(t, s, "/events").StatusCode == http.StatusOK
	})
}

// HEAD follows nothing: it takes no seat, from nobody, and is answered when there is none.
func TestHeadTakesNoSeat(t *testing.T) {
	t.Parallel()
	events, s := serveEvents(t)
	first := follow(t, s, "", "")
	first.wants("hello")
	for range 15 {
		followFrom(t, s, "127.0.0.1")
	}
	for range 3 {
		if status, header, _ := talk(t, s, "HEAD /events HTTP/1.1\nHost: localhost\n\n"); status != http.StatusOK || header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("got %d, %v", status, header)
		}
	}
	events.Add("n", 1)
	first.wants("n 1") // the oldest of the greediest host would have gone
}
