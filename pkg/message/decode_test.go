package message_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

const head = "pytroll://a/b info me@here 2024-05-17T09:41:12 v1.01"

// mustDecode decodes a message that must be fine.
func mustDecode(tb testing.TB, frame string) *message.Message {
	tb.Helper()
	m, err := message.Decode([]byte(frame))
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// wantError checks that err is one of ours, for that field and offset.
func wantError(t *testing.T, err error, field string, offset int) {
	t.Helper()
	e, ok := errors.AsType[*message.Error](err)
	if !ok {
		t.Fatalf("got error %v (%T), want a *message.Error", err, err)
	}
	if e.Field != field || e.Offset != offset {
		t.Errorf("got %s at %d, want %s at %d: %v", e.Field, e.Offset, field, offset, err)
	}
}

func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, frame string
		field       string
		offset      int
	}{
		{"empty", "", "magic", 0},
		{"magic alone", "pytroll:/", "type", 9},
		{"other magic", "pytrol://a info me@here 2024-05-17 v1.01", "magic", 0},
		{"magic in capitals", "Pytroll://a info me@here 2024-05-17 v1.01", "magic", 0},
		{"byte order mark", "\ufeffpytroll://a info me@here 2024-05-17 v1.01", "magic", 0},
		{"no subject", "pytroll:/ info me@here 2024-05-17 v1.01", "subject", 9},
		{"no type", "pytroll://a", "type", 11},
		{"no sender", "pytroll://a info", "sender", 16},
		{"no time", "pytroll://a info me@here", "time", 24},
		{"no version", "pytroll://a info me@here 2024-05-17", "version", 35},
		{"bad time", "pytroll://a info me@here yesterday v1.01", "time", 25},
		{"bad time in Latin 1", "pytroll://\xe5\xe4 info me@here yesterday v1.01", "time", 26},
		{"bad time behind UTF-8", "pytroll://åä info me@here yesterday v1.01", "time", 28},
		{"newer version and newer time", "pytroll://a info me@here 739023.5 v1.3", "version", 34},
		{"newer version", "pytroll://a info me@here 2024-05-17 v1.3", "version", 36},
		{"version of letters", "pytroll://a info me@here 2024-05-17 zzz", "version", 36},
		{"blank behind version", head + " ", "mime", len(head) + 1},
		{"no-break space behind version", head + "\u00a0", "mime", len(head) + 2},
		{"MIME without data", head + " application/json", "mime", len(head) + 1},
		{"unknown MIME", head + " image/png x", "mime", len(head) + 1},
		{"MIME with long s", head + " text/aſcii x", "mime", len(head) + 1},
		{"two blanks behind version", head + "  ", "mime", len(head) + 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m, err := message.Decode([]byte(test.frame))
			if m != nil {
				t.Errorf("got message %v beside the error", m)
			}
			wantError(t, err, test.field, test.offset)
		})
	}
}

// Every separator of Python's \s separates, and nothing else does.
func TestSeparators(t *testing.T) {
	t.Parallel()
	spaces := []rune("\t\n\v\f\r\x1c\x1d\x1e\x1f \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006" +
		"\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000")
	words := []string{"pytroll://a", "info", "me@here", "2024-05-17", "v1.01", "text/ascii", "x y "}
	for r := rune(0); r < 0x3100; r++ {
		if r == 0x80 {
			r = 0x85
		}
		m, err := message.Decode([]byte(strings.Join(words, string(r))))
		if !slices.Contains(spaces, r) {
			if err == nil {
				t.Errorf("U+%04X: got %q, want an error", r, m.Subject())
			}
			continue
		}
		if err != nil {
			t.Errorf("U+%04X: %v", r, err)
			continue
		}
		if data, err := m.Data(); err != nil || data != "x y " || m.Type() != "info" {
			t.Errorf("U+%04X: got type %q and data %q, %v", r, m.Type(), data, err)
		}
	}
}

func TestDecodeParts(t *testing.T) {
	t.Parallel()
	type parts struct{ Head, MIME, Raw, Data string }
	tests := []struct {
		name, frame string
		want        parts
	}{
		{"no data", head, parts{Head: head}},
		{"text", head + " text/ascii x y", parts{head, message.MIMEText, "x y", "x y"}},
		{"empty text", head + " text/ascii ", parts{head, message.MIMEText, "", ""}},
		{"leading and trailing white space", head + "  TEXT/ascii \t x ", parts{head, message.MIMEText, "x ", "x "}},
		{"octets", head + " binary/octet-stream \x00\x01", parts{head, message.MIMEBinary, "\x00\x01", "\x00\x01"}},
		{"octets beyond ASCII", head + " binary/octet-stream \xff\xfe", parts{head, message.MIMEBinary, "\xff\xfe", "ÿþ"}},
		{"Latin 1 in the data", head + " text/ascii norrk\xf6ping", parts{head, message.MIMEText, "norrk\xf6ping", "norrköping"}},
		{
			"Latin 1 in the header makes the data Latin 1",
			"pytroll://\xf6 info me@here 2024-05-17 v1.01 text/ascii ö",
			parts{"pytroll://ö info me@here 2024-05-17 v1.01", message.MIMEText, "ö", "Ã¶"},
		},
		{"no version but a blank", "pytroll://a info me@here 2024-05-17 ", parts{Head: "pytroll://a info me@here 2024-05-17 "}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := mustDecode(t, test.frame)
			data, err := m.Data()
			if err != nil {
				t.Fatal(err)
			}
			got := parts{m.Head(), m.MIME(), string(m.RawData()), data.(string)}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
			if string(m.Bytes()) != test.frame {
				t.Errorf("got the bytes %q, want %q", m.Bytes(), test.frame)
			}
		})
	}
}

func TestDecoderLimits(t *testing.T) {
	t.Parallel()
	nested := func(n int) string {
		return head + " application/json " + strings.Repeat("[", n) + strings.Repeat("]", n)
	}
	at := func(n int) int { return len(head) + len(" application/json ") + n }
	tests := []struct {
		name    string
		decoder message.Decoder
		frame   string
		want    error
		offset  int
	}{
		{"default depth", message.Decoder{}, nested(message.DefaultMaxDepth), nil, 0},
		{"above the default depth", message.Decoder{}, nested(message.DefaultMaxDepth + 1), message.ErrTooDeep, at(message.DefaultMaxDepth)},
		{"depth", message.Decoder{MaxDepth: 3}, nested(3), nil, 0},
		{"above the depth", message.Decoder{MaxDepth: 3}, nested(4), message.ErrTooDeep, at(3)},
		{"above the depth of all decoders", message.Decoder{MaxDepth: 1 << 30}, nested(10001), message.ErrTooDeep, at(10000)},
		{"size", message.Decoder{MaxSize: len(head)}, head, nil, 0},
		{"above the size", message.Decoder{MaxSize: len(head) - 1}, head, message.ErrTooLarge, len(head) - 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m, err := test.decoder.Decode([]byte(test.frame))
			if err == nil {
				_, err = m.Data()
				// All readers of data know the limit.
				for _, target := range []any{new(any), new([]any), new(struct{})} {
					if uerr := m.Unmarshal(target); m.MIME() != "" && errors.Is(uerr, message.ErrTooDeep) != (test.want != nil) {
						t.Errorf("into %T: got %v, want %v", target, uerr, test.want)
					}
				}
			}
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if e, ok := errors.AsType[*message.Error](err); ok && e.Offset != test.offset {
				t.Errorf("got offset %d, want %d", e.Offset, test.offset)
			}
		})
	}
}

// A depth that no stack holds must end in an error, not in the end.
func TestDeep(t *testing.T) {
	t.Parallel()
	for _, open := range []string{"[", `{"a":`, `{"a":[`} {
		m := mustDecode(t, head+" application/json "+strings.Repeat(open, 5_000_000))
		if _, err := m.Data(); !errors.Is(err, message.ErrTooDeep) {
			t.Errorf("%s: got %v, want %v", open, err, message.ErrTooDeep)
		}
		var s struct{ B int }
		if err := m.Unmarshal(&s); err == nil {
			t.Errorf("%s: no error from Unmarshal", open)
		}
		if err := m.CheckStrict(); !errors.Is(err, message.ErrTooDeep) {
			t.Errorf("%s: got %v, want %v", open, err, message.ErrTooDeep)
		}
	}
}

func TestSenderParts(t *testing.T) {
	t.Parallel()
	for sender, want := range map[string][2]string{
		"me@here": {"me", "here"}, "nobody": {"", ""}, "a@b@c": {"a", "b@c"}, "@": {"", ""}, "me@": {"me", ""}, "@here": {"", "here"},
	} {
		m := mustDecode(t, "pytroll://a info "+sender+" 2024-05-17 v1.01")
		if got := [2]string{m.User(), m.Host()}; got != want {
			t.Errorf("%s: got %q, want %q", sender, got, want)
		}
	}
}

// TestDecodeInto: memory that was used before gives the same message as new memory, and takes none.
func TestDecodeInto(t *testing.T) {
	t.Parallel()
	frames := []string{
		head + " application/json {\"a\": 1}",
		head,
		"pytroll://a/b info me@here 2024-05-17T09:41:12+00:00 v1.2 text/ascii gr\xfc\xdfe",
		head + " text/ascii text",
	}
	var m message.Message
	for _, frame := range frames {
		if err := (message.Decoder{}).DecodeInto(&m, []byte(frame)); err != nil {
			t.Fatal(err)
		}
		want := mustDecode(t, frame)
		got, err := shown(&m)
		wantText, wantErr := shown(want)
		if got != wantText || err != nil || wantErr != nil {
			t.Errorf("%q: got %s, %v, want %s, %v", frame, got, err, wantText, wantErr)
		}
	}
	if err := (message.Decoder{MaxSize: 10}).DecodeInto(&m, []byte(head)); !errors.Is(err, message.ErrTooLarge) {
		t.Errorf("got error %v, want %v", err, message.ErrTooLarge)
	}
}

func TestDecodeIntoAllocatesNothing(t *testing.T) {
	frame := []byte(head + " application/json {}")
	var m message.Message
	if n := testing.AllocsPerRun(100, func() {
		if err := (message.Decoder{}).DecodeInto(&m, frame); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// shown is all of a message as text.
func shown(m *message.Message) (string, error) {
	data, err := m.Data()
	return fmt.Sprint(m.Head(), m.Subject(), m.Type(), m.Sender(), m.Version(), m.MIME(), m.Time(), data), err
}
