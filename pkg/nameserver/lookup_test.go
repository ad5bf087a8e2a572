package nameserver_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/nameserver"
)

// volatile is what differs from run to run in a reply: its sender, the digits of its times, but not whether they have an offset.
var volatile = regexp.MustCompile(`^(pytroll://oper/ns info )\S+ [-0-9T:.]+`)

// stable replaces it. (Times of receipt are those of the bubble.)
func stable(reply string) string { return volatile.ReplaceAllString(reply, "${1}SENDER TIME") }

// TestReplies compares replies to what Python posttroll 1.16 answered to the same requests after the same announcements. Where ours
// differ, the comment says why.
func TestReplies(t *testing.T) {
	t.Parallel()
	announcements := []string{
		`pytroll://address/a info ` + head + `{"URI": "tcp://10.0.0.1:9000", "service": ["a", "al"], "supported_message_version": "v1.2", "backend": "unsecure_zmq"}`,
		`pytroll://address/c info ` + headV12 + `{"URI": "tcp://10.0.0.3:9000", "service": ["c"]}`,
		`pytroll://address/d info ` + headV12 + `{"URI": "tcp://10.0.0.4:9000", "service": ["c"], "started": "2024-01-01T00:00:00+02:00", "naive": "2024-01-01T00:00:00", "basic": "20101203"}`,
		`pytroll://address/e info ` + head + `{"URI": "tcp://10.0.0.5:9000", "service": ["20260101"]}`,
		`pytroll://address/f info ` + head + `{"status": false, "name": "mine", "URI": "tcp://10.0.0.6:9000", "receive_time": "x", "service": ["f"], "é": "ö", "f": 1e5, "n": null, "o": {"a": [1, 2.50]}}`,
		`pytroll://Address/g info ` + head + `{"URI": "tcp://10.0.0.7:9000", "service": ["g"]}`,
		`pytroll://addressfoo/h info ` + head + `{"URI": "tcp://10.0.0.8:9000", "service": ["h"]}`,
		`pytroll://address/i Info ` + head + `{"URI": "tcp://10.0.0.9:9000", "service": ["iii"]}`,
		`pytroll://other/j info ` + head + `{"URI": "tcp://10.0.0.10:9000", "service": ["j"]}`,
		`pytroll://address/l info ` + head + `{"URI": "tcp://10.0.0.12:9000", "service": []}`,
		`pytroll://address/m info ` + head + `{"URI": "tcp://10.0.0.13:9000", "service": ["old"],   "service": ["m"]}`,
		`pytroll://address/b info ` + head + `{"URI": "tcp://10.0.0.2:9000", "service": "text_service"}`,
	}
	const (
		received = `, "receive_time": "2000-01-01T00:00:00+00:00"}`
		entryA   = `{"URI": "tcp://10.0.0.1:9000", "service": ["a", "al"], "supported_message_version": "v1.2", "backend": "unsecure_zmq", "status": true, "name": "address"` + received
		entryC   = `{"URI": "tcp://10.0.0.3:9000", "service": ["c"], "status": true, "name": "address"` + received
		entryD   = `{"URI": "tcp://10.0.0.4:9000", "service": ["c"], "started": "2024-01-01T00:00:00%s", "naive": "2024-01-01T00:00:00", "basic": "2010-12-03T00:00:00", "status": true, "name": "address"` + received
		// The reference lists the service as "2026-01-01T00:00:00".
		entryE = `{"URI": "tcp://10.0.0.5:9000", "service": ["20260101"], "status": true, "name": "address"` + received
		// The reference leaves the time of receipt at the place of the announcement's own receive_time.
		entryF = `{"status": true, "name": "address", "URI": "tcp://10.0.0.6:9000", "service": ["f"], "\u00e9": "\u00f6", "f": 100000.0, "n": null, "o": {"a": [1, 2.5]}` + received
		entryG = `{"URI": "tcp://10.0.0.7:9000", "service": ["g"], "status": true, "name": "Address"` + received
		entryH = `{"URI": "tcp://10.0.0.8:9000", "service": ["h"], "status": true, "name": "addressfoo"` + received
		entryL = `{"URI": "tcp://10.0.0.12:9000", "service": [], "status": true, "name": "address"` + received
		entryM = `{"URI": "tcp://10.0.0.13:9000", "service": ["m"], "status": true, "name": "address"` + received
		entryB = `{"URI": "tcp://10.0.0.2:9000", "service": "text_service", "status": true, "name": "address"` + received
	)
	entryDv101, entryDv12 := fmt.Sprintf(entryD, ""), fmt.Sprintf(entryD, "+02:00")
	ask := func(service string) string {
		return `pytroll://oper/ns request ` + head + `{"service": "` + service + `"}`
	}
	askIn := func(version string) string { return strings.Replace(ask("c"), "v1.01", version, 1) }
	none := `pytroll://oper/ns info SENDER TIME v1.01`
	some := func(entries ...string) string {
		return none + ` application/json [` + strings.Join(entries, ", ") + `]`
	}
	tests := []struct{ name, request, want string }{
		{"all", ask(""), some(entryA, entryC, entryDv101, entryE, entryF, entryG, entryH, entryL, entryM, entryB)},
		{"name", ask("a"), some(entryA)},
		{"alias", ask("al"), some(entryA)},
		{"element, or part of a text", ask("c"), some(entryC, entryDv101, entryB)},
		{"whole text", ask("text_service"), some(entryB)},
		{"part of a text", ask("ext"), some(entryB)},
		{"date", ask("20260101"), some(entryE)},
		{"another spelling of the date", ask("2026-01-01T00:00:00"), none}, // found in the reference, where both are a datetime
		{"keys of the entry in the announcement", ask("f"), some(entryF)},
		{"subject in another case", ask("g"), some(entryG)},
		{"subject that only begins so", ask("h"), some(entryH)},
		{"type in another case", ask("iii"), none},
		{"other subject", ask("j"), none},
		{"key that comes twice, last value", ask("m"), some(entryM)},
		{"key that comes twice, first value", ask("old"), none},
		{"unknown", ask("nothing"), none},
		{"subject and type do not matter", strings.Replace(ask("a"), "//oper/ns request", "//x y", 1), some(entryA)},
		{"more keys", strings.Replace(ask("a"), `{`, `{"more": 1, `, 1), some(entryA)},

		{"version v1.2", askIn("v1.2"), `pytroll://oper/ns info SENDER TIME+00:00 v1.2 application/json [` + entryC + ", " + entryDv12 + ", " + entryB + `]`},
		{"version v1.1", askIn("v1.1"), `pytroll://oper/ns info SENDER TIME+00:00 v1.1 application/json [` + entryC + ", " + entryDv12 + ", " + entryB + `]`},
		{"version v1.10", askIn("v1.10"), `pytroll://oper/ns info SENDER TIME+00:00 v1.10 application/json [` + entryC + ", " + entryDv12 + ", " + entryB + `]`},
		{"version v1.0", askIn("v1.0"), `pytroll://oper/ns info SENDER TIME v1.0 application/json [` + entryC + ", " + entryDv101 + ", " + entryB + `]`},
		{"version v1", askIn("v1"), `pytroll://oper/ns info SENDER TIME v1 application/json [` + entryC + ", " + entryDv101 + ", " + entryB + `]`},
		{"version abc", askIn("abc"), `pytroll://oper/ns info SENDER TIME abc application/json [` + entryC + ", " + entryDv101 + ", " + entryB + `]`},
		{"none, version v1.2", strings.Replace(ask("nothing"), "v1.01", "v1.2", 1), `pytroll://oper/ns info SENDER TIME+00:00 v1.2`},
	}
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		s.multicast(hostA, announcements...)
		for _, tt := range tests {
			check(t, tt.name, stable(s.request(hostB, lookups, tt.request)), tt.want)
		}
		check(t, "refused", s.server.Stats().Refused, map[string]uint64{})
		check(t, "ignored", s.server.Stats().Ignored, uint64(2))
	})
}

// TestAdditions compares what the change feed says of new publishers to what Python posttroll 1.16 published for the same announcements.
func TestAdditions(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, announcement, want string }{
		{
			"v1.01",
			`pytroll://address/a info ` + head + `{"URI": "tcp://h:1", "service": ["a", "al"], "supported_message_version": "v1.2", "backend": "unsecure_zmq"}`,
			`pytroll://address/a info ` + head + `{"URI": "tcp://h:1", "service": ["a", "al"], "supported_message_version": "v1.2", "backend": "unsecure_zmq", "status": true}`,
		},
		{
			"v1.2 becomes v1.01",
			`pytroll://address/c info ` + headV12 + `{"URI": "tcp://h:1", "service": ["c"]}`,
			`pytroll://address/c info ` + head + `{"URI": "tcp://h:1", "service": ["c"], "status": true}`,
		},
		{
			"unless there is a datetime",
			`pytroll://address/d info ` + headV12 + `{"URI": "tcp://h:1", "service": ["c"], "started": "2024-01-01T00:00:00+02:00", "naive": "2024-01-01T00:00:00", "basic": "20101203"}`,
			`pytroll://address/d info ` + headV12 + `{"URI": "tcp://h:1", "service": ["c"], "started": "2024-01-01T00:00:00+02:00", "naive": "2024-01-01T00:00:00", "basic": "2010-12-03T00:00:00", "status": true}`,
		},
		{
			// The reference makes a datetime of the name, and so v1.2.
			"a name that looks like a date",
			`pytroll://address/e info ` + head + `{"URI": "tcp://h:1", "service": ["20260101"]}`,
			`pytroll://address/e info ` + head + `{"URI": "tcp://h:1", "service": ["20260101"], "status": true}`,
		},
		{
			"keys of an entry",
			`pytroll://address/f info ` + head + `{"status": false, "name": "mine", "URI": "tcp://h:1", "receive_time": "x", "service": ["f"], "é": "ö", "f": 1e5, "n": null, "o": {"a": [1, 2.50]}}`,
			`pytroll://address/f info ` + head + `{"status": true, "name": "mine", "URI": "tcp://h:1", "receive_time": "x", "service": ["f"], "\u00e9": "\u00f6", "f": 100000.0, "n": null, "o": {"a": [1, 2.5]}}`,
		},
		{
			"text as service",
			`pytroll://Address/b info ` + head + `{"URI": "tcp://h:1", "service": "text_service"}`,
			`pytroll://Address/b info ` + head + `{"URI": "tcp://h:1", "service": "text_service", "status": true}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inSite(t, quiet(nil), func(t *testing.T, s *site) {
				s.multicast(hostA, tt.announcement)
				check(t, "feed", s.feed.take(), []string{tt.want})
			})
		})
	}
}

// TestSecureEntries are kept from plain peers, who would not survive them.
func TestSecureEntries(t *testing.T) {
	t.Parallel()
	secure := `pytroll://address/s info ` + head + `{"URI": "tcp://h:1", "service": ["x"], "backend": "secure_zmq"}`
	for _, show := range []bool{false, true} {
		listed, feed := []string{}, []string{}
		if show {
			listed, feed = []string{"tcp://h:1"}, []string{"+tcp://h:1", "-tcp://h:1"}
		}
		inSite(t, quiet(func(c *nameserver.Config) { c.ShowSecureEntries, c.WithdrawGrace = show, 0 }), func(t *testing.T, s *site) {
			s.multicast(hostA, secure)
			check(t, "by name", s.listed("x"), listed)
			check(t, "all", s.listed(""), listed)
			s.multicast(hostA, strings.Replace(secure, " info ", " withdraw ", 1))
			check(t, "feed", s.feed.changes(t), feed)
		})
	}
}
