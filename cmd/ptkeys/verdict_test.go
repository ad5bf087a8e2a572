package main

import (
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/internal/curveprobe"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/daemon"
)

// submatches returns what a pattern with one group finds in a file.
func submatches(t *testing.T, path, pattern string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
		found = append(found, m[1])
	}
	return found
}

// TestOutcomes holds the texts and doc/keys.md to the outcomes that there are.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	outcomes := submatches(t, "../../internal/curveprobe/report.go", `(?m)^\t\w+ Outcome = "(\w+)"$`)
	if len(outcomes) < 10 {
		t.Fatalf("found only %q", outcomes)
	}
	slices.Sort(outcomes)
	texts := []string{string(curveprobe.Admitted)}
	for outcome, v := range verdicts {
		texts = append(texts, string(outcome))
		if v.text == "" || v.hint == "" {
			t.Errorf("%s: no text or no hint", outcome)
		}
	}
	slices.Sort(texts)
	if diff := cmp.Diff(outcomes, texts); diff != "" {
		t.Errorf("texts (-outcomes +texts):\n%s", diff)
	}
	documented := submatches(t, "../../doc/keys.md", "(?m)^\\| `([a-z_]+)` \\|")
	slices.Sort(documented)
	if diff := cmp.Diff(outcomes, documented); diff != "" {
		t.Errorf("doc/keys.md (-outcomes +rows):\n%s", diff)
	}
}

// TestVerdictNamesWhatWasUsed has hints name keys and address.
func TestVerdictNamesWhatWasUsed(t *testing.T) {
	t.Parallel()
	client, err := curve.Generate()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Secret.Wipe()
	servers := curve.NewPublicKeys(curve.PublicKey{1}, curve.PublicKey{2})
	to := target{servers: servers, server: servers.At(1), client: client.KeyPair}
	report := curveprobe.Report{Client: netip.MustParseAddrPort("192.0.2.7:40000")}
	for outcome := range verdicts {
		report.Outcome = outcome
		var b strings.Builder
		daemon.Fail(&b, printVerdict(&b, to, report))
		if strings.ContainsAny(b.String(), "{}") || strings.Count(b.String(), "\n") != 2 {
			t.Errorf("%s: got %q", outcome, b.String())
		}
		var want []string
		switch outcome {
		case curveprobe.NotAdmitted, curveprobe.NoVerdict, curveprobe.ClosedOnKey:
			want = []string{client.Public.Fingerprint(), "may 192.0.2.7, or"}
		case curveprobe.WrongServerKey:
			want = []string{servers.At(0).Fingerprint() + " or " + servers.At(1).Fingerprint()}
		}
		for _, part := range want {
			if !strings.Contains(b.String(), part) {
				t.Errorf("%s: got %q, want it to hold %q", outcome, b.String(), part)
			}
		}
	}
}
