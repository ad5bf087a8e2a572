package step_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUpstream(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		steps        []string
		topics, want string
	}{
		{"no renames", []string{`max_age = "1m"`}, "pytroll://b/x|pytroll://b|pytroll://c", "//b //c"},
		{"everything", []string{`rename = { prefix = { "/a" = "/b" } }`}, "pytroll:/", "/"},
		{"less than the magic", []string{`rename = { prefix = { "/a" = "/b" } }`}, "pyt", "/"},
		{"no topic of ours", []string{`max_age = "1m"`}, "other", ""},
		{"below the prefix", []string{`rename = { prefix = { "/a" = "/b" } }`}, "pytroll://b/x", "//a/x //b/x"},
		{"above the prefix", []string{`rename = { prefix = { "/a/b" = "/c/d" } }`}, "pytroll://c", "//a/b //c"},
		{"what is renamed away", []string{`rename = { prefix = { "/a" = "/b" } }`}, "pytroll://a/x", ""},
		{"only now and then", []string{"when = { type = [\"file\"] }\nrename = { prefix = { \"/a\" = \"/b\" } }"}, "pytroll://a/x", "//a/x"},
		{"to below itself", []string{`rename = { prefix = { "/" = "/test" } }`}, "pytroll://test/x", "//x"},
		{"two steps", []string{`rename = { prefix = { "/a" = "/b" } }`, `rename = { prefix = { "/b" = "/c" } }`}, "pytroll://c/x", "//a/x //b/x //c/x"},
		{"pattern", []string{`rename = { pattern = "/seg(?:ment)?/(.*)", to = "/out/$1" }`}, "pytroll://out/x", "//out/x //seg"},
		{"another pattern", []string{`rename = { pattern = "/seg(?:ment)?/(.*)", to = "/out/$1" }`}, "pytroll://in", "//in"},
		{"past the subject", []string{`rename = { prefix = { "/a" = "/b" } }`}, "pytroll://b/x file", "//a/x //b/x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := compile(t, tt.steps...).Upstream(strings.Split(tt.topics, "|")...)
			for i := range got {
				got[i] = strings.TrimPrefix(got[i], "pytroll:")
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("topics (-want +got):\n%s", diff)
			}
		})
	}
}
