package jsonline_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/internal/jsonline"
	"github.com/pytroll/posttroll-go/pkg/message"
)

// frames and the lines that stand for them.
var frames = []struct {
	name, frame, line string
}{
	{
		"file",
		`pytroll://viirs/sdr/1B file safusr@lx1 2024-05-17T09:41:12.345678 v1.01 application/json {"uid": "x.h5",  "n": 1.10}`,
		`{"subject": "/viirs/sdr/1B", "type": "file", "sender": "safusr@lx1", "time": "2024-05-17T09:41:12.345678", ` +
			`"version": "v1.01", "mime": "application/json", "data": {"uid": "x.h5",  "n": 1.10}}`,
	},
	{
		"datetimes keep their form",
		`pytroll://a file me@h 2024-05-17T09:41:12+00:00 v1.2 application/json {"t": "20101203", "u": "2024-01-02T03:04:05Z"}`,
		`{"subject": "/a", "type": "file", "sender": "me@h", "time": "2024-05-17T09:41:12+00:00", "version": "v1.2", ` +
			`"mime": "application/json", "data": {"t": "20101203", "u": "2024-01-02T03:04:05Z"}}`,
	},
	{
		"the same key twice",
		`pytroll://a dataset me@h 2024-05-17T09:41:12 v1.01 application/json {"uid": 1, "uid": 2}`,
		`{"subject": "/a", "type": "dataset", "sender": "me@h", "time": "2024-05-17T09:41:12", "version": "v1.01", ` +
			`"mime": "application/json", "data": {"uid": 1, "uid": 2}}`,
	},
	{
		"text with blanks, no leading slash",
		"pytroll:/log/WARNING/x log.warning root@vm 2024-05-17T09:41:12 v1.01 text/ascii Missing file: <a.nc> ",
		`{"subject": "log/WARNING/x", "type": "log.warning", "sender": "root@vm", "time": "2024-05-17T09:41:12", ` +
			`"version": "v1.01", "mime": "text/ascii", "data": "Missing file: <a.nc> "}`,
	},
	{
		"JSON that is a text",
		`pytroll://a b me@h 2024-05-17T09:41:12 v1.01 application/json "x"`,
		`{"subject": "/a", "type": "b", "sender": "me@h", "time": "2024-05-17T09:41:12", "version": "v1.01", ` +
			`"mime": "application/json", "data": "x"}`,
	},
	{
		"binary",
		"pytroll://a b me@h 2024-05-17T09:41:12 v1.01 binary/octet-stream octets \x01",
		`{"subject": "/a", "type": "b", "sender": "me@h", "time": "2024-05-17T09:41:12", "version": "v1.01", ` +
			`"mime": "binary/octet-stream", "data": "octets \u0001"}`,
	},
	{
		"no data",
		"pytroll://oper/ns info me@h 2024-05-17T09:41:12 v1.01",
		`{"subject": "/oper/ns", "type": "info", "sender": "me@h", "time": "2024-05-17T09:41:12", "version": "v1.01"}`,
	},
	{
		"odd spacing needs raw",
		"pytroll://a  b me@h 2024-05-17T09:41:12 v1.01",
		`{"subject": "/a", "type": "b", "sender": "me@h", "time": "2024-05-17T09:41:12", "version": "v1.01", ` +
			`"raw": "pytroll://a  b me@h 2024-05-17T09:41:12 v1.01"}`,
	},
	{
		"NaN is null, and needs raw",
		`pytroll://a b me@h 2024-05-17T09:41:12 v1.01 application/json {"x": [NaN, -Infinity], "t": "2010-12-03"}`,
		`{"subject": "/a", "type": "b", "sender": "me@h", "time": "2024-05-17T09:41:12", "version": "v1.01", ` +
			`"mime": "application/json", "data": {"x": [null, null], "t": "2010-12-03T00:00:00"}, ` +
			`"raw": "pytroll://a b me@h 2024-05-17T09:41:12 v1.01 application/json {\"x\": [NaN, -Infinity], \"t\": \"2010-12-03\"}"}`,
	},
	{
		"ISO 8859-1 needs raw_base64",
		"pytroll://norrk\xf6ping b me@h 2024-05-17T09:41:12 v1.01",
		`{"subject": "/norrköping", "type": "b", "sender": "me@h", "time": "2024-05-17T09:41:12", "version": "v1.01", ` +
			`"raw_base64": "cHl0cm9sbDovL25vcnJr9nBpbmcgYiBtZUBoIDIwMjQtMDUtMTdUMDk6NDE6MTIgdjEuMDE="}`,
	},
}

func TestMarshal(t *testing.T) {
	t.Parallel()
	for _, tc := range frames {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m, err := message.Decode([]byte(tc.frame))
			if err != nil {
				t.Fatal(err)
			}
			got, err := jsonline.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.line, string(got)); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
			back, err := jsonline.Unmarshal(got, message.Encoder{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.frame, string(back.Bytes())); diff != "" {
				t.Errorf("frame after a round trip (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnmarshalFillsIn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, line string
		enc        message.Encoder
		version    message.Version
		rest       string
	}{
		{"text", `{"subject": "/a", "type": "info", "data": "hello"}`, message.Encoder{}, message.V101, "text/ascii hello"},
		{"JSON", `{"subject": "/a", "type": "file", "data": {"uid":"x"}}`, message.Encoder{}, message.V101, `application/json {"uid":"x"}`},
		{"datetime", `{"subject": "/a", "type": "file", "data": {"t": "2024-05-17T09:41"}}`, message.Encoder{}, message.V12,
			`application/json {"t": "2024-05-17T09:41"}`},
		{"version asked for", `{"subject": "/a", "type": "file", "data": {"n": 1}}`, message.Encoder{Version: message.V12}, message.V12,
			`application/json {"n": 1}`},
		{"no data", `{"subject": "/a", "type": "info"}`, message.Encoder{}, message.V101, ""},
		{"empty data is none", `{"subject": "/a", "type": "info", "data": {}}`, message.Encoder{}, message.V101, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m, err := jsonline.Unmarshal([]byte(tc.line), tc.enc)
			if err != nil {
				t.Fatal(err)
			}
			if m.Version() != tc.version {
				t.Errorf("version: got %s, want %s", m.Version(), tc.version)
			}
			if m.Sender() != message.LocalSender() {
				t.Errorf("sender: got %s, want %s", m.Sender(), message.LocalSender())
			}
			if want := strings.TrimSpace(m.Head() + " " + tc.rest); string(m.Bytes()) != want {
				t.Errorf("frame: got %s, want %s", m.Bytes(), want)
			}
		})
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, line, want string }{
		{"not JSON", `hello`, "no JSON line"},
		{"a list", `[1]`, "a line is a JSON object"},
		{"two objects", `{"subject": "/a", "type": "b"} {}`, "more than one"},
		{"trailing brace", `{"subject": "/a", "type": "b"}}`, "more than one"},
		{"misspelt key", `{"subjet": "/a", "type": "b"}`, "subjet"},
		{"number as subject", `{"subject": 1, "type": "b"}`, "subject"},
		{"no type", `{"subject": "/a"}`, "type"},
		{"bad time", `{"subject": "/a", "type": "b", "time": "yesterday"}`, "time"},
		{"bad mime", `{"subject": "/a", "type": "b", "mime": "image/png", "data": "x"}`, "image/png"},
		{"text that is none", `{"subject": "/a", "type": "b", "mime": "text/ascii", "data": {}}`, "data"},
		{"mime without data", `{"subject": "/a", "type": "b", "mime": "application/json"}`, "data"},
		{"raw that is no message", `{"raw": "hello"}`, "pytroll:/"},
		{"base64 that is none", `{"raw_base64": "*"}`, "raw_base64"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m, err := jsonline.Unmarshal([]byte(tc.line), message.Encoder{})
			if err == nil {
				t.Fatalf("got %s, want an error", m)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %q, want it to name %q", err, tc.want)
			}
		})
	}
}

func FuzzRoundTrip(f *testing.F) {
	for _, tc := range frames {
		f.Add([]byte(tc.frame))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		m, err := message.Decode(bytes.Clone(frame))
		if err != nil {
			return
		}
		line, err := jsonline.Marshal(m)
		if err != nil {
			return // the data does not decode
		}
		if !json.Valid(line) || bytes.ContainsAny(line, "\r\n") {
			t.Fatalf("%q is no JSON line", line)
		}
		back, err := jsonline.Unmarshal(line, message.Encoder{})
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if !bytes.Equal(back.Bytes(), frame) {
			t.Fatalf("got %q, want %q", back.Bytes(), frame)
		}
	})
}

func FuzzUnmarshal(f *testing.F) {
	for _, tc := range frames {
		f.Add([]byte(tc.line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		m, err := jsonline.Unmarshal(line, message.Encoder{})
		if err != nil {
			return
		}
		again, err := message.Decode(m.Bytes())
		if err != nil || again.Subject() != m.Subject() {
			t.Fatalf("%q became %q, which does not decode: %v", line, m.Bytes(), err)
		}
	})
}

// White space that only Unicode knows is none in JSON: a line would make good data of it.
func TestMarshalRefusesBadJSON(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"[]\v", "{}\u00a0", "1\u2028", "[]\u0085", "{", `{"a": }`} {
		m, err := message.Decode([]byte("pytroll://a b me@h 2024-05-17T09:41:12 v1.01 application/json " + data))
		if err != nil {
			t.Fatal(err)
		}
		if line, err := jsonline.Marshal(m); err == nil {
			t.Errorf("data %q: got %s, want an error", data, line)
		}
	}
}
