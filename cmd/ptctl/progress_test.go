package main

import (
	"strings"
	"testing"
)

// A line of progress is one line, whatever the subject of a message is and however much of a file there is.
func TestProgressLine(t *testing.T) {
	t.Parallel()
	none, half, full := strings.Repeat(".", 30), strings.Repeat("#", 15)+strings.Repeat(".", 15), strings.Repeat("#", 30)
	tests := []struct {
		part    float64
		text    string
		columns int
		want    string
	}{
		{-1, "3 messages  /a", 80, "3 messages  /a"},
		{0, "x", 80, "[" + none + "]   0 %  x"},
		{0.5, "x", 80, "[" + half + "]  50 %  x"},
		{1.5, "x", 80, "[" + full + "] 100 %  x"},
		{-1, "/a\x1b]0;title\x07\x1b[31m\n/b\u202e", 80, "/a\uFFFD]0;title\uFFFD\uFFFD[31m\uFFFD/b\uFFFD"},
		{-1, strings.Repeat("x", 100), 10, "xxxxxxxx…"},
	}
	for _, test := range tests {
		if got := progressLine(test.part, test.text, test.columns); got != test.want {
			t.Errorf("%g, %q: got %q, want %q", test.part, test.text, got, test.want)
		}
	}
}
