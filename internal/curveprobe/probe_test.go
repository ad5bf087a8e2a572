package curveprobe

import (
	"bytes"
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// short is the timeout where nothing comes.
const short = 200 * time.Millisecond

func always(b string) func([]byte) []byte { return func([]byte) []byte { return []byte(b) } }

// errorCommand is an ERROR with a reason.
func errorCommand(reason string) string {
	return string(appendCommand(nil, "ERROR", append([]byte{byte(len(reason))}, reason...)))
}

// TestServers asks servers that err, at each step.
func TestServers(t *testing.T) {
	t.Parallel()
	flip := func(due []byte) []byte {
		due[len(due)-1] ^= 1
		return due
	}
	greeting := func(change func(g []byte)) func([]byte) []byte {
		return func(g []byte) []byte {
			change(g)
			return g
		}
	}
	for name, tt := range map[string]struct {
		change func(*server)
		want   Outcome
		detail string // part of it
	}{
		"all well":                   {func(*server) {}, Admitted, ""},
		"ZMTP 3.0":                   {func(s *server) { s.greeting = greeting(func(g []byte) { g[minorAt] = 0 }) }, Admitted, ""},
		"libzmq's signature":         {func(s *server) { s.greeting = greeting(func(g []byte) { g[8] = 1 }) }, Admitted, ""},
		"NULL":                       {func(s *server) { s.greeting = greeting(func(g []byte) { copy(g[mechanismAt:], "NULL\x00") }) }, PlainServer, "NULL"},
		"unknown mechanism":          {func(s *server) { s.greeting = greeting(func(g []byte) { copy(g[mechanismAt:], "GSSAPI") }) }, PlainServer, "GSSAPI"},
		"no mechanism":               {func(s *server) { s.greeting = greeting(func(g []byte) { clear(g[mechanismAt:]) }) }, ProtocolError, `mechanism ""`},
		"mechanism in small letters": {func(s *server) { s.greeting = greeting(func(g []byte) { copy(g[mechanismAt:], "curve") }) }, ProtocolError, `"curve"`},
		"more behind the mechanism":  {func(s *server) { s.greeting = greeting(func(g []byte) { g[mechanismAt+7] = 'x' }) }, ProtocolError, `"CURVE"`},
		"ZMTP 2.0":                   {func(s *server) { s.greeting = greeting(func(g []byte) { g[majorAt] = 1 }) }, OldZeroMQ, "revision 1"},
		"greeting cut":               {func(s *server) { s.greeting = func(g []byte) []byte { return g[:20] } }, Silent, "20 bytes into its greeting"},
		"closed before the greeting": {func(s *server) { s.greeting = always("") }, ClosedEarly, "closed the connection"},
		"closed on HELLO":            {func(s *server) { s.welcome = always("") }, WrongServerKey, "closed the connection"},
		"a client":                   {func(s *server) { s.welcome = always(string(appendCommand(nil, "HELLO", make([]byte, 194)))) }, ProtocolError, "CURVE client too"},
		"other command":              {func(s *server) { s.welcome = always(string(appendCommand(nil, "READY", nil))) }, ProtocolError, `"READY" where WELCOME is due`},
		"ERROR on HELLO":             {func(s *server) { s.welcome = always(errorCommand("400")) }, NotAdmitted, "answered 400"},
		"WELCOME cut":                {func(s *server) { s.welcome = always(string(appendCommand(nil, "WELCOME", make([]byte, 159)))) }, ProtocolError, "wrong size"},
		"WELCOME altered":            {func(s *server) { s.welcome = flip }, ProtocolError, "WELCOME is not made with the key"},
		"a message":                  {func(s *server) { s.welcome = always("\x00\x01x") }, ProtocolError, "flags 0x00"},
		"flags unknown":              {func(s *server) { s.welcome = always("\x84\x01x") }, ProtocolError, "flags 0x84"},
		"command without a name":     {func(s *server) { s.welcome = always("\x04\x01\x00") }, ProtocolError, "without a name"},
		"command empty":              {func(s *server) { s.welcome = always("\x04\x00") }, ProtocolError, "without a name"},
		"name too long":              {func(s *server) { s.welcome = always("\x04\x03\x09ab") }, ProtocolError, "without a name"},
		"command too large":          {func(s *server) { s.welcome = always("\x06\x7f\xff\xff\xff\xff\xff\xff\xff") }, ProtocolError, "9223372036854775807 bytes"},
		"command cut":                {func(s *server) { s.welcome = always("\x04\xa8\x07WELCOME") }, NoWelcome, "said nothing"},
		"closed on INITIATE":         {func(s *server) { s.ready = always("") }, ClosedOnKey, "closed the connection"},
		"READY cut":                  {func(s *server) { s.ready = always(string(appendCommand(nil, "READY", make([]byte, 23)))) }, ProtocolError, "too short"},
		"READY altered":              {func(s *server) { s.ready = flip }, ProtocolError, "READY is not made with the key"},
		"ERROR 500":                  {func(s *server) { s.ready = always(errorCommand("500")) }, AuthenticatorFailed, "answered 500"},
		"ERROR with a text":          {func(s *server) { s.ready = always(errorCommand("go \x1b[1maway\n")) }, NotAdmitted, `answered "go \x1b[1maway\n"`},
		"ERROR malformed":            {func(s *server) { s.ready = always(string(appendCommand(nil, "ERROR", []byte{9, 'x'}))) }, ProtocolError, "ERROR is malformed"},
		"ERROR empty":                {func(s *server) { s.ready = always(string(appendCommand(nil, "ERROR", nil))) }, ProtocolError, "ERROR is malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			tt.change(s)
			p := Probe{Endpoint: s.listen(t), ServerKey: s.key.Public, ClientKey: generate(t), Timeout: testbed.Patience}
			if tt.want == Silent || tt.want == NoWelcome {
				p.Timeout = short
			}
			check(t, p, tt.want, tt.detail)
		})
	}
}

// check runs a probe and compares its outcome, and a part of the detail.
func check(t *testing.T, p Probe, want Outcome, detail string) {
	t.Helper()
	got, err := p.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Outcome != want || !strings.Contains(got.Detail, detail) || (want == Admitted) != (got.Detail == "") {
		t.Errorf("got %q, %q; want %q, with %q", got.Outcome, got.Detail, want, detail)
	}
	if got.Outcome == Admitted && got.SocketType != "PUB" {
		t.Errorf("got socket type %q", got.SocketType)
	}
}

// TestOthers asks what is no ZeroMQ.
func TestOthers(t *testing.T) {
	t.Parallel()
	says := func(b string) func(net.Conn) {
		return func(conn net.Conn) {
			_, _ = conn.Write([]byte(b)) // the client may have had enough
			hang(conn)
		}
	}
	for name, tt := range map[string]struct {
		serve  func(net.Conn)
		want   Outcome
		detail string
	}{
		"HTTP":           {says("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\r\n"), NotZeroMQ, "it speaks HTTP"},
		"SSH":            {says("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), NotZeroMQ, "it speaks SSH"},
		"TLS":            {says("\x15\x03\x01\x00\x02\x02\x46"), NotZeroMQ, "it speaks TLS"},
		"text":           {says("220 mail.example ESMTP\r\n"), NotZeroMQ, `it sent "220 mail.example ESMTP\r"`},
		"long text":      {says(strings.Repeat("x", 100)), NotZeroMQ, `it sent "` + strings.Repeat("x", 40) + `"...`},
		"bytes":          {says("\x00\x01\x02\xfe\xff"), NotZeroMQ, "it sent the bytes 000102feff"},
		"ZMTP 1.0":       {says("\x01\x00"), NotZeroMQ, "it sent"},
		"begins alike":   {says("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe"), NotZeroMQ, "it sent the bytes ffff"},
		"silent":         {hang, Silent, "it said nothing for 200ms"},
		"closes at once": {func(net.Conn) {}, ClosedEarly, "it closed the connection"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := Probe{Endpoint: listen(t, tt.serve), ServerKey: generate(t).Public, ClientKey: generate(t), Timeout: testbed.Patience}
			if tt.want == Silent {
				p.Timeout = short
			}
			check(t, p, tt.want, tt.detail)
		})
	}
}

// TestNobody asks where nobody is.
func TestNobody(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	freed := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		endpoint string
		want     Outcome
		detail   string
	}{
		"port closed":  {"tcp://" + freed, NobodyListens, "connection refused"},
		"no such file": {"ipc://" + filepath.Join(t.TempDir(), "none"), NobodyListens, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint, err := transport.ConnectEndpoint(tt.endpoint)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Probe{Endpoint: endpoint, ServerKey: generate(t).Public, ClientKey: generate(t)}.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got.Outcome != tt.want || !strings.Contains(got.Detail, tt.detail) {
				t.Errorf("got %q, %q; want %q, with %q", got.Outcome, got.Detail, tt.want, tt.detail)
			}
		})
	}
}

// TestInterrupt ends a probe from outside.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	endpoint := listen(t, func(conn net.Conn) {
		cancel(gone)
		hang(conn)
	})
	report, err := Probe{Endpoint: endpoint, ServerKey: generate(t).Public, ClientKey: generate(t)}.Run(ctx)
	if !errors.Is(err, gone) || report.Outcome != "" {
		t.Errorf("got %+v, error %v; want %v", report, err, gone)
	}
}

// TestIncomplete refuses probes that lack something.
func TestIncomplete(t *testing.T) {
	t.Parallel()
	parse := func(text string) transport.Endpoint {
		e, err := transport.ParseEndpoint(text)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	server, client := generate(t).Public, generate(t)
	for want, p := range map[string]Probe{
		"no public key of the server": {Endpoint: parse("tcp://localhost:1"), ClientKey: client},
		"no key pair of ours":         {Endpoint: parse("tcp://localhost:1"), ServerKey: server},
		"an inproc endpoint":          {Endpoint: parse("inproc://x"), ServerKey: server, ClientKey: client},
		`host "*" can be bound`:       {Endpoint: parse("tcp://*:1"), ServerKey: server, ClientKey: client},
		"no endpoint":                 {ServerKey: server, ClientKey: client},
	} {
		if _, err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestSecretStaysHere looks for the secret key in all that a complete handshake sends.
func TestSecretStaysHere(t *testing.T) {
	t.Parallel()
	s, client := newServer(t), generate(t)
	var sent bytes.Buffer
	served := make(chan struct{})
	endpoint := listen(t, func(conn net.Conn) {
		defer close(served)
		if err := s.serve(&recorder{conn, &sent}); err != nil {
			t.Error(err)
		}
	})
	check(t, Probe{Endpoint: endpoint, ServerKey: s.key.Public, ClientKey: client}, Admitted, "")
	<-served
	if sent.Len() < 500 || bytes.Contains(sent.Bytes(), client.Secret.Reveal()) || bytes.Contains(sent.Bytes(), client.Public[:]) {
		t.Errorf("the client sent %x", sent.Bytes())
	}
	if client.Secret.IsZero() {
		t.Error("the caller's key is wiped")
	}
}

// recorder notes what is read.
type recorder struct {
	net.Conn
	read *bytes.Buffer
}

func (r *recorder) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	r.read.Write(b[:n])
	return n, err
}
