package lifecycle

import (
	"testing"
	"time"
)

// TestProgramPagesAreDue: those who connect and go all the time do not have them dropped all the time.
func TestProgramPagesAreDue(t *testing.T) {
	t.Parallel()
	var p programPages
	begin := time.Now()
	for _, tt := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {time.Second, false}, {pagesInterval - 1, false}, {pagesInterval, true}, {pagesInterval + time.Second, false}, {2 * pagesInterval, true}} {
		if got := p.due(begin.Add(tt.after)); got != tt.want {
			t.Errorf("after %v: %v, want %v", tt.after, got, tt.want)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
