package queue

import (
	"math/rand/v2"
	"testing"
)

// It agrees with a slice, and has no more segments than it needs.
func TestQueue(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	var q Queue[uint64]
	var want []uint64
	popped := uint64(0)
	for round := range 40 {
		grow := round%2 == 0
		for range rnd.IntN(5000) {
			if grow || rnd.IntN(4) == 0 {
				v := rnd.Uint64()
				if number := q.Push(v); number != popped+uint64(len(want)) {
					t.Fatalf("pushed as %d, want %d", number, popped+uint64(len(want)))
				}
				want = append(want, v)
			} else if len(want) > 0 {
				q.Pop()
				want = want[1:]
				popped++
			}
		}
		if q.Len() != len(want) || q.First() != popped {
			t.Fatalf("%d entries from %d on, want %d from %d on", q.Len(), q.First(), len(want), popped)
		}
		for i, v := range want {
			if got := *q.At(popped + uint64(i)); got != v {
				t.Fatalf("entry %d is %d, want %d", popped+uint64(i), got, v)
			}
		}
		if most := len(want)/segmentSize + 2; len(q.segments) > most {
			t.Errorf("%d segments for %d entries, want %d at most", len(q.segments), len(want), most)
		}
	}
}
