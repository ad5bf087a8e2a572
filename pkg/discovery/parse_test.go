package discovery

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

var nan = math.NaN()

const head = "pytroll://address/viirs info user@host 2024-05-17T09:41:12.345678 v1.01"

var compareObjects = cmp.Comparer(func(a, b *message.Object) bool {
	return a.Len() == b.Len() && (a.Len() == 0 || a.String() == b.String())
})

func TestParseAnnouncement(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   string
		want Announcement
	}{
		{"posttroll 1.16",
			head + ` application/json {"URI": "tcp://10.0.0.7:9010", "service": ["viirs", "a b"], "supported_message_version": "v1.2", "backend": "unsecure_zmq"}`,
			Announcement{Name: "viirs", URI: "tcp://10.0.0.7:9010", Services: []string{"viirs", "a b"}, SupportedVersion: "v1.2", Backend: transport.Plain}},
		{"posttroll 1.9 to 1.13",
			head + ` application/json {"URI": "tcp://10.0.0.7:9010", "service": ["viirs"]}`,
			Announcement{Name: "viirs", URI: "tcp://10.0.0.7:9010", Services: []string{"viirs"}}},
		{"service as a text",
			head + ` application/json {"URI": "tcp://h:1", "service": "viirs sdr"}`,
			Announcement{Name: "viirs", URI: "tcp://h:1", Services: []string{"viirs sdr"}, ServiceText: true}},
		{"no services",
			head + ` application/json {"URI": "tcp://h:1", "service": []}`,
			Announcement{Name: "viirs", URI: "tcp://h:1", Services: []string{}}},
		{"any order, extra keys in theirs",
			head + ` application/json {"b": 1, "service": ["x"], "a": {"z": [1.0]}, "URI": "tcp://h:1", "status": false}`,
			Announcement{Name: "viirs", URI: "tcp://h:1", Services: []string{"x"}, Extra: message.NewObject(
				message.Member{Key: "b", Value: int64(1)},
				message.Member{Key: "a", Value: message.NewObject(message.Member{Key: "z", Value: []any{1.0}})},
				message.Member{Key: "status", Value: false})}},
		{"a key twice",
			head + ` application/json {"URI": "tcp://h:1", "service": ["x"], "URI": "tcp://h:2"}`,
			Announcement{Name: "viirs", URI: "tcp://h:2", Services: []string{"x"}}},
		{"keys are exact",
			head + ` application/json {"URI": "tcp://h:1", "uri": 7, "service": ["x"], "Service": 8}`,
			Announcement{Name: "viirs", URI: "tcp://h:1", Services: []string{"x"}, Extra: message.NewObject(
				message.Member{Key: "uri", Value: int64(7)}, message.Member{Key: "Service", Value: int64(8)})}},
		{"services that look like dates stay what they are",
			head + ` application/json {"nan": NaN, "URI": "tcp://h:1", "service": ["20260101", "x", "2026-01-01T00"]}`,
			Announcement{Name: "viirs", URI: "tcp://h:1", Services: []string{"20260101", "x", "2026-01-01T00"},
				Extra: message.NewObject(message.Member{Key: "nan", Value: nan})}},
		{"withdrawal",
			strings.Replace(head, "info", "withdraw", 1) + ` application/json {"URI": "tcp://h:1", "service": ["x"]}`,
			Announcement{Name: "viirs", URI: "tcp://h:1", Services: []string{"x"}}},
		{"subject in capitals, with more elements",
			strings.Replace(head, "/address/viirs", "/ADDRESS/a/b", 1) + ` application/json {"URI": "tcp://h:1", "service": ["x"]}`,
			Announcement{Name: "a/b", URI: "tcp://h:1", Services: []string{"x"}}},
		{"subject with nothing but the word",
			strings.Replace(head, "/address/viirs", "/address", 1) + ` application/json {"URI": "tcp://h:1", "service": ["x"]}`,
			Announcement{URI: "tcp://h:1", Services: []string{"x"}}},
		{"secure, on IPv6",
			head + ` application/json {"URI": "tcp://[2001:db8::1]:9010", "service": ["x"], "backend": "secure_zmq"}`,
			Announcement{Name: "viirs", URI: "tcp://[2001:db8::1]:9010", Services: []string{"x"}, Backend: transport.Secure}},
		{"a version that is newer than any",
			head + ` application/json {"URI": "tcp://h:1", "service": ["x"], "supported_message_version": "v9"}`,
			Announcement{Name: "viirs", URI: "tcp://h:1", Services: []string{"x"}, SupportedVersion: "v9"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseAnnouncement(decode(t, tt.in))
			must(t, err)
			if d := cmp.Diff(tt.want, got, compareObjects); d != "" {
				t.Errorf("announcement (-want +got):\n%s", d)
			}
		})
	}
}

func TestParseAnnouncementRefuses(t *testing.T) {
	t.Parallel()
	data := func(s string) string { return head + " application/json " + s }
	tests := []struct {
		name string
		in   string
		want Reason
		uri  string
	}{
		{"other subject", strings.Replace(head, "/address", "/add", 1), ReasonOther, ""},
		{"subject without slash", strings.Replace(head, "/address", "address", 1), ReasonOther, ""},
		{"heartbeat", strings.Replace(head, " info ", " beat ", 1), ReasonOther, ""},
		{"type in capitals", strings.Replace(head, " info ", " INFO ", 1), ReasonOther, ""},
		{"no data", head, ReasonData, ""},
		{"text", head + " text/ascii tcp://h:1", ReasonData, ""},
		{"list", data(`["tcp://h:1"]`), ReasonData, ""},
		{"broken JSON", data(`{"URI": "tcp://h:1"`), ReasonData, ""},
		{"ISO 8859-1", data(`{"URI": "tcp://h:1", "service": ["norrk` + "\xf6" + `ping"]}`), ReasonNotStrict, ""},
		{"deep JSON", data(`{"URI": "tcp://h:1", "service": ["x"], "x": ` + strings.Repeat("[", 400) + strings.Repeat("]", 400) + "}"), ReasonNotStrict, ""},
		{"no URI", data(`{"service": ["x"]}`), ReasonURI, ""},
		{"URI is null", data(`{"URI": null, "service": ["x"]}`), ReasonURI, ""},
		{"URI is a number", data(`{"URI": 9000, "service": ["x"]}`), ReasonURI, ""},
		{"URI is a date", data(`{"URI": "20260101", "service": ["x"]}`), ReasonURI, ""},
		{"the oldest form", data(`{"URI": "10.0.0.7:9010"}`), ReasonURI, ""},
		{"URI without port", data(`{"URI": "tcp://host", "service": ["x"]}`), ReasonURI, ""},
		{"URI with wildcard", data(`{"URI": "tcp://*:9000", "service": ["x"]}`), ReasonURI, ""},
		{"URI with port 0", data(`{"URI": "tcp://host:0", "service": ["x"]}`), ReasonURI, ""},
		{"URI with a blank", data(`{"URI": "tcp://a b:9000", "service": ["x"]}`), ReasonURI, ""},
		{"URI within a program", data(`{"URI": "inproc://zeromq.zap.01", "service": ["x"], "backend": "secure_zmq"}`), ReasonURI, ""},
		{"URI of another kind", data(`{"URI": "http://host:9000", "service": ["x"]}`), ReasonURI, ""},
		{"no service", data(`{"URI": "tcp://h:1"}`), ReasonService, "tcp://h:1"},
		{"service is null", data(`{"URI": "tcp://h:1", "service": null}`), ReasonService, "tcp://h:1"},
		{"service is an object", data(`{"URI": "tcp://h:1", "service": {"x": 1}}`), ReasonService, "tcp://h:1"},
		{"service has a number", data(`{"URI": "tcp://h:1", "service": ["x", 1]}`), ReasonService, "tcp://h:1"},
		{"service has a list", data(`{"URI": "tcp://h:1", "service": [["x"]]}`), ReasonService, "tcp://h:1"},
		{"service is a date", data(`{"URI": "tcp://h:1", "service": "20260101"}`), ReasonService, "tcp://h:1"},
		{"version is null", data(`{"URI": "tcp://h:1", "service": ["x"], "supported_message_version": null}`), ReasonVersion, "tcp://h:1"},
		{"version is a number", data(`{"URI": "tcp://h:1", "service": ["x"], "supported_message_version": 1.2}`), ReasonVersion, "tcp://h:1"},
		{"version is a date", data(`{"URI": "tcp://h:1", "service": ["x"], "supported_message_version": "20260101"}`), ReasonVersion, "tcp://h:1"},
		{"backend is null", data(`{"URI": "tcp://h:1", "service": ["x"], "backend": null}`), ReasonBackend, "tcp://h:1"},
		{"backend is unknown", data(`{"URI": "tcp://h:1", "service": ["x"], "backend": "kafka"}`), ReasonBackend, "tcp://h:1"},
		{"backend is empty", data(`{"URI": "tcp://h:1", "service": ["x"], "backend": ""}`), ReasonBackend, "tcp://h:1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, err := ParseAnnouncement(decode(t, tt.in))
			refused, ok := errors.AsType[*RefusedError](err)
			if !ok || refused.Reason != tt.want || refused.URI != tt.uri {
				t.Fatalf("got %v (%#v), want reason %s, URI %q", err, refused, tt.want, tt.uri)
			}
			if d := cmp.Diff(Announcement{}, a, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("announcement with an error: %s", d)
			}
		})
	}
}

func TestRefusalsAreShortAndOneLine(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\\n", 100_000)
	for _, data := range []string{
		`{"URI": "` + long + `", "service": ["x"]}`,
		`{"URI": "tcp://` + long + `:1", "service": ["x"]}`,
		`{"URI": "tcp://h:1", "service": ["x"], "backend": "` + long + `"}`,
		`{"URI": "tcp://h:1", "service": {"` + long + `": 1}}`,
	} {
		_, err := ParseAnnouncement(decode(t, head+" application/json "+data))
		if err == nil || len(err.Error()) > 1000 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.40s: got %.2000v", data, err)
		}
	}
}
