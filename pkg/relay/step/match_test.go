package step_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/relay/step"
)

// A peer chooses the subject, so no glob may take long for any. What is quadratic would take minutes.
func TestGlobsOfLongSubjects(t *testing.T) {
	t.Parallel()
	const size = 256 << 10
	for _, glob := range []string{"/**/a*b", "/**/a/**/a/**/a/b", "/*a*a*a*a*b", "/**/{a,b}/**/{a,b}/**/c", "/{a,aa}*{a,aa}*{a,aa}*b", "/**/{*a,*b}/**/{*a,*b}/c", "/**/a/a/a/a/a/b"} {
		for _, unit := range []string{"a", "/a", "a/", "aa/b"} {
			m := decode(t, "pytroll://"+strings.Repeat(unit, size/len(unit))+"x file a@b 2024-05-17T09:41:12 v1.01")
			c := compile(t, `keep = { subject = ["`+glob+`"] }`)
			begin := time.Now()
			if got := c.Do(step.NewItem(m), now); got.Reason != step.NotKept {
				t.Errorf("%s of %s…: got %q", glob, unit, got.Reason)
			}
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("%s of %s…: took %v", glob, unit, took)
			}
		}
	}
}

// Slashes in front and at the end say nothing, where a subject has them and a glob has not, and the other way round.
func TestSlashesOfSubjects(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		glob, subject string
		want          bool
	}{
		{"/HRPT/*/NOAA-19", "/HRPT/0/NOAA-19/", true},
		{"/HRPT/*/NOAA-19/", "/HRPT/0/NOAA-19", true},
		{"HRPT/*/NOAA-19", "/HRPT/0/NOAA-19/", true},
		{"/HRPT/*/NOAA-19", "HRPT/0/NOAA-19", false}, // a subject without a slash in front is another one
		{"HRPT/**", "/HRPT/0/NOAA-19", true},
		{"log/**", "log/WARNING/x", true},
		{"/HRPT/*", "/HRPT/", true},
		{"/HRPT/*", "/HRPT/0/", true},
		{"/HRPT/*", "/HRPT/0/NOAA-19/", false},
		{"/HRPT", "/HRPT//", true},
		{"/HRPT/*/NOAA-19", "/HRPT/0/NOAA-190", false},
		{"/", "/", true},
		{"/", "/a", false},
		{"*", "/a", true},
		{"*", "/a/b", false},
		{"{a,b}/*", "/b/c", true},
	} {
		c := compile(t, `keep = { subject = ["`+tt.glob+`"] }`)
		m := decode(t, "pytroll:/"+tt.subject+" file a@b 2024-05-17T09:41:12 v1.01")
		if got := c.Do(step.NewItem(m), now).Reason == ""; got != tt.want {
			t.Errorf("%s with %s: got %v, want %v", tt.glob, tt.subject, got, tt.want)
		}
	}
}
