package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

func TestLogLines(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 10, 0, 0, 123_000_000, time.Local)
	const tail = " u@h 2024-05-17T09:41:12 v1.01"
	frames := []string{
		"pytroll://log/DEBUG/x log.debug" + tail + " text/ascii detail",
		"pytroll:/log/WARNING/x log.warning" + tail + " text/ascii disk is full",
		"pytroll://log/ERROR/x log.error" + tail + " text/ascii Traceback:\n  File \"x\"\r\nKeyError: \x1b[31m\n",
		"pytroll://log/x log.other" + tail,
		"pytroll://viirs file" + tail + ` application/json {"uid":  "x"}`,
		"pytroll://pic file" + tail + " binary/octet-stream abc",
	}
	tests := []struct {
		name  string
		lines logLines
		want  string
	}{
		{"from warning", logLines{least: 2, all: true}, `[2026-11-22 10:00:00,123 WARNING ] log/WARNING/x u@h disk is full 2024-05-17T09:41:12
[2026-11-22 10:00:00,123 ERROR   ] /log/ERROR/x u@h Traceback:
      File "x"
    KeyError: ` + "\uFFFD" + `[31m 2024-05-17T09:41:12
`},
		{"all", logLines{all: true}, `[2026-11-22 10:00:00,123 DEBUG   ] /log/DEBUG/x u@h detail 2024-05-17T09:41:12
[2026-11-22 10:00:00,123 WARNING ] log/WARNING/x u@h disk is full 2024-05-17T09:41:12
[2026-11-22 10:00:00,123 ERROR   ] /log/ERROR/x u@h Traceback:
      File "x"
    KeyError: ` + "\uFFFD" + `[31m 2024-05-17T09:41:12
[2026-11-22 10:00:00,123 DEBUG   ] /log/x u@h log.other  2024-05-17T09:41:12
[2026-11-22 10:00:00,123 DEBUG   ] /viirs u@h file {"uid":  "x"} 2024-05-17T09:41:12
[2026-11-22 10:00:00,123 DEBUG   ] /pic u@h file [binary, 3 bytes] 2024-05-17T09:41:12
`},
		{"from error, in colours", logLines{least: 3, colours: true}, "[2026-11-22 10:00:00,123 \x1b[1;31mERROR   \x1b[0m] /log/ERROR/x u@h Traceback:\n      File \"x\"\n    KeyError: \uFFFD[31m 2024-05-17T09:41:12\n"},
	}
	for _, test := range tests {
		var b bytes.Buffer
		test.lines.w = &b
		for _, frame := range frames {
			m, err := message.Decode([]byte(frame))
			if err != nil {
				t.Fatal(err)
			}
			if err := test.lines.write(m, at); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(test.want, b.String()); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestUnderName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ line, want []string }{
		{nil, nil},
		{[]string{"/usr/bin/ptctl", "log", "-v"}, []string{"log", "-v"}},
		{[]string{"/usr/bin/pytroll-logger", "-v", "-s", "ns1"}, []string{"pytroll-logger", "-v", "-s", "ns1"}},
	} {
		if diff := cmp.Diff(test.want, underName(test.line)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.line, diff)
		}
	}
}
