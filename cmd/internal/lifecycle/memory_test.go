package lifecycle

import (
	"bytes"
	"testing"
)

// TestGiveBack is not parallel: it looks at the memory of the process.
func TestGiveBack(t *testing.T) {
	const size = 64 << 20
	new(Memory).GiveBack()
	before := heap()
	if n := bytes.Count(bytes.Repeat([]byte{1}, size), []byte{1}); n != size || heap() < before+size {
		t.Fatalf("took %d bytes, want %d", heap()-before, size)
	}
	new(Memory).GiveBack()
	if more := heap() - before; more > worthwhile {
		t.Errorf("kept %d bytes", more)
	}
}
