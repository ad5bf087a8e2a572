package message_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// Maps are written in the order of their keys, whatever was written before:
// others of the same size, with none, some or all of the keys.
func TestMapsOfOneSize(t *testing.T) {
	t.Parallel()
	var all []map[string]any
	for _, size := range []int{0, 1, 3, 4, 5, 18, 32, 33} {
		for _, name := range []string{"key_%02d", "%02d_key", "\u00e5 %02d\n", "%02d" + strings.Repeat("x", 100)} {
			m := map[string]any{}
			for i := range size {
				m[fmt.Sprintf(name, i*7%size)] = map[string]any{"d": i, "c": name, "b": nil, "a": []any{true}}
			}
			all = append(all, m)
			if size > 0 { // but for one key
				other := maps.Clone(m)
				delete(other, fmt.Sprintf(name, 0))
				other["more"] = 1.5
				all = append(all, other)
			}
		}
	}
	for range 50 { // often enough to learn another order
		for _, m := range all {
			checkMap(t, m)
		}
	}
	for _, m := range all {
		for range 3 {
			checkMap(t, m)
		}
	}
}

// checkMap checks that a map is written as an object that has its keys in order.
func checkMap(t *testing.T, m map[string]any) {
	t.Helper()
	o := message.NewObject()
	for _, key := range slices.Sorted(maps.Keys(m)) {
		o.Set(key, m[key])
	}
	want, err := message.AppendJSON(nil, o)
	if err != nil {
		t.Fatal(err)
	}
	got, err := message.AppendJSON(nil, m)
	if err != nil || string(got) != string(want) {
		t.Fatalf("got %s, %v\nwant %s", got, err, want)
	}
}

// An error tells the key, in a map of a known order too.
func TestMapOfKnownOrderFails(t *testing.T) {
	t.Parallel()
	m := map[string]any{"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
	for range 100 {
		checkMap(t, m)
	}
	m["fourth"] = make(chan int)
	dst := []byte("before")
	got, err := message.AppendJSON(dst, m)
	if err == nil || !strings.Contains(err.Error(), "fourth: a chan int has no JSON") || string(got) != "before" {
		t.Errorf("got %q, %v", got, err)
	}
}
