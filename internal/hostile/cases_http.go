package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// httpCases come to the addresses at which the programs tell of themselves over HTTP and HTTPS, and to the control socket.
func httpCases() []testCase {
	const host = "Host: localhost\r\n\r\n"
	all := table("http", called("http", "https", "control"), []text{
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
	all = append(all, table("tls", called("https"), tlsTexts, (*attack).writeBare)...)
	return slices.Concat(all, statusCases(), crowdCases(), []testCase{
		{name: "control/bad-commands", at: called("control"), run: func(a *attack) error {
			for _, command := range []string{"pause", "pause?route=", "pause?route=none", "pause?route=%00", "pause?route=plain%0A", "resume?route=" + strings.Repeat("x", 4000), "nothing"} {
				if err := a.write("POST /v1/" + command + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"); err != nil {
					return err
				}
			}
			return nil
		}},
	})
}

// tlsTexts are no TLS, or the beginning of it, for a port that speaks it.
var tlsTexts = []text{
	{"nothing", ""},
	{"plain-http", "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"},
	{"junk", strings.Repeat("junk\r\n", 2000)},
	{"zeros", strings.Repeat("\x00", 5000)},
	{"ones", strings.Repeat("\xff", 5000)},
	{"random", randomText(100_000)},
	{"hello-of-ssl-2", "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + strings.Repeat("\x01\x00\x80", 7) + strings.Repeat("x", 16)},
	{"hello-of-tls-1.0", tlsHello("\x03\x01", "")},
	{"hello-without-ciphers", tlsHello("\x03\x03", "")},
	{"hello-of-a-version-to-come", tlsHello("\x7f\x7f", "")},
	{"hello-with-an-extension-beyond-its-end", tlsHello("\x03\x03", "\x00\x00\xff\xff")},
	{"hello-cut-off", tlsHello("\x03\x03", "")[:20]},
	{"hello-in-records-of-a-byte", strings.Repeat("\x16\x03\x01\x00\x01\x01", 500)},
	{"empty-records", strings.Repeat("\x16\x03\x01\x00\x00", 5000)},
	{"record-of-64-kilobytes", "\x16\x03\x01\xff\xff" + strings.Repeat("\x01", 1<<16)},
	{"handshake-of-16-megabytes", "\x16\x03\x01\x40\x00\x01\xff\xff\xff" + strings.Repeat("x", 16380)},
	{"application-data-first", "\x17\x03\x03\x00\x05hello"},
	{"alerts", strings.Repeat("\x15\x03\x01\x00\x02\x01\x5a", 1000)},
	{"fatal-alert", "\x15\x03\x01\x00\x02\x02\x28"},
	{"heartbeat", "\x18\x03\x02\x00\x03\x01\x40\x00"},
	{"zmtp", greeting(1, "NULL") + ready("SUB")},
}

// tlsHello is a ClientHello of a version, with these extensions.
func tlsHello(version, extensions string) string {
	body := version + strings.Repeat("r", 32) + "\x00" + "\x00\x02\x13\x01" + "\x01\x00" + string(binary.BigEndian.AppendUint16(nil, uint16(len(extensions)))) + extensions
	return "\x16\x03\x01" + string(binary.BigEndian.AppendUint16(nil, uint16(4+len(body)))) + "\x01\x00" + string(binary.BigEndian.AppendUint16(nil, uint16(len(body)))) + body
}

// statusCases are questions that have to get an answer of some status.
func statusCases() (all []testCase) {
	const host, known = "Host: localhost\r\n", "Authorization: Bearer " + token + "\r\n"
	for _, q := range []struct {
		name, line, more string
		at               []socket
		want             []int
	}{
		{"readable", "GET /v1/publishers", host + known, webs, []int{http.StatusOK}},
		{"pause-over-the-network", "POST /v1/pause?route=plain", host + known, webs, []int{http.StatusMethodNotAllowed}},
		{"pause-by-get", "GET /v1/pause?route=plain", host + known, webs, []int{http.StatusNotFound}},
		{"delete", "DELETE /v1/routes", host + known, webs, []int{http.StatusMethodNotAllowed}},
		{"put-and-more", "PUT /metrics", host + known + "Content-Length: 0\r\n", webs, []int{http.StatusMethodNotAllowed}},
		{"method-unknown", "EVIL /metrics", host + known, webs, []int{http.StatusMethodNotAllowed, http.StatusBadRequest}},
		{"method-of-8-kilobytes", strings.Repeat("G", 8000) + " /metrics", host + known, webs, []int{http.StatusMethodNotAllowed, http.StatusBadRequest, http.StatusRequestHeaderFieldsTooLarge}},
		{"path-that-is-none", "GET /nothing", host + known, webs, []int{http.StatusNotFound}},
		{"path-with-dots", "GET /v1/../../etc/passwd", host + known, webs, []int{http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusNotFound}},
		{"path-with-encoded-dots", "GET /v1/%2e%2e/%2e%2e/etc/passwd", host + known, webs, []int{http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusNotFound}},
		{"path-badly-encoded", "GET /%zz", host + known, webs, []int{http.StatusBadRequest}},
		{"query-badly-encoded", "GET /v1/publishers?limit=%zz", host + known, webs, []int{http.StatusOK, http.StatusBadRequest}},
		{"query-out-of-range", "GET /v1/publishers?limit=-1", host + known, webs, []int{http.StatusBadRequest}},
		{"query-of-a-huge-number", "GET /v1/publishers?limit=" + strings.Repeat("9", 3000), host + known, webs, []int{http.StatusBadRequest}},
		{"query-unknown", "GET /v1/events?evil=1", host + known, webs, []int{http.StatusBadRequest}},
		{"query-of-1000-parts", "GET /v1/publishers?" + strings.Repeat("a=b&", 1000), host + known, webs, []int{http.StatusBadRequest}},
		{"events-of-the-past", "GET /v1/events?recent=-1", host + known, webs, []int{http.StatusBadRequest}},
		{"head-above-the-limit", "GET /metrics", host + known + "X: " + strings.Repeat("x", 1<<16) + "\r\n", webs, []int{http.StatusRequestHeaderFieldsTooLarge}},
		{"name-of-another-host", "GET /v1/publishers", "Host: evil.example\r\n" + known, webs, []int{http.StatusMisdirectedRequest}},
		{"name-with-markup", "GET /v1/publishers", "Host: <b>\r\n" + known, webs, []int{http.StatusMisdirectedRequest, http.StatusBadRequest}},
		{"name-of-a-kilobyte", "GET /v1/publishers", "Host: " + strings.Repeat("x", 1000) + ".example\r\n" + known, webs, []int{http.StatusMisdirectedRequest}},
		{"page-of-another-site", "GET /v1/publishers", host + known + "Origin: http://evil.example\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\n", webs, []int{http.StatusForbidden}},
		{"without-token", "GET /metrics", host, secureWebs, []int{http.StatusUnauthorized}},
		{"with-another-token", "GET /metrics", host + "Authorization: Bearer another-token-of-some-length\r\n", secureWebs, []int{http.StatusUnauthorized}},
		{"with-a-token-of-8-kilobytes", "GET /metrics", host + "Authorization: Bearer " + strings.Repeat("x", 7900) + "\r\n", secureWebs, []int{http.StatusUnauthorized, http.StatusRequestHeaderFieldsTooLarge}},
		{"with-an-empty-token", "GET /metrics", host + "Authorization: Bearer \r\n", secureWebs, []int{http.StatusUnauthorized}},
		{"with-a-password-that-is-none", "GET /metrics", host + "Authorization: Basic !!!\r\n", secureWebs, []int{http.StatusUnauthorized}},
		{"token-twice", "GET /metrics", host + "Authorization: Bearer wrong-token-of-some-length\r\n" + known, secureWebs, []int{http.StatusUnauthorized}},
		{"probe-without-token", "GET /healthz", host, secureWebs, []int{http.StatusOK}},
	} {
		all = append(all, testCase{name: "status/" + q.name, at: q.at, run: func(a *attack) error {
			return a.mustGetStatus(q.line+" HTTP/1.0\r\n"+q.more+"\r\n", q.want)
		}})
	}
	return all
}

// The sockets of these cases.
var (
	webs       = called("http", "https")
	secureWebs = called("https")
)

// mustGetStatus asks and looks at the status of the answer.
func (a *attack) mustGetStatus(question string, want []int) error {
	conn, err := a.open()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(conn, question); err != nil {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(conn, 1<<20))
	if err != nil && (len(b) == 0 || !isCut(err)) {
		return err
	}
	var status int
	if _, err := fmt.Sscanf(string(b), "HTTP/1.0 %d", &status); err != nil {
		if _, err := fmt.Sscanf(string(b), "HTTP/1.1 %d", &status); err != nil {
			return fmt.Errorf("answered with %.100q: %w", b, err)
		}
	}
	if !slices.Contains(want, status) {
		return fmt.Errorf("answered with %.100q, want status %v", b, want)
	}
	return nil
}

// crowdCases are many connections, or some that never end.
func crowdCases() []testCase {
	all := called("http", "https", "control")
	each := func(name string, at []socket, connections int, bytes string) testCase {
		return testCase{name: "http/" + name, at: at, run: func(a *attack) error {
			for range connections {
				if err := a.write(bytes); err != nil {
					return err
				}
			}
			return nil
		}}
	}
	const question = "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token + "\r\n\r\n"
	asks := func(path string) string { return fmt.Sprintf(question, path) }
	return []testCase{
		each("200-connections-with-half-a-question", all, 200, "GET /metrics HTTP/1.1\r\nHost: local"),
		each("200-that-never-read", called("http", "control"), 200, strings.Repeat(asks("/v1/routes"), 50)),
		each("100-that-never-read-what-is-large", webs, 100, strings.Repeat(asks("/metrics"), 200)),
		each("40-streams-that-are-never-read", webs, 40, asks("/v1/events?recent=1000")),
		each("100-bodies-that-never-come", all, 100, "POST /v1/pause HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n"),
		{name: "http/300-that-begin-tls", at: secureWebs, run: func(a *attack) error {
			for range 300 {
				if err := a.writeBare(tlsHello("\x03\x03", "")[:50]); err != nil {
					return err
				}
			}
			return nil
		}},
		{name: "http/heads-a-byte-at-a-time", at: webs, slow: true, run: func(a *attack) error {
			conn, err := a.open()
			if err != nil {
				return err
			}
			const begin = "GET /metrics HTTP/1.1\r\nX: "
			if _, err := io.WriteString(conn, begin); err != nil {
				return err
			}
			tick := time.NewTicker(50 * time.Millisecond) // slower than any program, and never done
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
				case <-a.Done():
					return errors.New("was never cut off")
				}
				if _, err := io.WriteString(conn, "x"); err != nil {
					return orCut(err)
				}
			}
		}},
		{name: "http/2000-one-after-the-other", at: all, run: func(a *attack) error {
			times := 2000
			if a.at.secure {
				times = 100 // each has a handshake of its own
			}
			for range times {
				conn, err := a.dial()
				if err != nil {
					return err
				}
				if _, err := io.WriteString(a.speak(conn), asks("/healthz")); err != nil && !isCut(err) {
					return err
				}
				if err := conn.Close(); err != nil {
					return err
				}
			}
			return nil
		}},
	}
}
