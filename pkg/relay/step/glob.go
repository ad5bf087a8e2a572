package step

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// glob is a pattern of doublestar. Of the shapes that most globs have it needs no more than to compare.
type glob struct {
	pattern string
	shape   globShape
	start   string // what stands before the wildcard
}

type globShape int

const (
	globOther  globShape = iota
	globExact            // no wildcard
	globWithin           // start*
	globBelow            // start/**
)

func newGlob(pattern string) glob {
	g := glob{pattern: pattern}
	literal := func(s string) bool { return !strings.ContainsAny(s, `*?[]{}\`) }
	if start, ok := strings.CutSuffix(pattern, "/**"); ok && literal(start) {
		g.shape, g.start = globBelow, start
	} else if start, ok := strings.CutSuffix(pattern, "*"); ok && literal(start) {
		g.shape, g.start = globWithin, start
	} else if literal(pattern) {
		g.shape = globExact
	}
	return g
}

// matches tells whether s fits. A text is matched by itself too, whatever it has of wildcards.
func (g *glob) matches(s string) bool {
	if g.pattern == s {
		return true
	}
	switch g.shape {
	case globExact:
		return false
	case globWithin:
		rest, ok := strings.CutPrefix(s, g.start)
		return ok && strings.IndexByte(rest, '/') < 0
	case globBelow:
		rest, ok := strings.CutPrefix(s, g.start)
		return ok && (rest == "" || rest[0] == '/')
	}
	return doublestar.MatchUnvalidated(g.pattern, s)
}

// globs are patterns of which one has to match.
type globs []glob

func newGlobs(patterns ...string) globs {
	var all globs
	for _, p := range patterns {
		all = append(all, newGlob(p))
	}
	return all
}

// lower returns them for texts in lower case.
func (g globs) lower() globs {
	var all globs
	for _, one := range g {
		all = append(all, newGlob(strings.ToLower(one.pattern)))
	}
	return all
}

// match tells whether one of them matches s.
func (g globs) match(s string) bool {
	for i := range g {
		if g[i].matches(s) {
			return true
		}
	}
	return false
}
