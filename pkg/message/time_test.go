package message_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// What datetime.fromisoformat(text).isoformat() gives in Python 3.11; empty for
// a ValueError.
var timeForms = []struct{ text, want string }{
	// Dates.
	{"2024-05-17", "2024-05-17T00:00:00"},
	{"20240517", "2024-05-17T00:00:00"},
	{"2024-W20-5", "2024-05-17T00:00:00"},
	{"2024W205", "2024-05-17T00:00:00"},
	{"2024-W20", "2024-05-13T00:00:00"},
	{"2024W20", "2024-05-13T00:00:00"},
	{"2024-W53-1", ""},
	{"2020-W53-5", "2021-01-01T00:00:00"},
	{"2024-W00-1", ""},
	{"2024-W20-0", ""},
	{"2024-W20-8", ""},
	{"9999-W52-5", "9999-12-31T00:00:00"},
	{"9999-W52-6", ""},
	{"0001-W01-1", "0001-01-01T00:00:00"},
	{"0000-W52-6", ""},
	{"2024-137", ""},
	{"2024137", ""},
	{"2024-0517", ""},
	{"202405-17", ""},
	{"2023-02-29", ""},
	{"2024-02-29", "2024-02-29T00:00:00"},
	{"1900-02-29", ""},
	{"2000-02-29", "2000-02-29T00:00:00"},
	{"2024-00-01", ""},
	{"2024-13-01", ""},
	{"2024-04-31", ""},
	{"2024-05-00", ""},
	{"0000-01-01", ""},
	{"0001-01-01", "0001-01-01T00:00:00"},
	{"2024-05", ""},
	{"202405", ""},
	{"2024", ""},
	{"2024-5-17", ""},
	// Any one character separates, but something must follow. Weeks leave room for doubt.
	{"2024-05-17 09:41", "2024-05-17T09:41:00"},
	{"2024-05-17x09", "2024-05-17T09:00:00"},
	{"2024-05-17é09:41", "2024-05-17T09:41:00"},
	{"2024-05-17€09:41", "2024-05-17T09:41:00"},
	{"2024-05-17🛰09:41", "2024-05-17T09:41:00"},
	{"2024-05-17\x0009:41", "2024-05-17T09:41:00"},
	{"2024-05-17T", ""},
	{"2024-05-17 ", ""},
	{"20240517T094112", "2024-05-17T09:41:12"},
	{"20240517094112", ""},
	{"20240517 0941", "2024-05-17T09:41:00"},
	{"2024W20T09", "2024-05-13T09:00:00"},
	{"2024W2051", ""},
	{"2024W205T0941", "2024-05-17T09:41:00"},
	{"2024-W20-0941", "2024-05-13T09:41:00"},
	{"2024-W20-5T09:41", "2024-05-17T09:41:00"},
	{"2024-W2009", ""},
	{"2024-W20T09", "2024-05-13T09:00:00"},
	// Times.
	{"2024-05-17T9", ""},
	{"2024-05-17T0941", "2024-05-17T09:41:00"},
	{"2024-05-17T09:4112", ""},
	{"2024-05-17T0941:12", ""},
	{"2024-05-17T24:00", ""},
	{"2024-05-17T24:00:00", ""},
	{"2024-05-17T23:59:60", ""},
	{"2024-05-17T23:60", ""},
	// Fractions.
	{"2024-05-17T09:41:12.345678", "2024-05-17T09:41:12.345678"},
	{"2024-05-17T09:41:12.", ""},
	{"2024-05-17T09:41:12,5", "2024-05-17T09:41:12.500000"},
	{"2024-05-17T09:41:12.1234567", "2024-05-17T09:41:12.123456"},
	{"2024-05-17T09:41:12.1234567890123456789", "2024-05-17T09:41:12.123456"},
	{"2024-05-17T09:41.5", "2024-05-17T09:41:00.500000"},
	{"2024-05-17T09.5", "2024-05-17T09:00:00.500000"},
	{"2024-05-17T09:41:12:5", "2024-05-17T09:41:12.500000"},
	{"2024-05-17T0941125", ""},
	{"2024-05-17T094112345678", "2024-05-17T09:41:12.345678"},
	// Offsets.
	{"2024-05-17T09:41:12.345678+00:00", "2024-05-17T09:41:12.345678+00:00"},
	{"2024-05-17T09:41Z", "2024-05-17T09:41:00+00:00"},
	{"2024-05-17T09:41z", ""},
	{"2024-05-17T09:41ZZ", ""},
	{"2024-05-17Z", ""},
	{"2024-05-17+01:00", "2024-05-17T01:00:00"},
	{"2024-05-17T09:41+01", "2024-05-17T09:41:00+01:00"},
	{"2024-05-17T09:41+0130", "2024-05-17T09:41:00+01:30"},
	{"2024-05-17T09:41+01:30:15", "2024-05-17T09:41:00+01:30:15"},
	{"2024-05-17T09:41+01:30:15.000007", "2024-05-17T09:41:00+01:30:15.000007"},
	{"2024-05-17T09:41-01:30:15.000007", "2024-05-17T09:41:00-01:30:15.000007"},
	{"2024-05-17T09:41:00.000003-00:00:01.000007", "2024-05-17T09:41:00.000003-00:00:01.000007"},
	{"2024-05-17T09:41-00:00", "2024-05-17T09:41:00+00:00"},
	{"2024-05-17T09:41+00:00:00.000007", "2024-05-17T09:41:00+00:00"},
	{"2024-05-17T09:41+23:59:59.999999", "2024-05-17T09:41:00+23:59:59.999999"},
	{"2024-05-17T09:41+24:00", ""},
	{"2024-05-17T09:41-24:00", ""},
	{"2024-05-17T09:41+00:99", "2024-05-17T09:41:00+01:39"},
	{"2024-05-17T09:41+", ""},
	{"2024-05-17T09:41+1", ""},
	{"2024-05-17T09:41+01:30x", ""},
	{"0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00+00:00"},
	{"0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00+23:59"},
	{"0001-01-01T00:00:00+00:00:01.000001", "0001-01-01T00:00:00+00:00:01.000001"},
	{"9999-12-31T23:59:59.999999-23:59", "9999-12-31T23:59:59.999999-23:59"},
	// What Python lets pass before an offset.
	{"2024-05-17T09:41 +01:00", "2024-05-17T09:41:00+01:00"},
	{"2024-05-17T09:+01:00", "2024-05-17T09:00:00+01:00"},
	{"2024-05-17T09:41:12.+01:00", "2024-05-17T09:41:12+01:00"},
	{"2024-05-17T09:41:12x+01:00", "2024-05-17T09:41:12+01:00"},
	{"2024-05-17T09:41:12.123456x+01:00", "2024-05-17T09:41:12.123456+01:00"},
	{"2024-05-17T09:41:12.123x+01:00", ""},
	// And behind a NUL.
	{"2024-05-17T09:41\x00", "2024-05-17T09:41:00"},
	{"2024-05-17T09:41:12.123456\x00x", "2024-05-17T09:41:12.123456"},
	{"2024-05-17T09:41Z\x00x", "2024-05-17T09:41:00+00:00"},
	{"2024-05-17T09:41+01:00\x00", "2024-05-17T09:41:00+01:00"},
	// No times.
	{"", ""},
	{"1", ""},
	{"now", ""},
	{"16:28", ""},
	{"T09:41", ""},
	{"123456", ""},
	{"1234567", ""},
	{"12345678", ""},
	{"20101399", ""},
	{"20101203162839", ""},
	{" 2024-05-17", ""},
	{"+2024-05-17", ""},
	{"-024-05-17", ""},
	{"２０２４-05-17", ""},
	{"2024-05-1٣", ""},
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	for _, test := range timeForms {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			got, err := message.ParseTime(test.text)
			if test.want == "" {
				if err == nil {
					t.Fatalf("got %v, want an error", got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != test.want {
				t.Fatalf("got %v, want %s", got, test.want)
			}
			again, err := message.ParseTime(got.String())
			if err != nil || !again.Equal(got) {
				t.Errorf("%v read again: got %v, %v", got, again, err)
			}
		})
	}
}

func TestTimeInstant(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text  string
		want  time.Time
		naive bool
	}{
		{"2024-05-17T09:41:12.345678", time.Date(2024, 5, 17, 9, 41, 12, 345678000, time.UTC), true},
		{"2024-05-17T09:41:12Z", time.Date(2024, 5, 17, 9, 41, 12, 0, time.UTC), false},
		{"2024-05-17T09:41:12+01:30", time.Date(2024, 5, 17, 8, 11, 12, 0, time.UTC), false},
		{"2024-05-17T09:41:12-01:30:15.5", time.Date(2024, 5, 17, 11, 11, 27, 500e6, time.UTC), false},
		{"2024-05-17T09:41:12+01:30:15.5", time.Date(2024, 5, 17, 8, 10, 56, 500e6, time.UTC), false},
	}
	for _, test := range tests {
		got, err := message.ParseTime(test.text)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Time.Equal(test.want) || got.Naive != test.naive {
			t.Errorf("%s: got %v (naive %v), want %v (%v)", test.text, got.Time, got.Naive, test.want, test.naive)
		}
	}
}

func TestTimeString(t *testing.T) {
	t.Parallel()
	stockholm := time.FixedZone("CEST", 2*3600)
	tests := []struct {
		time message.Time
		want string
	}{
		{message.Time{Time: time.Date(2024, 5, 17, 9, 41, 12, 0, time.UTC)}, "2024-05-17T09:41:12+00:00"},
		{message.Time{Time: time.Date(2024, 5, 17, 9, 41, 12, 0, time.UTC), Naive: true}, "2024-05-17T09:41:12"},
		{message.Time{Time: time.Date(2024, 5, 17, 9, 41, 12, 345678999, time.UTC)}, "2024-05-17T09:41:12.345678+00:00"},
		{message.Time{Time: time.Date(2024, 5, 17, 9, 41, 12, 999, time.UTC)}, "2024-05-17T09:41:12+00:00"},
		{message.Time{Time: time.Date(2024, 5, 17, 9, 41, 12, 0, stockholm)}, "2024-05-17T09:41:12+02:00"},
		{message.Time{Time: time.Date(2024, 5, 17, 9, 41, 12, 0, stockholm), Naive: true}, "2024-05-17T09:41:12"},
		{message.Time{}, "0001-01-01T00:00:00+00:00"},
	}
	for _, test := range tests {
		if got := test.time.String(); got != test.want {
			t.Errorf("%v: got %s, want %s", test.time.Time, got, test.want)
		}
	}
}

func TestTimeEqual(t *testing.T) {
	t.Parallel()
	at := func(s string) message.Time {
		u, err := message.ParseTime(s)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	tests := []struct {
		x, y string
		want bool
	}{
		{"2024-05-17T09:41", "2024-05-17 09:41:00", true},
		{"2024-05-17T09:41+01:00", "2024-05-17T08:41Z", true},
		{"2024-05-17T09:41", "2024-05-17T09:41Z", false},
		{"2024-05-17T09:41", "2024-05-17T09:42", false},
	}
	for _, test := range tests {
		if got := at(test.x).Equal(at(test.y)); got != test.want {
			t.Errorf("%s and %s equal: got %v, want %v", test.x, test.y, got, test.want)
		}
	}
}

// A time keeps its offset, or that it has none, through every encoding.
func TestTimeEncodings(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"2024-05-17T09:41:12.345678", "2024-05-17T09:41:12+00:00", "2024-05-17T09:41:12-05:30",
		"2024-05-17T09:41:12+01:02:03.000004",
	} {
		want, err := message.ParseTime(text)
		if err != nil {
			t.Fatal(err)
		}
		var viaJSON, viaGob, viaText, viaBinary message.Time
		j, err := json.Marshal(want)
		if err != nil || string(j) != `"`+text+`"` {
			t.Errorf("JSON: got %s, %v", j, err)
		}
		var buf bytes.Buffer
		text, textErr := want.MarshalText()
		binary, binaryErr := want.AppendBinary(nil)
		err = errors.Join(textErr, binaryErr,
			json.Unmarshal(j, &viaJSON),
			gob.NewEncoder(&buf).Encode(want), gob.NewDecoder(&buf).Decode(&viaGob),
			viaText.UnmarshalText(text), viaBinary.UnmarshalBinary(binary))
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range []message.Time{viaJSON, viaGob, viaText, viaBinary} {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		}
	}
}

func TestTimeEncodingErrors(t *testing.T) {
	t.Parallel()
	far := message.Time{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}
	if b, err := far.MarshalJSON(); err == nil {
		t.Errorf("year 10000: got %s, want an error", b)
	}
	if b, err := far.MarshalText(); err == nil {
		t.Errorf("year 10000: got %s, want an error", b)
	}
	for _, text := range []string{`"yesterday"`, `12`, `"2024-05-17`, `{}`, `""`} {
		var got message.Time
		if err := got.UnmarshalJSON([]byte(text)); err == nil {
			t.Errorf("%s: got %v, want an error", text, got)
		}
	}
	kept := message.Time{Time: time.Unix(0, 0)}
	if err := json.Unmarshal([]byte(`null`), &kept); err != nil || kept.IsZero() {
		t.Errorf("null: got %v, %v; want it unchanged", kept, err)
	}
}
