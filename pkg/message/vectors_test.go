package message_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// vector is one line of testdata/vectors, whose README tells what it holds.
type vector struct {
	Kind, Name string
	Raw        string
	RawB64     string `json:"raw_b64"`
	OK         bool
	Error      string
	Subject    string
	Type       string
	Sender     string
	User, Host string
	Time       string
	Version    message.Version
	Configured message.Version `json:"configured_version"`
	Binary     bool
	Data       json.RawMessage
	Reencoded  string
	Head       string
	DataIsRepr bool `json:"data_is_repr"`
	frame      []byte
}

func readVectors(tb testing.TB, kind string) []vector {
	tb.Helper()
	names, err := filepath.Glob("testdata/vectors/*.jsonl")
	if err != nil || len(names) == 0 {
		tb.Fatalf("no vectors: %v", err)
	}
	var all []vector
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			tb.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			var v vector
			if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
				tb.Fatalf("%s: %v", name, err)
			}
			v.frame = []byte(v.Raw)
			if v.RawB64 != "" {
				if v.frame, err = base64.StdEncoding.DecodeString(v.RawB64); err != nil {
					tb.Fatalf("%s: %v", v.Name, err)
				}
			}
			if v.Kind == kind {
				all = append(all, v)
			}
		}
		if err := lines.Err(); err != nil {
			tb.Fatal(err)
		}
	}
	if len(all) == 0 {
		tb.Fatalf("no vectors of kind %s", kind)
	}
	return all
}

// vectorData reads the data of a vector independently of the package under test.
func vectorData(raw json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := vectorValue(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return v, nil
}

func vectorValue(d *json.Decoder) (any, error) {
	tok, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch tok := tok.(type) {
	case json.Number:
		return vectorNumber(string(tok))
	case json.Delim:
		if tok == '[' {
			return vectorList(d)
		}
		return vectorObject(d)
	}
	return tok, nil
}

func vectorNumber(lit string) (any, error) {
	if strings.ContainsAny(lit, ".eE") {
		return json.Number(lit).Float64()
	}
	if n, err := json.Number(lit).Int64(); err == nil {
		return n, nil
	}
	n, ok := new(big.Int).SetString(lit, 10)
	if !ok {
		return nil, fmt.Errorf("number %s", lit)
	}
	return n, nil
}

func vectorList(d *json.Decoder) (any, error) {
	l := []any{}
	for d.More() {
		v, err := vectorValue(d)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
	}
	_, err := d.Token()
	return l, err
}

func vectorObject(d *json.Decoder) (any, error) {
	o := message.NewObject()
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := vectorValue(d)
		if err != nil {
			return nil, err
		}
		switch key {
		case "$dt":
			t, err := message.ParseTime(v.(string))
			_, endErr := d.Token()
			return t, errors.Join(err, endErr)
		case "$float":
			_, err := d.Token()
			return map[any]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}[v], err
		}
		o.Set(key.(string), v)
	}
	_, err := d.Token()
	return o, err
}

// generic lets cmp look at generic data.
var generic = cmp.Options{
	cmp.Transformer("members", func(o *message.Object) []message.Member {
		var all []message.Member
		for k, v := range o.All() {
			all = append(all, message.Member{Key: k, Value: v})
		}
		return all
	}),
	cmp.Comparer(func(x, y *big.Int) bool { return x.Cmp(y) == 0 }),
	cmp.Comparer(func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) || x != x && y != y }),
}

// decoded is what a decode vector says of a message.
type decoded struct {
	Subject, Type, Sender, User, Host, Time string
	Version                                 message.Version
	Binary                                  bool
	Data                                    any
}

func TestDecodeVectors(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t, "decode") {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			m, data, err := decodeAll(v.frame)
			if !v.OK {
				if _, ok := errors.AsType[*message.Error](err); !ok {
					t.Fatalf("got message %v and error %v, want a *message.Error", m, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := decoded{v.Subject, v.Type, v.Sender, v.User, v.Host, v.Time, v.Version, v.Binary, nil}
			if want.Data, err = vectorData(v.Data); err != nil {
				t.Fatal(err)
			}
			got := decoded{m.Subject(), m.Type(), m.Sender(), m.User(), m.Host(), m.Time().String(), m.Version(), m.Binary(), data}
			if diff := cmp.Diff(want, got, generic); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
			if !bytes.Equal(m.Bytes(), v.frame) {
				t.Errorf("got the bytes %q, want %q", m.Bytes(), v.frame)
			}
			checkReencoded(t, m, v)
		})
	}
}

func decodeAll(frame []byte) (*message.Message, any, error) {
	m, err := message.Decode(frame)
	if err != nil {
		return nil, nil, err
	}
	data, err := m.Data()
	return m, data, err
}

// checkReencoded puts the fields into a new message.
func checkReencoded(t *testing.T, m *message.Message, v vector) {
	t.Helper()
	f, err := m.Fields()
	if err != nil {
		t.Fatal(err)
	}
	again, err := message.Encoder{}.Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	// Lone surrogates have become U+FFFD.
	want := strings.ReplaceAll(v.Reencoded, `\ud800`, `\ufffd`)
	if diff := cmp.Diff(want, again.String()); diff != "" {
		t.Errorf("encoded again: want -, got +\n%s", diff)
	}
}

func TestEncodeVectors(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t, "encode") {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			if v.Name == "subject-with-space" {
				v.OK = false // refused on purpose: nobody could read it
			}
			if v.DataIsRepr {
				v.Data = json.RawMessage(`null`)
			}
			f := message.Fields{
				Subject: v.Subject, Type: v.Type, Sender: v.Sender, Version: v.Version, Binary: v.Binary,
			}
			var err error
			if f.Data, err = vectorData(v.Data); err != nil {
				t.Fatal(err)
			}
			if f.Time, err = message.ParseTime(v.Time); err != nil {
				t.Fatal(err)
			}
			if v.DataIsRepr {
				f.Data = map[string]any{"a": make(chan int)} // Go's value without JSON
			}
			m, err := message.Encoder{Version: v.Configured}.Encode(f)
			if v.Sender == "" && err == nil {
				// In Fields that is the default; asked for, it is an error.
				m, err = m.WithSender("")
			}
			if !v.OK {
				if _, ok := errors.AsType[*message.Error](err); !ok {
					t.Fatalf("got message %v and error %v, want a *message.Error", m, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(v.Raw, m.String()); diff != "" {
				t.Errorf("raw: want -, got +\n%s", diff)
			}
			if diff := cmp.Diff(v.Head, m.Head()); diff != "" {
				t.Errorf("head: want -, got +\n%s", diff)
			}
		})
	}
}
