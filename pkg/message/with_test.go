package message_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

func TestWith(t *testing.T) {
	t.Parallel()
	// Odd spacing, floats and times that encoding anew would change.
	const (
		odd    = "pytroll://a \t info  me@here 20240517 v1.01  Application/JSON   {\"b\":1.50,  \"a\":1E5, \"t\":\"20240517\"} \n"
		latin1 = "pytroll://norrk\xf6ping info me@here 2024-05-17 v1.01 text/ascii \xe5\xe4\xf6"
	)
	tests := []struct {
		name, frame string
		with        func(*message.Message) (*message.Message, error)
		want        string
	}{
		{"subject", odd, func(m *message.Message) (*message.Message, error) { return m.WithSubject("/åb/c") },
			"pytroll://åb/c \t info  me@here 20240517 v1.01  Application/JSON   {\"b\":1.50,  \"a\":1E5, \"t\":\"20240517\"} \n"},
		{"type", odd, func(m *message.Message) (*message.Message, error) { return m.WithType("x") },
			"pytroll://a \t x  me@here 20240517 v1.01  Application/JSON   {\"b\":1.50,  \"a\":1E5, \"t\":\"20240517\"} \n"},
		{"sender", odd, func(m *message.Message) (*message.Message, error) { return m.WithSender("relay@there") },
			"pytroll://a \t info  relay@there 20240517 v1.01  Application/JSON   {\"b\":1.50,  \"a\":1E5, \"t\":\"20240517\"} \n"},
		{"time", odd, func(m *message.Message) (*message.Message, error) {
			return m.WithTime(mustTime(t, "2024-05-17T09:41:12.5+02:00"))
		},
			"pytroll://a \t info  me@here 2024-05-17T09:41:12.500000 v1.01  Application/JSON   {\"b\":1.50,  \"a\":1E5, \"t\":\"20240517\"} \n"},
		{"subject in Latin 1", latin1, func(m *message.Message) (*message.Message, error) { return m.WithSubject("/linköping") },
			"pytroll://link\xf6ping info me@here 2024-05-17 v1.01 text/ascii \xe5\xe4\xf6"},
		{"sender in Latin 1", latin1, func(m *message.Message) (*message.Message, error) { return m.WithSender("å@h") },
			"pytroll://norrk\xf6ping info \xe5@h 2024-05-17 v1.01 text/ascii \xe5\xe4\xf6"},
		{"type where only the data is Latin 1", head + " text/ascii \xe5", func(m *message.Message) (*message.Message, error) { return m.WithType("å") },
			"pytroll://a/b \xe5 me@here 2024-05-17T09:41:12 v1.01 text/ascii \xe5"},
		{"data", odd, func(m *message.Message) (*message.Message, error) { return m.WithData(map[string]any{"a": "å"}) },
			`pytroll://a 	 info  me@here 20240517 v1.01 application/json {"a": "\u00e5"}`},
		{"data with a time, v1.01", odd, func(m *message.Message) (*message.Message, error) {
			return m.WithData([]any{mustTime(t, "2024-05-17T00:00+02:00")})
		},
			`pytroll://a 	 info  me@here 20240517 v1.01 application/json ["2024-05-17T00:00:00"]`},
		{"text", odd, func(m *message.Message) (*message.Message, error) { return m.WithData("å") },
			"pytroll://a \t info  me@here 20240517 v1.01 text/ascii å"},
		{"octets", head, func(m *message.Message) (*message.Message, error) { return m.WithBinary([]byte{1, 2}) },
			head + " binary/octet-stream \x01\x02"},
		{"no data", odd, func(m *message.Message) (*message.Message, error) { return m.WithData(nil) },
			"pytroll://a \t info  me@here 20240517 v1.01"},
		{"data in Latin 1", latin1, func(m *message.Message) (*message.Message, error) { return m.WithData("å") },
			"pytroll://norrköping info me@here 2024-05-17 v1.01 text/ascii å"},
		{"data behind no version", "pytroll://a info me@here 2024-05-17 ", func(m *message.Message) (*message.Message, error) { return m.WithData("x") },
			"pytroll://a info me@here 2024-05-17 v1.01 text/ascii x"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := mustDecode(t, test.frame)
			got, err := test.with(m)
			if err != nil {
				t.Fatal(err)
			}
			if string(got.Bytes()) != test.want {
				t.Errorf("got  %q\nwant %q", got.Bytes(), test.want)
			}
			if diff := cmp.Diff(partsOf(mustDecode(t, test.want)), partsOf(got)); diff != "" {
				t.Errorf("not what is decoded from its frame (-want +got):\n%s", diff)
			}
			if string(m.Bytes()) != test.frame {
				t.Errorf("the original is now %q", m.Bytes())
			}
		})
	}
}

// parts are all that a message tells of itself.
type parts struct {
	Frame, Text, Head, Subject, Type, Sender, User, Host, MIME, Data string
	Version                                                          message.Version
	Time                                                             message.Time
	None                                                             bool // no data
}

func partsOf(m *message.Message) parts {
	return parts{
		Frame: string(m.Bytes()), Text: m.String(), Head: m.Head(), Subject: m.Subject(), Type: m.Type(), Sender: m.Sender(), User: m.User(), Host: m.Host(),
		MIME: m.MIME(), Data: string(m.RawData()), Version: m.Version(), Time: m.Time(), None: m.RawData() == nil,
	}
}

// Words replaced at once give what they give one by one, in all that can be told of a message.
func TestWithWords(t *testing.T) {
	t.Parallel()
	frames := []string{
		"pytroll://a \t info  me@here 20240517 v1.01  Application/JSON   {\"b\":1.50} \n",
		"pytroll://norrk\xf6ping info me@here 2024-05-17 v1.01 text/ascii \xe5\xe4\xf6",
		"pytroll://norrköping info me@here 2024-05-17 v1.01 text/ascii åäö",
		head, head + " text/ascii \xe5", head + " text/ascii å", head + " text/ascii ", head + " application/json {\"a\": [1]}",
		"pytroll:/a info me 2024-05-17 ",
	}
	for _, frame := range frames {
		for _, w := range []message.Words{
			{}, {Subject: "/x"}, {Type: "y"}, {Sender: "me@there.example.org"}, {Subject: "/x/y/z", Type: "y", Sender: "m@t"}, {Subject: "/å", Sender: "a@b"}, {Type: "å"}, {Subject: "/x", Sender: "a b"}, {Sender: "\xff"},
		} {
			m := mustDecode(t, frame)
			want, wantErr := m, error(nil)
			for _, one := range []struct {
				word string
				with func(*message.Message, string) (*message.Message, error)
			}{{w.Subject, (*message.Message).WithSubject}, {w.Type, (*message.Message).WithType}, {w.Sender, (*message.Message).WithSender}} {
				if one.word != "" && wantErr == nil {
					want, wantErr = one.with(want, one.word)
				}
			}
			got, err := m.WithWords(w)
			if (err != nil) != (wantErr != nil) {
				t.Errorf("%q with %q: got %v, want %v", frame, w, err, wantErr)
			}
			if err != nil {
				continue
			}
			if diff := cmp.Diff(partsOf(want), partsOf(got)); diff != "" {
				t.Errorf("%q with %q (-want +got):\n%s", frame, w, diff)
			}
			appended, ok := m.AppendWords([]byte("before"), w)
			wantFrame := "before" + string(want.Bytes())
			if allASCII := isASCII(m.Head()) && isASCII(w.Subject+w.Type+w.Sender); !ok {
				wantFrame = "before"
				if allASCII {
					t.Errorf("%q with %q: not appended", frame, w)
				}
			}
			if string(appended) != wantFrame {
				t.Errorf("%q with %q: appended %q, want %q", frame, w, appended, wantFrame)
			}
			if string(m.Bytes()) != frame {
				t.Errorf("%q with %q: the original is now %q", frame, w, m.Bytes())
			}
		}
	}
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

func TestWithVersion(t *testing.T) {
	t.Parallel()
	const data = ` application/json  {"t":"2024-05-17T01:00:00.50+02:00", "l": ["20240517T0100Z", {"n": 1.50}], "k": "\u0032024-05-17T01:00Z", "n":"20240517"}`
	tests := []struct {
		name, frame string
		version     message.Version
		want        string
	}{
		{"down cuts the offsets and nothing else", "pytroll://a  info me@here 2024-05-17T09:41:12.5+02:00 v1.2" + data, message.V101,
			`pytroll://a  info me@here 2024-05-17T09:41:12.500000 v1.01 application/json  {"t":"2024-05-17T01:00:00.500000", "l": ["2024-05-17T01:00:00", {"n": 1.50}], "k": "2024-05-17T01:00:00", "n":"20240517"}`},
		{"down without offsets keeps all", "pytroll://a info me@here 20240517 v1.2 application/json [\"2024-05-17T00:00Z\",1]", message.V101,
			`pytroll://a info me@here 20240517 v1.01 application/json ["2024-05-17T00:00Z",1]`},
		{"up marks the header as UTC", "pytroll://a info me@here 2024-05-17T09:41:12 v1.01" + data, message.V12,
			"pytroll://a info me@here 2024-05-17T09:41:12+00:00 v1.2" + data},
		{"up keeps an offset", "pytroll://a info me@here 20240517T09Z v1.01" + data, message.V12,
			"pytroll://a info me@here 20240517T09Z v1.2" + data},
		{"text is no data to cut", "pytroll://a info me@here 20240517T09Z v1.2 text/ascii {\"t\":\"20240517T09Z\"}", message.V101,
			"pytroll://a info me@here 2024-05-17T09:00:00 v1.01 text/ascii {\"t\":\"20240517T09Z\"}"},
		{"no version yet", "pytroll://a info me@here 20240517 ", message.V101, "pytroll://a info me@here 20240517 v1.01"},
		{"Latin 1", "pytroll://\xf6 info me@here 20240517T09Z v1.2 application/json {\"\xf6\": \"20240517T09Z\"}", message.V101,
			"pytroll://ö info me@here 2024-05-17T09:00:00 v1.01 application/json {\"ö\": \"2024-05-17T09:00:00\"}"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := mustDecode(t, test.frame).WithVersion(test.version)
			if err != nil {
				t.Fatal(err)
			}
			if string(got.Bytes()) != test.want {
				t.Errorf("got  %q\nwant %q", got.Bytes(), test.want)
			}
			if got.Version() != test.version {
				t.Errorf("got version %s", got.Version())
			}
		})
	}
}

func TestWithErrors(t *testing.T) {
	t.Parallel()
	m := mustDecode(t, head+" text/ascii \xe5")
	bad := mustDecode(t, "pytroll://a info me@here 2024-05-17 v1.2 application/json {x}")
	tests := []struct {
		name  string
		with  func() (*message.Message, error)
		field string
	}{
		{"empty subject", func() (*message.Message, error) { return m.WithSubject("") }, "subject"},
		{"blank in the type", func() (*message.Message, error) { return m.WithType("a b") }, "type"},
		{"sender not UTF-8", func() (*message.Message, error) { return m.WithSender("\xff") }, "sender"},
		{"beyond Latin 1", func() (*message.Message, error) { return m.WithSubject("/🛰") }, "subject"},
		{"no version", func() (*message.Message, error) { return m.WithVersion("") }, "version"},
		{"newer version", func() (*message.Message, error) { return m.WithVersion("v2") }, "version"},
		{"no JSON", func() (*message.Message, error) { return m.WithData(make(chan int)) }, "data"},
		{"year 0", func() (*message.Message, error) {
			return m.WithTime(message.Time{Time: mustTime(t, "0001-01-01").AddDate(-1, 0, 0)})
		}, "time"},
		{"octets not UTF-8", func() (*message.Message, error) { return m.WithBinary([]byte{0xff}) }, "data"},
	}
	for _, test := range tests {
		got, err := test.with()
		if got != nil {
			t.Errorf("%s: got %v", test.name, got)
		}
		if e, ok := errors.AsType[*message.Error](err); !ok || e.Field != test.field || e.Offset != -1 {
			t.Errorf("%s: got error %v", test.name, err)
		}
	}
	_, err := bad.WithVersion(message.V101)
	wantError(t, err, "data", strings.IndexByte(bad.String(), 'x'))
}

// What is encoded tells of itself what is decoded from its frame.
func TestEncodedIsDecoded(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("", 3600)
	for _, at := range []message.Time{
		{}, {Time: time.Now()}, {Time: time.Now().UTC()}, {Time: time.Now(), Naive: true},
		{Time: time.Date(2024, 5, 17, 9, 41, 12, 345678999, time.UTC)}, {Time: time.Date(2024, 5, 17, 9, 41, 12, 0, time.UTC), Naive: true},
		{Time: time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC)}, {Time: time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC)},
		{Time: time.Time{}, Naive: true}, {Time: time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)},
		{Time: time.Date(2024, 5, 17, 9, 41, 12, 5000, east)}, {Time: time.Date(2024, 5, 17, 9, 41, 12, 5000, east), Naive: true},
	} {
		for _, version := range []message.Version{"", message.V101, message.V12} {
			for _, data := range []any{nil, "text", " white", map[string]any{"a": 1}, []any{message.Time{Time: time.Unix(0, 0)}}, message.RawJSON(" [1]"), message.RawJSON("\u00a0[1]")} {
				got, err := message.Encoder{}.Encode(message.Fields{Subject: "/norrköping", Type: "file", Sender: "a@b", Time: at, Version: version, Data: data})
				if err != nil {
					t.Fatalf("%v %s %v: %v", at, version, data, err)
				}
				if diff := cmp.Diff(partsOf(mustDecode(t, string(got.Bytes()))), partsOf(got)); diff != "" {
					t.Errorf("%v %s %v (-decoded +encoded):\n%s", at, version, data, diff)
				}
			}
		}
	}
}
