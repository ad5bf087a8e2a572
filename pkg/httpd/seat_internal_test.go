package httpd

import (
	"fmt"
	"net/http/httptest"
	"testing"
)

func TestHostOf(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"10.0.0.1:4711":             "10.0.0.1",
		"[::ffff:10.0.0.1]:4711":    "10.0.0.1",
		"[2001:db8:1:2:3::4]:4711":  "2001:db8:1:2::",
		"[2001:db8:1:2::9]:4712":    "2001:db8:1:2::",
		"[fe80::1:2:3:4%eth0]:4711": "fe80::",
		"[::1]:4711":                "::",
		"@":                         "invalid IP", // a unix socket
		"":                          "invalid IP",
	} {
		if got := hostOf(remote).String(); got != want {
			t.Errorf("%s: got %s, want %s", remote, got, want)
		}
	}
}

// A host of IPv6 has more addresses than there are seats: with one stream from each of them it keeps nobody out.
func TestSeatsOfOneNetwork(t *testing.T) {
	t.Parallel()
	e := NewEvents()
	come := func(remote string) *seat {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/events", nil)
		r.RemoteAddr = remote
		s, _ := e.take(r)
		return s
	}
	for i := range maxStreams {
		if come(fmt.Sprintf("[2001:db8:1:2::%x]:4711", i+1)) == nil {
			t.Fatalf("seat %d is refused", i)
		}
	}
	for i := range maxStreams - 1 { // the last but one of the network's makes room
		if come(fmt.Sprintf("10.0.0.%d:4711", i)) == nil {
			t.Errorf("host %d is kept out by a network", i)
		}
	}
	if come("10.0.1.1:4711") != nil {
		t.Error("a seat was taken from a host that has one alone")
	}
}
