package message_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// What a struct has no field for is checked as strictly as what it has: each damage is the same error, at the same place, as for generic data, and what is sound
// gives the same values.
func TestUnmarshalChecksWhatItPasses(t *testing.T) {
	t.Parallel()
	dataAt := bytes.IndexByte(fileFrame, '{')
	for i := dataAt + 1; i < len(fileFrame); i++ {
		damaged := [][]byte{fileFrame[:i+1]}
		for _, c := range []byte("\"\\\x1f ,x}\x80") {
			frame := bytes.Clone(fileFrame)
			frame[i] = c
			damaged = append(damaged, frame, slices.Insert(bytes.Clone(fileFrame), i, c))
		}
		for _, frame := range damaged {
			comparePassing(t, frame)
		}
	}
}

func comparePassing(t *testing.T, frame []byte) {
	t.Helper()
	m, err := message.Decode(frame)
	if err != nil {
		t.Fatal(err)
	}
	var none struct{}
	var end struct {
		End any `json:"end_time"`
	}
	data, want := m.PlainData()
	for _, target := range []any{&none, &end} {
		if diff := cmp.Diff(errorText(want), errorText(m.Unmarshal(target))); diff != "" {
			t.Fatalf("%q into %T: want -, got +\n%s", frame, target, diff)
		}
	}
	if want != nil {
		return
	}
	var wantEnd any
	if _, err := m.Data(); err == nil {
		wantEnd, _ = data.(*message.Object).Get("end_time")
	}
	got, isTime := end.End.(message.Time)
	if text, isText := wantEnd.(string); isTime && isText {
		if parsed, err := message.ParseTime(text); err != nil || !parsed.Equal(got) {
			t.Fatalf("%q: got end %v, want %v", frame, got, wantEnd)
		}
		return
	}
	if diff := cmp.Diff(wantEnd, end.End, generic); diff != "" {
		t.Fatalf("%q: want -, got +\n%s", frame, diff)
	}
}

// errorText is what err says, without the key in which it is: generic data does not tell that.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return strings.Replace(err.Error(), "end_time: ", "", 1)
}
