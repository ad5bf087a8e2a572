package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = "# Head\n\n```console\nnames$ ls\na\nb\nhere$ true\n```\nText with names$ in it.\n\n    names$ indented\n\n```console\nhere$ wait\n\nc\n```\nThe end.\n"

func TestReadPage(t *testing.T) {
	t.Parallel()
	p, err := readPage(sample)
	if err != nil {
		t.Fatal(err)
	}
	want := []step{
		{line: 4, host: "names", command: "ls", told: []string{"a", "b"}},
		{line: 7, host: "here", command: "true"},
		{line: 14, host: "here", command: "wait", told: []string{"", "c"}},
	}
	if diff := cmp.Diff(want, p.steps, cmp.AllowUnexported(step{})); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(sample, p.text()); diff != "" {
		t.Errorf("the page is another one (-want +got):\n%s", diff)
	}
	p.steps[0].told = []string{"new"}
	p.steps[1].told = []string{"x", "y"}
	again, err := readPage(p.text())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"x", "y"}, again.steps[1].told); diff != "" {
		t.Errorf("after an update (-want +got):\n%s", diff)
	}
}

func TestReadBadPage(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "no commands\n", "```console\nno host\n```\n", "```console\nnames$ ls\n", "```console\nnames$ ls\n```\n```console\nx\n```\n"} {
		if p, err := readPage(text); err == nil {
			t.Errorf("%q: got %+v, want an error", text, p.steps)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, page, told string
		same             bool
	}{
		{"times", "2026-11-23 07:33:16 a", "2027-01-02 10:00:00 a", true},
		{"times with offset", "2026-11-23T07:31:19+0000 ptrelay[105]: x", "2026-11-23T07:31:19+0000 ptrelay[7]: x", true},
		{"durations", "is 3m18s old | 'age'=198.353282s;;30;0", "is 41s old | 'age'=41.2s;;30;0", true},
		{"limits of tables", "   12       4.0      527 B      1 ms    354 ms  /segment", "   20  3.9  1.1 kB  340 µs    2.1 s  /segment", true},
		{"chosen ports", "tcp://172.20.0.20:65196", "tcp://172.20.0.20:49152", true},
		{"ports of the range", "tcp://10.212.0.20:9013", "tcp://10.212.0.20:9010", true},
		{"other ports", "tcp://names:5557", "tcp://names:5558", false},
		{"other addresses", "tcp://172.20.0.20:65196", "tcp://10.212.0.20:65196", false},
		{"JSON", `"age_seconds":0.563572972,"total":1`, `"age_seconds":12.25,"total":1`, true},
		{"counts in JSON", `"total":1`, `"total":2`, false},
		{"counts", "connected to 1 of 2 publishers", "connected to 2 of 2 publishers", false},
		{"words", "FRESHNESS OK: 1s", "FRESHNESS CRITICAL: 1s", false},
		{"words with numbers", `{"uid": "hrit-5"}`, `{"uid": "hrit-123"}`, true},
	}
	for _, test := range tests {
		diff := compare([]string{test.page}, []string{test.told})
		if same := diff == ""; same != test.same {
			t.Errorf("%s: got same %v, want %v: %s", test.name, same, test.same, diff)
		}
	}
	if diff := compare([]string{"a 1", "b 2"}, []string{"b 2", "a 1"}); diff != "" {
		t.Errorf("order counts: %s", diff)
	}
	if compare([]string{"a"}, []string{"a", "b"}) == "" {
		t.Error("a line more is not found")
	}
}

func TestReadHosts(t *testing.T) {
	t.Parallel()
	got, err := readHosts([]string{"names=12", "here=3"})
	if diff := cmp.Diff(hosts{"names": 12, "here": 3}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, arg := range []string{"names", "=3", "names=x"} {
		if _, err := readHosts([]string{arg}); err == nil {
			t.Errorf("%q is taken", arg)
		}
	}
}
