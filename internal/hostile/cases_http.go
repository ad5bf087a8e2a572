package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// httpCases come to the relay's address for metrics and to its control socket.
func httpCases() []testCase {
	const host = "Host: localhost\r\n\r\n"
	both := called("http", "control")
	all := table("http", both, []text{
		{"nothing", ""},
		{"half-a-line", "GET /metr"},
		{"half-a-head", "GET /metrics HTTP/1.1\r\nHost: local"},
		{"no-host", "GET /metrics HTTP/1.1\r\n\r\n"},
		{"two-hosts", "GET /metrics HTTP/1.1\r\nHost: a\r\n" + host},
		{"no-version", "GET /metrics\r\n\r\n"},
		{"version-9", "GET /metrics HTTP/9.9\r\n" + host},
		{"http-2-preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + strings.Repeat("\x00", 100)},
		{"options-star", "OPTIONS * HTTP/1.1\r\n" + host},
		{"connect", "CONNECT localhost:22 HTTP/1.1\r\n" + host},
		{"absolute-uri", "GET http://example.org/metrics HTTP/1.1\r\n" + host},
		{"path-upwards", "GET /../../etc/passwd HTTP/1.1\r\n" + host},
		{"path-with-nul", "GET /\x00 HTTP/1.1\r\n" + host},
		{"path-of-100-kilobytes", "GET /" + strings.Repeat("x", 100_000) + " HTTP/1.1\r\n" + host},
		{"head-of-a-megabyte", "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n" + host},
		{"10000-heads", "GET / HTTP/1.1\r\n" + many(10_000, "X-%d: x\r\n") + host},
		{"length-and-chunked", "POST /v1/pause HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nHost: localhost\r\n\r\n0\r\n\r\nGET"},
		{"negative-length", "POST / HTTP/1.1\r\nContent-Length: -1\r\n" + host},
		{"huge-length", "POST /v1/nothing HTTP/1.1\r\nContent-Length: 9223372036854775807\r\n" + host + "x"},
		{"endless-chunk", "POST /v1/nothing HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + host + "fffffffffffffff\r\n" + strings.Repeat("x", 200_000)},
		{"bad-chunk", "POST /v1/nothing HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + host + "zz\r\n"},
		{"upgrade", "GET /metrics HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n" + host},
		{"a-thousand-in-one-go", strings.Repeat("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 1000)},
		{"zmtp", greeting(1, "NULL") + ready("SUB")},
		{"zeros", strings.Repeat("\x00", 5000)},
		{"random", randomText(5000)},
	}, (*attack).write)
	answered := func(name, line, more string, want ...int) testCase {
		return testCase{name: "http/" + name, at: called("http"), run: func(a *attack) error {
			conn, err := a.open()
			if err != nil {
				return err
			}
			if _, err := io.WriteString(conn, line+" HTTP/1.0\r\n"+more+"\r\n"); err != nil {
				return err
			}
			b, err := io.ReadAll(io.LimitReader(conn, 1<<20))
			if err != nil {
				return err
			}
			var status int
			if _, err := fmt.Sscanf(string(b), "HTTP/1.0 %d", &status); err != nil || !slices.Contains(want, status) {
				return fmt.Errorf("answered with %.100q, want status %v", b, want)
			}
			return nil
		}}
	}
	return append(all,
		answered("pause-over-the-network", "POST /v1/pause?route=plain", "Host: localhost\r\n", http.StatusMethodNotAllowed),
		answered("pause-by-get", "GET /v1/pause?route=plain", "Host: localhost\r\n", http.StatusNotFound),
		answered("delete", "DELETE /v1/routes", "Host: localhost\r\n", http.StatusMethodNotAllowed),
		answered("name-of-another-host", "GET /v1/routes", "Host: evil.example\r\n", http.StatusMisdirectedRequest),
		answered("page-of-another-site", "POST /v1/pause?route=plain", "Host: localhost\r\nOrigin: http://evil.example\r\nContent-Length: 0\r\n",
			http.StatusMethodNotAllowed, http.StatusForbidden),
		testCase{name: "http/200-connections-with-half-a-question", at: both, run: func(a *attack) error {
			for range 200 {
				if err := a.write("GET /metrics HTTP/1.1\r\nHost: local"); err != nil {
					return err
				}
			}
			return nil
		}},
		testCase{name: "http/200-that-never-read", at: both, run: func(a *attack) error {
			for range 200 {
				if err := a.write(strings.Repeat("GET /v1/routes HTTP/1.1\r\nHost: localhost\r\n\r\n", 50)); err != nil {
					return err
				}
			}
			return nil
		}},
		testCase{name: "http/2000-one-after-the-other", at: both, run: func(a *attack) error {
			for range 2000 {
				conn, err := a.dial()
				if err != nil {
					return err
				}
				if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil && !isCut(err) {
					return err
				}
				if err := conn.Close(); err != nil {
					return err
				}
			}
			return nil
		}},
		testCase{name: "control/bad-commands", at: called("control"), run: func(a *attack) error {
			for _, command := range []string{"pause", "pause?route=", "pause?route=none", "pause?route=%00", "pause?route=plain%0A", "resume?route=" + strings.Repeat("x", 4000), "nothing"} {
				if err := a.write("POST /v1/" + command + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"); err != nil {
					return err
				}
			}
			return nil
		}},
	)
}
