package httpd_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pytroll/posttroll-go/pkg/httpd"
)

// serve runs a server until the test ends.
func serve(t *testing.T, s *httpd.Server, err error) *httpd.Server {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return s
}

// hello answers with what it was asked.
func hello() *http.ServeMux {
	mux := httpd.NewMux()
	mux.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			httpd.WriteError(w, http.StatusRequestEntityTooLarge, err.Error())
			return
		}
		httpd.WriteJSON(w, map[string]string{"method": r.Method, "body": string(body)})
	})
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("on purpose") })
	return mux
}

// talk sends a request as it stands, and returns the status and the body of the answer.
func talk(t *testing.T, s *httpd.Server, request string) (status int, header http.Header, body string) {
	t.Helper()
	c, err := net.Dial(s.Addr().Network(), s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, strings.ReplaceAll(request, "\n", "\r\n")); err != nil {
		t.Logf("it would not have all of it: %v", err)
	}
	method, _, _ := strings.Cut(request, " ")
	res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, nil, ""
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Logf("it has answered, and did not want the rest of the request: %v", err)
	}
	return res.StatusCode, res.Header, string(text)
}

// What an address answers to whom. It is a loopback address, at which other names are other sites.
func TestListen(t *testing.T) {
	t.Parallel()
	s, err := httpd.Listen(httpd.Config{Listen: "127.0.0.1:0"}, hello(), httpd.Options{})
	serve(t, s, err)
	for _, tt := range []struct {
		name, request string
		status        int
		body          string
	}{
		{"get", "GET /hello HTTP/1.1\nHost: 127.0.0.1:9180\n\n", 200, `{"body":"","method":"GET"}`},
		{"by name", "GET /hello HTTP/1.1\nHost: LocalHost\n\n", 200, `{"body":"","method":"GET"}`},
		{"by IPv6 address", "GET /hello HTTP/1.1\nHost: [::1]:80\n\n", 200, `{"body":"","method":"GET"}`},
		{"by IPv6 address without a port", "GET /hello HTTP/1.1\nHost: [::1]\n\n", 200, `{"body":"","method":"GET"}`},
		{"head", "HEAD /hello HTTP/1.1\nHost: localhost\n\n", 200, ""},
		{"typed by a user", "GET /hello HTTP/1.1\nHost: localhost\nSec-Fetch-Site: none\n\n", 200, `{"body":"","method":"GET"}`},
		{"nothing there", "GET / HTTP/1.1\nHost: localhost\n\n", 404, `{"error":"there is no GET /"}`},
		{"post", "POST /hello HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n", 405, `{"error":"nothing can be changed here"}`},
		{"delete", "DELETE /hello HTTP/1.1\nHost: localhost\n\n", 405, `{"error":"nothing can be changed here"}`},
		{"options of all", "OPTIONS * HTTP/1.1\nHost: localhost\n\n", 405, `{"error":"nothing can be changed here"}`},
		{"rebound name", "GET /hello HTTP/1.1\nHost: evil.example:9180\n\n", 421, `{"error":"this is localhost, and no other host"}`},
		{"address of another host", "GET /hello HTTP/1.1\nHost: 10.0.0.1\n\n", 421, `{"error":"this is localhost, and no other host"}`},
		{"name that begins well", "GET /hello HTTP/1.1\nHost: 127.0.0.1.evil.example\n\n", 421, `{"error":"this is localhost, and no other host"}`},
		{"no host", "GET /hello HTTP/1.0\n\n", 421, `{"error":"this is localhost, and no other host"}`},
		{"page of another site", "GET /hello HTTP/1.1\nHost: localhost\nSec-Fetch-Site: cross-site\n\n", 403, `{"error":"not for pages of other sites"}`},
		{"page of another port", "GET /hello HTTP/1.1\nHost: localhost\nSec-Fetch-Site: same-site\n\n", 403, `{"error":"not for pages of other sites"}`},
		{"link on a page of another site", "GET /hello HTTP/1.1\nHost: localhost\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: document\n\n", 200,
			`{"body":"","method":"GET"}`},
		{"frame in a page of another site", "GET /hello HTTP/1.1\nHost: localhost\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: iframe\n\n", 403,
			`{"error":"not for pages of other sites"}`},
		{"long header", "GET /hello HTTP/1.1\nHost: localhost\nX: " + strings.Repeat("x", 1<<16) + "\n\n", 431, "431 Request Header Fields Too Large"},
		{"no HTTP", "pytroll://hello\n\n", 400, "400 Bad Request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, _, body := talk(t, s, tt.request)
			if status != tt.status || strings.TrimSpace(body) != tt.body {
				t.Errorf("got %d %q, want %d %q", status, body, tt.status, tt.body)
			}
		})
	}
}

// No page of another site may take what is there into itself.
func TestHeaders(t *testing.T) {
	t.Parallel()
	s, err := httpd.Listen(httpd.Config{Listen: "127.0.0.1:0"}, hello(), httpd.Options{})
	serve(t, s, err)
	_, header, _ := talk(t, s, "GET /hello HTTP/1.1\nHost: localhost\nOrigin: https://evil.example\n\n")
	header.Del("Date")
	want := http.Header{
		"Cache-Control":                {"no-store"},
		"Content-Length":               {"27"},
		"Content-Security-Policy":      {"default-src 'none'; frame-ancestors 'none'"},
		"Content-Type":                 {"application/json"},
		"Cross-Origin-Opener-Policy":   {"same-origin"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"Referrer-Policy":              {"no-referrer"},
		"X-Content-Type-Options":       {"nosniff"},
		"X-Frame-Options":              {"DENY"},
	}
	if diff := cmp.Diff(want, header); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Beyond loopback it is asked by addresses and by names that nobody else can give himself.
func TestListenForOthers(t *testing.T) {
	t.Parallel()
	s, err := httpd.Listen(httpd.Config{Listen: "0.0.0.0:0", Hosts: []string{"relay.example"}}, hello(), httpd.Options{})
	serve(t, s, err)
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{
		"10.0.0.1:9180": http.StatusOK, "[fe80::1]": http.StatusOK, "localhost": http.StatusOK, "relay": http.StatusOK, own: http.StatusOK,
		"Relay.Example.:9180": http.StatusOK, "relay.example": http.StatusOK,
		"evil.example": http.StatusMisdirectedRequest, "relay.example.evil.example": http.StatusMisdirectedRequest, "": http.StatusMisdirectedRequest,
	} {
		if status, _, body := talk(t, s, "GET /hello HTTP/1.1\nHost: "+host+"\n\n"); status != want {
			t.Errorf("%q: answered with %d %s, want %d", host, status, body, want)
		}
	}
}

func TestPanicOfAHandler(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.DebugLevel)
	s, err := httpd.Listen(httpd.Config{Listen: "127.0.0.1:0"}, hello(), httpd.Options{Logger: zap.New(core)})
	serve(t, s, err)
	if status, _, _ := talk(t, s, "GET /panic HTTP/1.1\nHost: localhost\n\n"); status != 0 {
		t.Errorf("answered with %d", status)
	}
	if status, _, _ := talk(t, s, "GET /hello HTTP/1.1\nHost: localhost\n\n"); status != http.StatusOK {
		t.Errorf("answered with %d afterwards", status)
	}
	if lines := logs.FilterLoggerName("http").All(); len(lines) != 1 || !strings.Contains(fmt.Sprint(lines[0].ContextMap()["error"]), "on purpose") {
		t.Errorf("logged %v", lines)
	}
}

// Who says nothing does not hold a place for long, and at most so many places there are.
func TestManyConnections(t *testing.T) {
	t.Parallel()
	s, err := httpd.Listen(httpd.Config{Listen: "127.0.0.1:0"}, hello(), httpd.Options{})
	serve(t, s, err)
	for range 70 {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}()
	}
	begun := time.Now()
	if status, _, _ := talk(t, s, "GET /hello HTTP/1.1\nHost: localhost\n\n"); status != http.StatusOK {
		t.Errorf("answered with %d", status)
	}
	t.Logf("answered after %s", time.Since(begun))
}

func TestListenErrors(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	_, err = httpd.Listen(httpd.Config{Listen: l.Addr().String()}, hello(), httpd.Options{})
	if want := fmt.Sprintf("http_listen: listen tcp %s: bind: address already in use", l.Addr()); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	s, err := httpd.Listen(httpd.Config{Listen: "127.0.0.1:0"}, hello(), httpd.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Serve(t.Context()); err == nil {
		t.Error("a closed server serves")
	}
}

// A request that is under way when the server stops is answered, if that does not take long; else it is cut.
func TestStop(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		ends   bool
		status int
	}{{"soon", true, 200}, {"never", false, 0}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mux := httpd.NewMux()
			asked, release := make(chan struct{}), make(chan struct{})
			mux.HandleFunc("GET /wait", func(w http.ResponseWriter, _ *http.Request) {
				close(asked)
				<-release
				httpd.WriteJSON(w, "done")
			})
			s, err := httpd.Listen(httpd.Config{Listen: "127.0.0.1:0"}, mux, httpd.Options{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- s.Serve(ctx) }()
			go func() {
				<-asked
				stop()
				if tt.ends {
					close(release)
				}
			}()
			if status, _, _ := talk(t, s, "GET /wait HTTP/1.1\nHost: localhost\n\n"); status != tt.status {
				t.Errorf("answered with %d, want %d", status, tt.status)
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if !tt.ends {
				close(release)
			}
		})
	}
}
