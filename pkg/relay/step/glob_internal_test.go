package step

import (
	"testing"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

// Globs are those of doublestar, also where no more is done than to compare.
func FuzzGlob(f *testing.F) {
	patterns := []string{"", "*", "**", "/**", "/a/**", "/a/*", "/a*", "/a", "a", "/a/", "/*/**", "/a/**/b", "a.*", "a?", "[ab]*", "{a,b}", `\*`, `a\/**`, "å*", "/å/**", "***", "/a/***", "a**", "a/**/", "*a", "**/a"}
	texts := []string{"", "/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "a", "a.b", "a/b", "ab", "b", "*", "å", "å/b", "/å/x", "/a/b\xff", "a//b", "//", "/a//"}
	for _, p := range patterns {
		for _, s := range texts {
			f.Add(p, s)
		}
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if !doublestar.ValidatePattern(pattern) || !utf8.ValidString(pattern) || !utf8.ValidString(s) {
			return // refused in settings, and no word of a message
		}
		g := newGlob(pattern)
		if got, want := g.matches(s), pattern == s || doublestar.MatchUnvalidated(pattern, s); got != want {
			t.Errorf("%q with %q: got %v, want %v (shape %d)", pattern, s, got, want, g.shape)
		}
	})
}
