package curveprobe

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The greeting of ZMTP 3.1 (RFC 37): signature, version, mechanism, whether we are the server, filler.
const (
	greetingSize  = 64
	signatureSize = 10
	majorAt       = 10
	minorAt       = 11
	mechanismAt   = 12
	mechanismSize = 20
)

// ourGreeting is that of a client with CURVE.
func ourGreeting() []byte {
	g := make([]byte, greetingSize)
	g[0], g[signatureSize-1] = 0xff, 0x7f
	g[majorAt], g[minorAt] = 3, 1
	copy(g[mechanismAt:], "CURVE")
	return g
}

// checkGreeting says of the first bytes of a greeting, as many as have come, what is wrong with them, or nil.
func checkGreeting(g []byte) error {
	if len(g) > 0 && g[0] != 0xff || len(g) >= signatureSize && g[signatureSize-1]&1 == 0 {
		return &finding{NotZeroMQ, describe(g)}
	}
	if len(g) > majorAt && g[majorAt] < 3 {
		return &finding{OldZeroMQ, fmt.Sprintf("it speaks revision %d of ZMTP", g[majorAt])}
	}
	return nil
}

// readMechanism returns the mechanism in a complete greeting: at most 20 characters, filled up with zeros.
func readMechanism(g []byte) (string, error) {
	name, rest, _ := bytes.Cut(g[mechanismAt:mechanismAt+mechanismSize], []byte{0})
	if len(name) == 0 || len(bytes.Trim(rest, "\x00")) > 0 || strings.Trim(string(name), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+") != "" {
		return "", &finding{ProtocolError, fmt.Sprintf("its greeting names the mechanism %q", name)}
	}
	return string(name), nil
}

// describe says what sent these bytes in place of a greeting, where they tell.
func describe(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("HTTP/")):
		return "it speaks HTTP"
	case bytes.HasPrefix(b, []byte("SSH-")):
		return "it speaks SSH"
	case len(b) >= 3 && b[0] == 0x15 && b[1] == 3:
		return "it speaks TLS"
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return fmt.Sprintf("it sent %s", quote(line))
}

// quote shows bytes of the other side, 40 at most, without what a terminal would take for more than text.
func quote(b []byte) string {
	const most = 40
	more := ""
	if len(b) > most {
		b, more = b[:most], "..."
	}
	if utf8.Valid(b) {
		return fmt.Sprintf("%+q", b) + more
	}
	return fmt.Sprintf("the bytes %x", b) + more
}
