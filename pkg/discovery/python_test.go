package discovery

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// sample is a frame of a Python peer.
type sample struct{ version, kind, frame string }

// samples are those in testdata/python.
func samples(t testing.TB) []sample {
	t.Helper()
	files, err := filepath.Glob("testdata/python/*.txt")
	must(t, err)
	if len(files) != 3 {
		t.Fatalf("%d files of samples", len(files))
	}
	var all []sample
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		for line := range strings.Lines(string(text)) {
			kind, frame, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			all = append(all, sample{strings.TrimSuffix(filepath.Base(file), ".txt"), kind, frame})
		}
	}
	return all
}

// announced is what the publisher of the samples tells.
func announced(version string) Announcement {
	a := Announcement{Name: "viirs", Services: []string{"viirs", "VIIRS L1", "/viirs/sdr"}}
	if version == "1.16.0" {
		a.SupportedVersion, a.Backend = message.V12, transport.Plain
	}
	return a
}

func TestPythonAnnouncements(t *testing.T) {
	t.Parallel()
	for _, s := range samples(t) {
		if s.kind != "datagram" || !strings.Contains(s.frame, "/address/viirs") {
			continue
		}
		got, err := ParseAnnouncement(decode(t, s.frame))
		must(t, err)
		if !strings.HasPrefix(got.URI, "tcp://10.1.2.3:") {
			t.Errorf("%s: URI %s", s.version, got.URI)
		}
		uri := got.URI
		got.URI = ""
		if d := cmp.Diff(announced(s.version), got); d != "" {
			t.Errorf("%s (-want +got):\n%s", s.version, d)
		}
		// Ours has the same bytes but for sender, time and, for 1.13, the version.
		got.URI = uri
		m, err := got.Message(TypeInfo, message.Encoder{Version: decode(t, s.frame).Version()})
		must(t, err)
		if m, err = m.WithSender("root@vm"); err != nil {
			t.Fatal(err)
		}
		if m, err = m.WithTime(decode(t, s.frame).Time()); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(s.frame, m.String()); d != "" {
			t.Errorf("%s: encoded (-python +ours):\n%s", s.version, d)
		}
	}
}

func TestPythonReplies(t *testing.T) {
	t.Parallel()
	for _, s := range samples(t) {
		if s.kind != "reply" {
			continue
		}
		got, err := parseReply(t.Context(), []byte(s.frame), func(err error) { t.Errorf("%s: %v", s.version, err) })
		must(t, err)
		if !strings.Contains(s.frame, "URI") {
			if len(got) > 0 {
				t.Errorf("%s: got %v", s.version, got)
			}
			continue
		}
		if len(got) != 1 || got[0].Received.IsZero() || got[0].Received.Naive != (s.version == "1.11.0") {
			t.Fatalf("%s: got %v", s.version, got)
		}
		want := announced(s.version)
		want.Name, want.URI = "address", got[0].URI
		if d := cmp.Diff(want, got[0].Announcement); d != "" {
			t.Errorf("%s (-want +got):\n%s", s.version, d)
		}
	}
}

func TestPythonFeeds(t *testing.T) {
	t.Parallel()
	count := make(map[string]int)
	for _, s := range samples(t) {
		if s.kind != "feed" {
			continue
		}
		n, ok, err := parseNews([]byte(s.frame))
		must(t, err)
		switch {
		case !ok:
			count["nothing"]++
		case n.gone:
			count["gone"]++
		default:
			count["added"]++
			want := announced(s.version)
			want.URI = n.entry.URI
			if d := cmp.Diff(want, n.entry.Announcement); d != "" {
				t.Errorf("%s (-want +got):\n%s", s.version, d)
			}
		}
		if ok && !strings.HasPrefix(n.entry.URI, "tcp://10.1.2.3:") {
			t.Errorf("%s: URI %s", s.version, n.entry.URI)
		}
	}
	if d := cmp.Diff(map[string]int{"nothing": 2, "gone": 3, "added": 3}, count); d != "" {
		t.Errorf("messages (-want +got):\n%s", d)
	}
}
