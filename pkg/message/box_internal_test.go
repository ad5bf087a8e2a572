package message

import (
	"runtime"
	"testing"
	"time"
)

// A value that is put into an any by hand is what Go makes of it: in comparing,
// in a type switch, for the collector of garbage.
func TestBoxed(t *testing.T) {
	t.Parallel()
	texts := []string{"", "x", string([]byte("made here"))}
	times := []Time{{}, {Time: time.Unix(1, 2).UTC(), Naive: true}, {Time: time.Unix(3, 0).In(time.FixedZone("", 3600))}}
	var boxed []any
	for i := range texts {
		boxed = append(boxed, boxedText(&texts[i]), boxedTime(&times[i]))
	}
	wantTexts, wantTimes := [3]string(texts), [3]Time(times)
	texts, times = nil, nil
	for range 3 { // what nobody has but through boxed must stay
		runtime.GC()
		_ = make([]string, 1000)
	}
	for i := range wantTexts {
		if v, ok := boxed[2*i].(string); !ok || v != wantTexts[i] || boxed[2*i] != any(wantTexts[i]) {
			t.Errorf("got %#v, want %q", boxed[2*i], wantTexts[i])
		}
		if v, ok := boxed[2*i+1].(Time); !ok || v != wantTimes[i] || boxed[2*i+1] != any(wantTimes[i]) {
			t.Errorf("got %#v, want %v", boxed[2*i+1], wantTimes[i])
		}
	}
}
