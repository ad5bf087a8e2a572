package daemon

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestOneLine: what an error quotes does nothing to the terminal or the log, and fills neither.
func TestOneLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "open größe.toml: no such file", "open größe.toml: no such file"},
		{"lines", "a\nb\r\n\nc", "a | b | c"},
		{"control characters", "\x1b[2J\x00\u009b1m\tx", "\\u001b[2J\\u0000\\u009b1m\tx"},
		{"long", strings.Repeat("x", maxLine+1), strings.Repeat("x", maxLine) + "... (2001 bytes)"},
		{"long, cut in a character", strings.Repeat("x", maxLine-1) + "ößü", strings.Repeat("x", maxLine-1) + "... (2005 bytes)"},
	} {
		if got := oneLine(tt.in); got != tt.want {
			t.Errorf("%s: got %.100q, want %.100q", tt.name, got, tt.want)
		}
	}
}

func TestManyErrors(t *testing.T) {
	t.Parallel()
	var all []error
	for i := range maxErrors + 5 {
		all = append(all, fmt.Errorf("error %d", i))
	}
	var b strings.Builder
	Fail(&b, errors.Join(all...))
	if lines := strings.Count(b.String(), "\n"); lines != maxErrors+1 || !strings.HasSuffix(b.String(), "error: error 99\nerror: and 5 more\n") {
		t.Errorf("%d lines: ...%s", lines, b.String()[max(0, b.Len()-60):])
	}
}
