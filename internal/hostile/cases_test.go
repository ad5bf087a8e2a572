package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// enough are the cases that there have to be.
const enough = 150

// TestCases: every case has a name of its own and something to do, and every socket has cases.
func TestCases(t *testing.T) {
	t.Parallel()
	names, reached := make(map[string]bool), make(map[string]int)
	form := regexp.MustCompile(`^[a-z]+/[a-z0-9.-]+$`)
	for _, c := range allCases() {
		if names[c.name] || !form.MatchString(c.name) || c.run == nil || len(c.at) == 0 {
			t.Errorf("case %q: named twice or not as KIND/WHAT, or does nothing anywhere", c.name)
		}
		names[c.name] = true
		for _, s := range c.at {
			reached[s.name]++
		}
	}
	if len(names) < enough {
		t.Errorf("%d cases, want %d", len(names), enough)
	}
	for _, s := range sockets {
		if reached[s.name] == 0 {
			t.Errorf("no case is for %s", s.name)
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	at := called("lookup", "feed", "sink")
	all := []testCase{{name: "a/x", at: at}, {name: "a/y", at: at, slow: true}, {name: "b/x", at: at}}
	for _, tt := range []struct {
		o    options
		want string
	}{
		{options{only: "*/*"}, "a/x@lookup a/x@feed a/x@sink a/y@lookup a/y@feed a/y@sink b/x@lookup b/x@feed b/x@sink"},
		{options{only: "*/*", quick: true}, "a/x@lookup b/x@sink"},
		{options{only: "a/*"}, "a/x@lookup a/x@feed a/x@sink a/y@lookup a/y@feed a/y@sink"},
		{options{only: "*/x@feed"}, "a/x@feed b/x@feed"},
	} {
		chosen, err := choose(all, tt.o)
		var got []string
		for _, c := range chosen {
			got = append(got, c.String())
		}
		if want := strings.Fields(tt.want); err != nil || !slices.Equal(got, want) {
			t.Errorf("%+v: got %q, %v, want %q", tt.o, got, err, want)
		}
	}
	for _, only := range []string{"c/*", "["} {
		if chosen, err := choose(all, options{only: only}); err == nil {
			t.Errorf("%q: got %v, want an error", only, chosen)
		}
	}
}

// TestReport: what has failed is told, and is the exit status; what is open is none.
func TestReport(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		r    result
		want error
		says string
	}{
		{"passed", result{}, nil, "ok"},
		{"failed", result{err: errAdmitted}, errFailed, "FAILED"},
		{"open", result{err: errAdmitted, open: "known"}, nil, "open"},
	} {
		tt.r.name, tt.r.socket = "a/x", "lookup"
		var out strings.Builder
		if err := printLine(&out, tt.r); err != nil {
			t.Fatal(err)
		}
		if err := report(&out, []result{tt.r}); err != tt.want || !strings.HasPrefix(out.String(), tt.says) {
			t.Errorf("%s: got %v, want %v, and\n%s", tt.name, err, tt.want, &out)
		}
	}
}
