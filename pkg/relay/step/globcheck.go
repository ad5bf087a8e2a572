package step

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// globs checks globs.
func (b *builder) globs(key string, patterns []string) globs {
	for i, g := range patterns {
		b.glob(fmt.Sprintf("%s[%d]", key, i+1), g)
	}
	return newGlobs(patterns...)
}

func (b *builder) glob(key, glob string) {
	if glob == "" || !doublestar.ValidatePattern(glob) {
		b.add(key, fmt.Sprintf("%q is no glob", glob), `"*" is any text within one part, "**" any parts`)
	}
}

// words is globs for a word of the header, which has no white space. It never has one of not either, and hint says what is meant instead.
func (b *builder) words(key string, patterns []string, not, hint string) globs {
	for i, g := range patterns {
		at := fmt.Sprintf("%s[%d]", key, i+1)
		switch {
		case strings.ContainsFunc(g, unicode.IsSpace):
			b.add(at, fmt.Sprintf("%q matches nothing: there is no white space in it", g), "give several globs as a list")
		case not != "" && strings.Contains(g, not):
			b.add(at, fmt.Sprintf("%q matches nothing: there is no %q in it", g, not), hint)
		}
	}
	return b.globs(key, patterns)
}

// subjects is globs for subjects. A slash in front of a glob or at its end says nothing, so what is returned has each form of it.
func (b *builder) subjects(key string, patterns []string) globs {
	b.words(key, patterns, message.Magic, "leave "+message.Magic+" out: the subject stands behind it")
	var all []string
	for _, p := range patterns {
		forms := []string{p}
		if !strings.HasPrefix(p, "/") {
			forms = append(forms, "/"+p)
		}
		for _, form := range forms {
			all = append(all, form)
			if short := strings.TrimRight(form, "/"); short != form && short != "" && !strings.HasSuffix(short, `\`) {
				all = append(all, short)
			}
		}
	}
	return newGlobs(all...)
}

// hostGlob checks a glob for the host in a URI or an address.
func (b *builder) hostGlob(key, glob string) {
	b.glob(key, glob)
	ipv6 := strings.Contains(glob, "[")
	if strings.ContainsAny(glob, "/@ ") || strings.Contains(glob, ":") && !ipv6 {
		b.add(key, fmt.Sprintf("%q matches nothing: a host has no scheme, user, port and path with it", glob), "an IPv6 address stands in brackets, each with a backslash before it")
	}
}

// matchSubject tells whether one of them matches a subject, or what it is without a slash at its end.
func (g globs) matchSubject(subject string) bool {
	if g.match(subject) {
		return true
	}
	short := strings.TrimRight(subject, "/")
	return len(short) < len(subject) && short != "" && g.match(short)
}
