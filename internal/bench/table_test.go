package main

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReached(t *testing.T) {
	t.Parallel()
	of := func(values ...float64) *series { return &series{values: values} }
	rows := []row{
		{what: "more", ours: of(9, 10, 30), other: of(10, 10, 10), figure: 1},
		{what: "too little", ours: of(9, 9, 30), other: of(10, 10, 10), figure: 1},
		{what: "sooner", ours: of(1), other: of(10), kind: sooner, figure: 10},
		{what: "within", ours: of(3), other: of(2), kind: within, figure: 1.5},
		{what: "too late", ours: of(4), other: of(2), kind: within, figure: 1.5},
		{what: "most", ours: of(65), kind: most, figure: 64},
		{what: "least", ours: of(10, 10, 9), kind: least, figure: 10},
		{what: "no figure", ours: of(1), other: of(2)},
		{what: "failed", failure: "gone"},
	}
	var got []string
	for _, r := range rows {
		got = append(got, r.reached())
	}
	want := []string{"yes", "no", "yes", "yes", "no", "no", "no", "", "failed"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, want := summary(rows), "3 of 7 figures are reached. 1 of the measurements failed."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestFailure: what fails is a line of the table, with the first line of the reason, and the run fails in the end.
func TestFailure(t *testing.T) {
	t.Parallel()
	b := &bench{}
	var text strings.Builder
	r := b.failure("relay", errors.New("load: EOF\nwhat it wrote"))
	if err := writeText([]row{r}, &text); err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(text.String(), "\n")
	if diff := cmp.Diff([]string{"relay", "load:", "EOF", "failed"}, strings.Fields(line)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Without its programs nothing can be measured.
	if err := run(t.Context(), []string{"-bin", t.TempDir(), "start"}, io.Discard); err == nil || !strings.Contains(err.Error(), "1 of the measurements failed") {
		t.Errorf("got %v, want that a measurement failed", err)
	}
}
