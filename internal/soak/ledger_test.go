package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLedger(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		numbers  []int
		want     account
		received int
	}{
		{"in order", []int{7, 8, 9}, account{First: 7, Last: 9}, 3},
		{"left out", []int{7, 9, 12}, account{First: 7, Last: 12, Lost: 3}, 3},
		{"twice", []int{7, 8, 8, 9}, account{First: 7, Last: 9, Again: 1}, 4},
		{"late", []int{7, 9, 8}, account{First: 7, Last: 9, Lost: 1, Again: 1}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := ledger{}
			for _, n := range tt.numbers {
				l.enter(numbered{"p", n, filling(n)})
			}
			if diff := cmp.Diff(ledger{"p": tt.want}, l); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := l.received(); got != tt.received {
				t.Errorf("%d received, want %d", got, tt.received)
			}
		})
	}
	t.Run("not what was sent", func(t *testing.T) {
		t.Parallel()
		l := ledger{}
		l.enter(numbered{"p", 10, filling(9)})
		if got := l["p"].Bad; got != 1 {
			t.Errorf("%d bad, want 1", got)
		}
	})
}
