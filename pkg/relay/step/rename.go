package step

import (
	"cmp"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"
)

// renamer is a [Rename] that is checked: prefixes, the longest first, or a pattern.
type renamer struct {
	prefixes []prefix
	pattern  *regexp.Regexp
	to       string
	literal  string // what every subject begins with that pattern fits
	known    memo
}

// prefix is a beginning of subjects, without a slash at its end, and what takes its place.
type prefix struct{ from, to string }

func (b *builder) rename(key string, r Rename) action {
	c := &renamer{to: r.To}
	if (len(r.Prefix) > 0) == (r.Pattern != "") {
		b.add(key, "needs either prefix or pattern", "")
	}
	for _, from := range slices.Sorted(maps.Keys(r.Prefix)) {
		at := key + ".prefix." + from
		b.word(at, from)
		b.word(at, r.Prefix[from])
		p := prefix{strings.TrimRight(from, "/"), strings.TrimRight(r.Prefix[from], "/")}
		if slices.ContainsFunc(c.prefixes, func(other prefix) bool { return other.from == p.from }) {
			b.add(at, "is there twice, with and without a slash at the end", "")
		}
		c.prefixes = append(c.prefixes, p)
	}
	slices.SortStableFunc(c.prefixes, func(x, y prefix) int { return cmp.Compare(len(y.from), len(x.from)) })
	if r.Pattern == "" {
		if r.To != "" {
			b.add(key+".to", "says nothing without pattern", "")
		}
		return c
	}
	b.word(key+".to", r.To)
	tree, err := syntax.Parse(r.Pattern, syntax.Perl)
	if err != nil {
		b.add(key+".pattern", err.Error(), "")
		return c
	}
	c.literal, _ = literalPrefix(tree)
	// What is just small enough alone may be too large with more around it.
	if c.pattern, err = regexp.Compile(`^(?:` + r.Pattern + `)$`); err != nil {
		b.add(key+".pattern", err.Error(), "")
		return c
	}
	b.captures(key+".to", c.pattern, r.To)
	return c
}

var reference = regexp.MustCompile(`\$\$|\$(?:\{(\w+)\}|(\w+))`)

// captures checks that what to refers to is captured.
func (b *builder) captures(key string, pattern *regexp.Regexp, to string) {
	for _, ref := range reference.FindAllStringSubmatch(to, -1) {
		name := cmp.Or(ref[1], ref[2])
		if name == "" {
			continue // $$
		}
		if pattern.SubexpIndex(name) < 0 && !isGroup(name, pattern.NumSubexp()) {
			b.add(key, "refers to $"+name+", which pattern does not capture", `write "${1}x" where text follows`)
		}
	}
}

// isGroup tells whether name is the number of one of n groups.
func isGroup(name string, n int) bool {
	group := 0
	for _, c := range []byte(name) {
		if c < '0' || c > '9' || group > n {
			return false
		}
		group = 10*group + int(c-'0')
	}
	return group <= n
}

// literalPrefix returns what all texts begin with that the tree fits, and whether that is all of it.
func literalPrefix(re *syntax.Regexp) (prefix string, whole bool) {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 {
			return "", false
		}
		return string(re.Rune), true
	case syntax.OpEmptyMatch, syntax.OpBeginText, syntax.OpBeginLine:
		return "", true
	case syntax.OpCapture:
		return literalPrefix(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			p, whole := literalPrefix(sub)
			prefix += p
			if !whole {
				return prefix, false
			}
		}
		return prefix, true
	}
	return "", false
}

func (r *renamer) do(i *Item, _ time.Time) (Reason, error) {
	i.subject = r.known.of(i.subject, r.renamed)
	return "", nil
}

// renamed returns what becomes of a subject.
func (r *renamer) renamed(subject string) string {
	if r.pattern != nil {
		if at := r.pattern.FindStringSubmatchIndex(subject); at != nil {
			return string(r.pattern.ExpandString(nil, r.to, subject, at))
		}
		return subject
	}
	for _, p := range r.prefixes {
		if rest, ok := strings.CutPrefix(subject, p.from); ok && (rest == "" || rest[0] == '/') {
			return cmp.Or(p.to+rest, "/")
		}
	}
	return subject
}
