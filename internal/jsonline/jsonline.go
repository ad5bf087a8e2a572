// Package jsonline writes a posttroll message as one line of JSON and reads it
// back: what `ptctl subscribe --json` prints and `ptctl publish` sends.
//
//	{"subject": "/viirs/sdr/1B", "type": "file", "sender": "safusr@lx1",
//	 "time": "2024-05-17T09:41:12.345678", "version": "v1.01",
//	 "mime": "application/json", "data": {"uid": "x.h5"}}
//
// The line is plain JSON for every message: other programs need no posttroll to
// read it. JSON data stands in it as it came; text and binary data are strings.
// Where the keys above can't say exactly what the frame says (odd spacing, a
// time in another form, NaN, line breaks in JSON data), "raw" holds the frame as
// text, or "raw_base64" where it is no UTF-8, and wins when the line is read:
// message to line to message is always byte for byte the same. Whoever edits the
// other keys of such a line removes it.
//
// When a line is read, subject and type are enough: sender, time and version are
// filled in as [message.New] does, and mime follows from the data, text for a
// string and JSON for everything else.
//
// A line of a recording says besides when the message was received: "received" is no part of the message.
//
// All functions are pure but for the clock, and may be called concurrently.
package jsonline

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// line is the form on paper; the order of its fields is the order of the keys.
type line struct {
	Received  string          `json:"received,omitempty"`
	Subject   string          `json:"subject,omitempty"`
	Type      string          `json:"type,omitempty"`
	Sender    string          `json:"sender,omitempty"`
	Time      string          `json:"time,omitempty"`
	Version   message.Version `json:"version,omitempty"`
	MIME      string          `json:"mime,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"`
	Raw       string          `json:"raw,omitempty"`
	RawBase64 []byte          `json:"raw_base64,omitempty"`
}

// The media types of section 1 of doc/protocol.md.
const (
	mimeText   = "text/ascii"
	mimeJSON   = "application/json"
	mimeBinary = "binary/octet-stream"
)

// Marshal returns m as a line, without the newline. JSON data that does not parse
// is an error.
func Marshal(m *message.Message) ([]byte, error) {
	l := headOf(m)
	var err error
	if l.Data, err = marshalData(m); err != nil {
		return nil, err
	}
	l.exact(m)
	return l.bytes()
}

// MarshalReceived is Marshal for a recording: with the time at which m was received, and no error for data that does not parse, which then stands in
// the raw message alone.
func MarshalReceived(m *message.Message, at time.Time) ([]byte, error) {
	l := headOf(m)
	l.Received = at.UTC().Format(receivedForm)
	if data, err := marshalData(m); err == nil {
		l.Data = data
	}
	l.exact(m)
	return l.bytes()
}

// receivedForm is RFC 3339 with microseconds.
const receivedForm = "2006-01-02T15:04:05.000000Z07:00"

// headOf returns the line for m without its data.
func headOf(m *message.Message) line {
	return line{
		Subject: m.Subject(),
		Type:    m.Type(),
		Sender:  m.Sender(),
		Time:    m.Time().String(),
		Version: m.Version(),
		MIME:    m.MIME(),
	}
}

// exact adds the raw message where the rest does not say exactly what m is.
func (l *line) exact(m *message.Message) {
	if back, err := l.message(message.Encoder{}); err != nil || !bytes.Equal(back.Bytes(), m.Bytes()) {
		l.setRaw(m.Bytes())
	}
}

// marshalData returns the data as JSON: itself where it is JSON that everybody can read, otherwise the nearest that is.
func marshalData(m *message.Message) (json.RawMessage, error) {
	switch m.MIME() {
	case "":
		return nil, nil
	case mimeJSON:
		if raw := bytes.Trim(m.RawData(), " \t\r\n"); json.Valid(raw) && !bytes.ContainsAny(raw, "\r\n") {
			return raw, nil
		}
		value, err := m.Data()
		if err != nil {
			return nil, err
		}
		return portable(value)
	default:
		value, err := m.Data()
		if err != nil {
			return nil, err
		}
		if b, ok := value.([]byte); ok {
			value = string(b)
		}
		return marshal(value)
	}
}

// setRaw makes frame part of the line.
func (l *line) setRaw(frame []byte) {
	if utf8.Valid(frame) {
		l.Raw = string(frame)
		return
	}
	l.RawBase64 = frame
}

// Unmarshal reads a line. What it leaves out is filled in, the version by enc.
func Unmarshal(b []byte, enc message.Encoder) (*message.Message, error) {
	l, err := parse(b)
	if err != nil {
		return nil, err
	}
	return l.message(enc)
}

// UnmarshalReceived is Unmarshal for a line of a recording. At is zero where the line does not say when the message was received.
func UnmarshalReceived(b []byte, enc message.Encoder) (m *message.Message, at time.Time, err error) {
	l, err := parse(b)
	if err != nil {
		return nil, at, err
	}
	if l.Received != "" {
		if at, err = time.Parse(time.RFC3339, l.Received); err != nil {
			return nil, at, fmt.Errorf("key \"received\": %w", err)
		}
	}
	m, err = l.message(enc)
	return m, at, err
}

func parse(b []byte) (*line, error) {
	var l line
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return nil, explain(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more than one JSON object on a line")
	}
	return &l, nil
}

// FromJSON makes a message whose data is the JSON text given, letter by letter. Empty data ({}, [], 0) is no data.
func FromJSON(subject, typ string, data []byte, enc message.Encoder) (*message.Message, error) {
	l := line{Subject: subject, Type: typ, Data: data}
	return l.message(enc)
}

// explain turns the errors of encoding/json into what the author of a line needs.
func explain(err error) error {
	var wrong *json.UnmarshalTypeError
	var corrupt base64.CorruptInputError
	switch {
	case errors.As(err, &wrong) && wrong.Field == "":
		return fmt.Errorf("a line is a JSON object with the keys subject, type and data, not a %s", wrong.Value)
	case errors.As(err, &wrong):
		return fmt.Errorf("key %q: want %s, got %s", wrong.Field, wrong.Type, wrong.Value)
	case errors.As(err, &corrupt):
		return fmt.Errorf("key \"raw_base64\": %w", err)
	default:
		return fmt.Errorf("no JSON line: %w", err)
	}
}

// bytes writes l by hand: encoding/json would take the blanks out of the data.
func (l *line) bytes() ([]byte, error) {
	b := []byte{'{'}
	for _, kv := range []struct {
		key   string
		value any
	}{
		{"received", l.Received}, {"subject", l.Subject}, {"type", l.Type}, {"sender", l.Sender}, {"time", l.Time}, {"version", l.Version},
		{"mime", l.MIME}, {"data", l.Data}, {"raw", l.Raw}, {"raw_base64", l.RawBase64},
	} {
		if reflect.ValueOf(kv.value).Len() == 0 {
			continue
		}
		text, verbatim := kv.value.(json.RawMessage)
		if !verbatim {
			var err error
			if text, err = marshal(kv.value); err != nil {
				return nil, err
			}
		}
		if len(b) > 1 {
			b = append(b, ", "...)
		}
		b = fmt.Appendf(b, "%q: %s", kv.key, text)
	}
	return append(b, '}'), nil
}

// message makes the message that l stands for.
func (l *line) message(enc message.Encoder) (*message.Message, error) {
	switch {
	case l.Raw != "":
		return message.Decode([]byte(l.Raw))
	case l.RawBase64 != nil:
		return message.Decode(l.RawBase64)
	}
	f, err := l.fields()
	if err != nil {
		return nil, err
	}
	m, err := enc.Encode(f)
	if err != nil || l.mime() != mimeJSON {
		return m, err
	}
	return l.withJSON(m)
}

// fields are the parts of the message, with data that makes Encode choose the right version.
func (l *line) fields() (message.Fields, error) {
	f := message.Fields{Subject: l.Subject, Type: l.Type, Sender: l.Sender, Version: l.Version}
	if l.Time != "" {
		t, err := message.ParseTime(l.Time)
		if err != nil {
			return f, fmt.Errorf("key \"time\": %w", err)
		}
		f.Time = t
	}
	switch l.mime() {
	case "":
		return f, nil
	case mimeJSON:
		value, err := l.jsonValue()
		f.Data = value
		return f, err
	case mimeText, mimeBinary:
		var text string
		if err := json.Unmarshal(l.Data, &text); err != nil {
			return f, fmt.Errorf("key \"data\": %s data is a string: %w", l.MIME, err)
		}
		f.Data, f.Binary = text, l.mime() == mimeBinary
		return f, nil
	default:
		return f, fmt.Errorf("key \"mime\": unknown type %q, want %s, %s or %s", l.MIME, mimeJSON, mimeText, mimeBinary)
	}
}

// mime is what the line says, or what its data is.
func (l *line) mime() string {
	switch {
	case l.MIME != "":
		return strings.ToLower(l.MIME)
	case len(l.Data) == 0:
		return ""
	case l.Data[0] == '"':
		return mimeText
	default:
		return mimeJSON
	}
}

// jsonValue decodes the data by the rules of messages: strings that are times become times.
func (l *line) jsonValue() (any, error) {
	m, err := message.Decode([]byte("pytroll://x x x 2000-01-01T00:00:00 v1.01 " + mimeJSON + " " + string(l.Data)))
	if err != nil {
		return nil, err
	}
	value, err := m.Data()
	if err != nil {
		return nil, fmt.Errorf("key \"data\": %w", err)
	}
	return value, nil
}

// withJSON gives m the data of the line, letter by letter: "20101203" stays that, 1.10 stays 1.10.
func (l *line) withJSON(m *message.Message) (*message.Message, error) {
	if m.MIME() == "" && l.MIME == "" {
		return m, nil // falsy data of our own making is no data
	}
	mime := l.MIME
	if mime == "" {
		mime = mimeJSON
	}
	frame := m.Head() + " " + mime + " " + string(l.Data)
	return message.Decode([]byte(frame))
}

// marshal is json.Marshal without HTML escapes and without the newline.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
