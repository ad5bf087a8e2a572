package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPackageVersion(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ described, commits, want string }{
		{"v0.1.0-0-g0123456789ab", "400", "0.1.0"},
		{"v0.1.0-7-g0123456789ab", "407", "0.1.0+git7.g0123456789ab"},
		{"v0.1.0-0-g0123456789ab-dirty", "400", "0.1.0+git0.g0123456789ab.dirty"},
		{"v1.0-12-g0123456789ab-dirty", "400", "1.0+git12.g0123456789ab.dirty"},
		{"v0.2.0-rc.1-0-g0123456789ab", "500", "0.2.0~rc.1"},
		{"v0.2.0-rc.1-3-g0123456789ab", "503", "0.2.0~rc.1+git3.g0123456789ab"},
		{"0123456789ab", "95", "0.0.0+git95.g0123456789ab"},
		{"0123456789ab-dirty", "95", "0.0.0+git95.g0123456789ab.dirty"},
	} {
		got, err := packageVersion(test.described, test.commits)
		if err != nil || got != test.want {
			t.Errorf("%s: got %q, %v, want %q", test.described, got, err, test.want)
		}
	}
}

func TestPackageVersionRefuses(t *testing.T) {
	t.Parallel()
	for _, described := range []string{
		"", "unknown", "v0.1.0", "release-1-0-g0123456789ab", "v0.1.0-rc-1-0-g0123456789ab", "v1-0-g0123456789ab", "v0.1.0_1-0-g0123456789ab", "v0.1.0-4-g0123456789ab\nx",
	} {
		if got, err := packageVersion(described, "1"); err == nil {
			t.Errorf("%q: got %q, want an error", described, got)
		}
	}
}

const sample = `# Changes

Preface.
- no point

## Unreleased

### All programs
- [added] A thing that goes on
  in the following line ([doc/relay.md](doc/relay.md)).

No point either.
  Nor this.

### ptctl
- [fixed] "Quotes" and \ and ` + "`code`" + `.

## 0.1.0, 2027-01-31

- [added] Everything, and this so that the line is long enough for being folded into a second one.
`

func changelogOf(t *testing.T, form, version, text string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := printChangelog([]string{form, version, "1800000000"}, strings.NewReader(text), &out)
	return out.String(), err
}

func TestDebChangelog(t *testing.T) {
	t.Parallel()
	got, err := changelogOf(t, "deb", "0.1.0+git7.gabc", sample)
	if err != nil {
		t.Fatal(err)
	}
	want := `posttroll (0.1.0+git7.gabc-1) unstable; urgency=medium

  * All programs: [added] A thing that goes on in the following line
    (doc/relay.md).
  * ptctl: [fixed] "Quotes" and \ and ` + "`code`" + `.

 -- The Pytroll Team <pytroll@googlegroups.com>  Fri, 15 Jan 2027 08:00:00 +0000

posttroll (0.1.0-1) unstable; urgency=medium

  * [added] Everything, and this so that the line is long enough for being
    folded into a second one.

 -- The Pytroll Team <pytroll@googlegroups.com>  Sun, 31 Jan 2027 00:00:00 +0000
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestRPMChangelog(t *testing.T) {
	t.Parallel()
	got, err := changelogOf(t, "rpm", "0.1.0", sample)
	if err != nil {
		t.Fatal(err)
	}
	want := `- semver: "0.1.0-1"
  date: 2027-01-31T00:00:00Z
  packager: "The Pytroll Team <pytroll@googlegroups.com>"
  changes:
    - note: "[added] Everything, and this so that the line is long enough for being folded\n  into a second one."
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestChangelogVersions(t *testing.T) {
	t.Parallel()
	released := sample[strings.Index(sample, "## 0.1.0"):]
	for _, test := range []struct{ name, version, text, want, err string }{
		{"a release has its section", "0.1.0", sample, "posttroll (0.1.0-1)", ""},
		{"a candidate too", "0.1.0~rc.1", strings.ReplaceAll(sample, "## 0.1.0,", "## 0.1.0-rc.1,"), "posttroll (0.1.0~rc.1-1)", ""},
		{"a tag before its section", "0.2.0", sample, "", `no section "## 0.2.0, DATE"`},
		{"a tag and nothing but unreleased", "0.2.0", "## Unreleased\n- x\n", "", `no section "## 0.2.0, DATE"`},
		{"a commit right after a release", "0.1.0+git1.gabc", released, "All programs: a state between two versions.", ""},
		{"no section", "0.1.0", "# Changes\n", "", "no section of a version"},
		{"a heading without a date", "0.1.0", "# Changes\n\n## 0.1.0\n", "", "line 3: \"## 0.1.0\" is neither"},
		{"a date that is none", "0.1.0", "## 0.1.0, 2027-02-30\n", "", "line 1: "},
	} {
		got, err := changelogOf(t, "deb", test.version, test.text)
		switch {
		case test.err == "" && (err != nil || !strings.Contains(got, test.want)):
			t.Errorf("%s: got %q, %v, want %q", test.name, got, err, test.want)
		case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("%s: got %v, want %q", test.name, err, test.err)
		}
	}
}

// TestChangelogIsReadable holds the project's own file to the form that packages need.
func TestChangelogIsReadable(t *testing.T) {
	t.Parallel()
	file, err := os.Open("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	sections, err := readChangelog(file)
	if err != nil {
		t.Fatal(err)
	}
	tagged := regexp.MustCompile(`^[^:]+: \[(added|changed|fixed|security)\] `)
	for _, s := range sections {
		if len(s.notes) == 0 || s.version != unreleased && s.date.After(time.Now()) {
			t.Errorf("%s, %s: %d points", s.version, s.date, len(s.notes))
		}
		for _, note := range s.notes {
			if !tagged.MatchString(note) {
				t.Errorf("%s: %q has no program or no tag", s.version, note)
			}
		}
	}
}

// build returns a program of the packages.
func build(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ptkeys")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", file, "../../cmd/ptkeys").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return file
}

func TestProgram(t *testing.T) {
	t.Parallel()
	file := build(t)
	var out bytes.Buffer
	if err := printGlibc([]string{file}, &out); err != nil || !regexp.MustCompile(`^2\.\d+\n$`).MatchString(out.String()) {
		t.Errorf("glibc: got %q, %v", &out, err)
	}
	out.Reset()
	if err := printNotices([]string{file}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nThe Go standard library and runtime\n", "\ngithub.com/spf13/cobra v", "Redistribution and use"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("notices lack %q", want)
		}
	}
}

func TestNoProgram(t *testing.T) {
	t.Parallel()
	if err := printGlibc([]string{"glibc.go"}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "glibc.go: ") {
		t.Errorf("glibc of a text: got %v, want an error", err)
	}
	if err := printNotices([]string{"glibc.go"}, &bytes.Buffer{}); err == nil {
		t.Error("notices of a text: want an error")
	}
	if _, err := terms(t.TempDir()); err == nil {
		t.Error("a module without any licence: want an error")
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"version"}, {"version", "v1.0.0"}, {"changelog", "deb"}, {"changelog", "zip", "0.1.0", "0"}, {"changelog", "deb", "0.1.0", "now"}, {"licence", "x"}} {
		if err := run(args, strings.NewReader(sample), &bytes.Buffer{}); err == nil {
			t.Errorf("%q: want an error", args)
		}
	}
}
