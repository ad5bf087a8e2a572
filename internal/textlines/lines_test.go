package textlines

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func noIdle() error { return nil }

func TestEach(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", Max+1)
	type got struct {
		Number int
		Text   string
		Long   bool
	}
	tests := map[string]struct {
		input string
		want  []got
	}{
		"nothing":              {"", nil},
		"empty lines":          {"\n\r\na\n\nb\n", []got{{Number: 3, Text: "a"}, {Number: 5, Text: "b"}}},
		"the last without end": {"a\r\nb", []got{{Number: 1, Text: "a"}, {Number: 2, Text: "b"}}},
		"above the buffer":     {long[:1<<20] + "\nb\n", []got{{Number: 1, Text: long[:1<<20]}, {Number: 2, Text: "b"}}},
		"the longest":          {long[1:] + "\nb\n", []got{{Number: 1, Text: long[1:]}, {Number: 2, Text: "b"}}},
		"too long":             {"a\n" + long + "\nb\n", []got{{Number: 1, Text: "a"}, {Number: 2, Long: true}, {Number: 3, Text: "b"}}},
		"too long at the end":  {long, []got{{Number: 1, Long: true}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lines []got
			err := Each(t.Context(), strings.NewReader(tt.input), func(l Line) error {
				lines = append(lines, got{l.Number, string(l.Text), errors.Is(l.Err, ErrTooLong)})
				return nil
			}, noIdle)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, lines); diff != "" {
				t.Errorf("want -, got +\n%.2000s", diff)
			}
		})
	}
}

// What is written for a line must not wait for the next one.
func TestEachTellsWhenItWaits(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	lines, idle := make(chan string, 1), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- Each(t.Context(), r,
			func(l Line) error { lines <- string(l.Text); return nil },
			func() error { idle <- struct{}{}; return nil })
	}()
	for _, text := range []string{"a", "b"} {
		if _, err := io.WriteString(w, text+"\nhalf"); err != nil {
			t.Fatal(err)
		}
		<-idle
		if got := strings.TrimPrefix(<-lines, "half"); got != text {
			t.Errorf("got line %q, want %q", got, text)
		}
	}
	failure := errors.New("gone")
	if err := w.CloseWithError(failure); err != nil {
		t.Fatal(err)
	}
	<-idle // for the half line
	if err := <-done; !errors.Is(err, failure) {
		t.Errorf("got %v, want the error of the input", err)
	}
}

func TestEachEndsWithContext(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe() // nobody writes
	t.Cleanup(func() { _ = w.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if err := Each(ctx, r, func(Line) error { return nil }, noIdle); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"norrköping/0° ☃":             "norrköping/0° ☃",
		"\x1b]0;title\x07\x1b[31m":    "\uFFFD]0;title\uFFFD\uFFFD[31m",
		"a\nb\r\tc\x7f\u0085\u009b":   "a\uFFFDb\uFFFD\uFFFDc\uFFFD\uFFFD\uFFFD",
		"viirs\u202etxt\u2066x\u2069": "viirs\uFFFDtxt\uFFFDx\uFFFD",
		"one\u2028two":                "one\uFFFDtwo",
		"\xff":                        "\uFFFD",
	} {
		if got := Printable(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
