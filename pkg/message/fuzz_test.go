package message_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// FuzzDecode: no frame does harm; what decodes keeps its bytes; put into a new
// message it means the same; and changing the header leaves the data alone.
func FuzzDecode(f *testing.F) {
	for _, v := range readVectors(f, "decode") {
		f.Add(v.frame)
	}
	for _, v := range readVectors(f, "encode") {
		f.Add(v.frame)
	}
	for _, frame := range realMessages(f) {
		f.Add([]byte(frame))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		original := bytes.Clone(frame)
		m, err := message.Decode(frame)
		if err != nil {
			checkError(t, err, len(frame))
			return
		}
		if !bytes.Equal(m.Bytes(), original) || !bytes.HasSuffix(original, m.RawData()) {
			t.Fatalf("bytes changed: %q", m.Bytes())
		}
		checkError(t, m.CheckStrict(), len(frame))
		checkWith(t, m)
		data, err := m.Data()
		if err != nil {
			checkError(t, err, len(frame))
			return
		}
		checkMeaning(t, m, data)
		if !bytes.Equal(frame, original) {
			t.Fatal("the frame was written to")
		}
	})
}

// checkError checks that err, if there is one, is ours and tells a place in the
// frame.
func checkError(t *testing.T, err error, size int) {
	t.Helper()
	if err == nil {
		return
	}
	e, ok := errors.AsType[*message.Error](err)
	if !ok || e.Offset < 0 || e.Offset > size || e.Field == "" {
		t.Fatalf("got error %v (%T)", err, err)
	}
	if text := e.Error(); len(text) > 2000 || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		t.Fatalf("got error text %q", text)
	}
}

// checkWith changes each field of the header.
func checkWith(t *testing.T, m *message.Message) {
	t.Helper()
	for _, with := range []func(string) (*message.Message, error){m.WithSubject, m.WithType, m.WithSender} {
		w, err := with("/word")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(w.RawData(), m.RawData()) {
			t.Fatalf("got data %q, want %q", w.RawData(), m.RawData())
		}
		if w.MIME() != m.MIME() || w.Version() != m.Version() && utf8.Valid(m.Bytes()) {
			t.Fatalf("got %s %s, want %s %s", w.MIME(), w.Version(), m.MIME(), m.Version())
		}
	}
	same, err := m.WithSubject(m.Subject())
	if err != nil || !bytes.Equal(same.Bytes(), m.Bytes()) {
		t.Fatalf("its own subject: got %q, %v", same, err)
	}
}

// checkMeaning puts the fields of m into a new message.
func checkMeaning(t *testing.T, m *message.Message, data any) {
	t.Helper()
	f, err := m.Fields()
	if err != nil {
		t.Fatal(err)
	}
	if f.Version <= message.V101 {
		f.Version = message.V12 // which loses no offset
	}
	again, err := message.Encoder{}.Encode(f)
	if err != nil {
		t.Fatalf("encode %q: %v", m, err)
	}
	if again.Subject() != m.Subject() || again.Type() != m.Type() || again.Sender() != m.Sender() || !again.Time().Equal(m.Time()) {
		t.Fatalf("got %v, want the header of %v", again, m)
	}
	got, err := again.Data()
	if err != nil {
		t.Fatalf("decode %q: %v", again, err)
	}
	if again.MIME() == "" || got == "" {
		return // false in Python's eyes, or nothing but white space
	}
	if text, ok := data.(string); ok && text != got { // the white space that text begins with is lost
		if !strings.HasSuffix(text, got.(string)) {
			t.Fatalf("got text %q, want %q", got, text)
		}
		return
	}
	if diff := cmp.Diff(data, got, generic); diff != "" {
		t.Fatalf("want -, got +\n%s", diff)
	}
	g, err := again.Fields()
	if err != nil {
		t.Fatal(err)
	}
	twice, err := message.Encoder{}.Encode(g)
	if err != nil || !bytes.Equal(twice.Bytes(), again.Bytes()) {
		t.Fatalf("encoded twice: got %q, %v; want %q", twice, err, again)
	}
}

// FuzzTime: what is read is written in a form that reads the same, and that is
// written the same again.
func FuzzTime(f *testing.F) {
	for _, form := range timeForms {
		f.Add(form.text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := message.ParseTime(s)
		if err != nil {
			return
		}
		text := u.String()
		again, err := message.ParseTime(text)
		if err != nil || !again.Equal(u) || again.String() != text {
			t.Fatalf("%q is %s: read again: %v, %v", s, text, again, err)
		}
		if marshaled, err := u.MarshalText(); err != nil || string(marshaled) != text {
			t.Fatalf("%q is %s: as text: %s, %v", s, text, marshaled, err)
		}
		if len(text) > len("2024-05-17T09:41:12.345678+01:02:03.000004") {
			t.Fatalf("%q is %s", s, text)
		}
	})
}

// FuzzData: reading JSON generically, into values, and passing over it agree on
// what is JSON; what is read is written in a form that reads the same.
func FuzzData(f *testing.F) {
	for _, v := range readVectors(f, "decode") {
		if m, err := message.Decode(v.frame); err == nil && m.MIME() == message.MIMEJSON {
			f.Add(string(m.RawData()))
		}
	}
	for _, bad := range badJSON {
		f.Add(bad.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := message.Decode([]byte(head + " application/json " + text))
		if err != nil {
			t.Fatal(err)
		}
		data, err := m.Data()
		var raw message.RawJSON
		if rawErr := m.Unmarshal(&raw); (rawErr == nil) != (err == nil) {
			t.Fatalf("read: %v; passed over: %v", err, rawErr)
		}
		var v target
		intoErr := m.Unmarshal(&v) // may also find that values do not fit
		if err != nil {
			if intoErr == nil {
				t.Fatalf("read: %v; into a struct: no error", err)
			}
			return
		}
		b, err := message.AppendJSON(nil, data)
		if err != nil {
			t.Fatal(err)
		}
		again, err := message.Decode([]byte(head + " application/json " + string(b)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := again.Data()
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if diff := cmp.Diff(data, got, generic); diff != "" {
			t.Fatalf("want -, got +\n%s", diff)
		}
	})
}
