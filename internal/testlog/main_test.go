package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReport(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		in     []string
		strict bool
		want   string
		ok     bool
	}{
		{
			name: "a package that passes is one line",
			in: []string{
				`{"Action":"start","Package":"p"}`,
				`{"Action":"output","Package":"p","Output":"-test.shuffle 17\n"}`,
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: chatter\n"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Output":"PASS\n"}`,
				`{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}`,
				`{"Action":"pass","Package":"p"}`,
			},
			strict: true,
			want:   "ok  \tp\t0.1s\n1 passed, 0 failed, 0 skipped\n",
			ok:     true,
		},
		{
			name: "a package without tests is no skip",
			in: []string{
				`{"Action":"output","Package":"p","Output":"?   \tp\t[no test files]\n"}`,
				`{"Action":"skip","Package":"p"}`,
			},
			strict: true,
			want:   "0 passed, 0 failed, 0 skipped\n",
			ok:     true,
		},
		{
			name: "what a failed test printed",
			in: []string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: got 1, want 2\n"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"--- FAIL: TestA (0.00s)\n"}`,
				`{"Action":"fail","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			want: "    a_test.go:3: got 1, want 2\n--- FAIL: TestA (0.00s)\nFAIL\tp\t0.1s\nFAILED: p TestA\n0 passed, 1 failed, 0 skipped\n",
		},
		{
			name:   "a skip in CI",
			in:     skip,
			strict: true,
			want:   "skipped: p TestA: a_test.go:3: no pyzmq\n0 passed, 0 failed, 1 skipped\nCI is set: a skipped test is a failure\n",
		},
		{
			name: "a skip elsewhere",
			in:   skip,
			want: "skipped: p TestA: a_test.go:3: no pyzmq\n0 passed, 0 failed, 1 skipped\n",
			ok:   true,
		},
		{
			name: "a test that never ended",
			in:   []string{`{"Action":"output","Package":"p","Test":"TestA","Output":"fatal error: x\n"}`},
			want: "fatal error: x\nFAILED: p TestA\n0 passed, 1 failed, 0 skipped\n",
		},
		{
			name: "what does not compile, and what is no event",
			in: []string{
				`{"ImportPath":"p","Action":"build-output","Output":"p/a.go:1:1: expected 'package'\n"}`,
				`{"ImportPath":"p","Action":"build-fail"}`,
				`go: updates to go.mod needed`,
			},
			want: "p/a.go:1:1: expected 'package'\ngo: updates to go.mod needed\n0 passed, 0 failed, 0 skipped\n",
			ok:   true,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			ok, err := report(strings.NewReader(strings.Join(tc.in, "\n")+"\n"), &out, tc.strict)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, out.String()); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
			if ok != tc.ok {
				t.Errorf("got ok %v, want %v", ok, tc.ok)
			}
		})
	}
}

var skip = []string{
	`{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}`,
	`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: no pyzmq\n"}`,
	`{"Action":"output","Package":"p","Test":"TestA","Output":"--- SKIP: TestA (0.00s)\n"}`,
	`{"Action":"skip","Package":"p","Test":"TestA"}`,
}
