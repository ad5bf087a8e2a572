package message

import (
	"fmt"
	"strings"
	"testing"
)

// ofSize is a map of some size whose keys are as long as that.
func ofSize(keys, length int, fill string) map[string]any {
	m := map[string]any{}
	for i := range keys {
		m[fmt.Sprintf("%03d", i)+strings.Repeat(fill, length-3)] = nil
	}
	return m
}

// Of a map whose keys are longer than what is kept nothing is kept, and nothing is made of it each time for nothing. It is not parallel, since it counts
// allocations and nobody else may write maps of this size.
func TestLongKeysAreNotKept(t *testing.T) {
	const keys = 29 // of no other test
	slot := &orders[keys]
	slot.order.Store(nil)
	slot.misses.Store(0)
	buffer := make([]byte, 0, 1<<16)
	write := func(m map[string]any) {
		if _, err := AppendJSON(buffer, m); err != nil {
			t.Fatal(err)
		}
	}
	long := ofSize(keys, 100, "x")
	if got := testing.AllocsPerRun(100, func() { write(long) }); got > 1 {
		t.Errorf("%.0f allocations for each map", got)
	}
	if slot.order.Load() != nil {
		t.Error("the order of long keys is kept")
	}
	short := ofSize(keys, mostKeyText/keys, "\x01") // each is written as six bytes
	for range missesToLearn {
		write(short)
	}
	o := slot.order.Load()
	if o == nil {
		t.Fatalf("after %d maps their order is not known", missesToLearn)
	}
	size := 0
	for i := range o.keys {
		size += len(o.keys[i]) + len(o.quoted[i])
	}
	if most := 7*mostKeyText + 6*keys; size > most {
		t.Errorf("%d bytes are kept, want %d at most", size, most)
	}
}
