package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/discovery"
)

// TestServiceWords: names that a shell could take for more than a word are not offered.
func TestServiceWords(t *testing.T) {
	t.Parallel()
	entry := func(uri string, names ...string) discovery.Entry {
		return discovery.Entry{Announcement: discovery.Announcement{URI: uri, Services: names}}
	}
	entries := []discovery.Entry{
		entry("tcp://h:1", "viirs", "sdr", "norrköping/0°", "norrköping/0"),
		entry("tcp://h:2", "viirs", "all of it", "$(reboot)", "`x`", "a;b", "--output=x", "x\x1b[31m", "a'b", "~root", "*", ""),
		entry("tcp://h:3"),
	}
	for begun, want := range map[string][]string{
		"":  {"norrköping/0\talias of viirs, tcp://h:1", "sdr\talias of viirs, tcp://h:1", "viirs\ttcp://h:1"},
		"v": {"viirs\ttcp://h:1"},
		"x": nil,
	} {
		if diff := cmp.Diff(want, serviceWords(entries, begun)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", begun, diff)
		}
	}
}
