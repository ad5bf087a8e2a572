package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func TestEventLines(t *testing.T) {
	t.Parallel()
	one := discovery.Entry{Announcement: discovery.Announcement{URI: "tcp://10.0.0.1:9000", Services: []string{"viirs", "sdr"}, Backend: transport.Plain}}
	two := discovery.Entry{Announcement: discovery.Announcement{URI: "tcp://10.0.0.2:9000", Services: []string{"avhrr\x1b"}, Backend: transport.Secure}}
	at := time.Date(2026, 11, 22, 10, 0, 0, 123_456_789, time.UTC)
	changes := []discovery.Change{{Added: true, Entry: one}, {Added: true, Entry: two}, {Added: true, Entry: one}, {Entry: one}, {Added: true, Entry: one}}
	local := at.Local().Format("2006-01-02 15:04:05")
	for _, test := range []struct {
		name  string
		lines eventLines
		want  string
	}{
		{"for people", eventLines{}, local + "  came     viirs  tcp://10.0.0.1:9000  plain  sdr\n" +
			local + "  came     avhrr\uFFFD  tcp://10.0.0.2:9000  secure\n" +
			local + "  changed  viirs  tcp://10.0.0.1:9000  plain  sdr\n" +
			local + "  gone     viirs  tcp://10.0.0.1:9000  plain  sdr\n" +
			local + "  came     viirs  tcp://10.0.0.1:9000  plain  sdr\n"},
		{"JSON", eventLines{json: true}, `{"time":"2026-11-22T10:00:00.123Z","event":"came","name":"viirs","aliases":["sdr"],"uri":"tcp://10.0.0.1:9000","backend":"unsecure_zmq"}
{"time":"2026-11-22T10:00:00.123Z","event":"came","name":"avhrr\u001b","aliases":[],"uri":"tcp://10.0.0.2:9000","backend":"secure_zmq"}
{"time":"2026-11-22T10:00:00.123Z","event":"changed","name":"viirs","aliases":["sdr"],"uri":"tcp://10.0.0.1:9000","backend":"unsecure_zmq"}
{"time":"2026-11-22T10:00:00.123Z","event":"gone","name":"viirs","aliases":["sdr"],"uri":"tcp://10.0.0.1:9000","backend":"unsecure_zmq"}
{"time":"2026-11-22T10:00:00.123Z","event":"came","name":"viirs","aliases":["sdr"],"uri":"tcp://10.0.0.1:9000","backend":"unsecure_zmq"}
`},
	} {
		var b bytes.Buffer
		test.lines.w, test.lines.known = &b, map[string]bool{}
		for _, c := range changes {
			if err := test.lines.write(c, at); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(test.want, b.String()); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", test.name, diff)
		}
	}
}
