package config

import (
	"cmp"
	"errors"
	"slices"
	"strings"
)

// Together joins read, the problems of a [Load], and found, those of looking at what it could read, in the order of files and lines: who mends
// a file wants to hear at once of all that is wrong with it. What is found is left out where it may be the consequence of what could not be read: when it
// is about the same setting, a part of it or what it is a part of, or comes from a file that was not read at all. Problems are told by [*Problem]; of what
// is found and is none, nobody knows what it is about, and it is told only when read is nil.
func Together(read, found error) error {
	others := Unjoin(read)
	problems := slices.Clone(others)
	for _, err := range Unjoin(found) {
		if !slices.ContainsFunc(others, func(other error) bool { return mayFollow(err, other) }) {
			problems = append(problems, err)
		}
	}
	return errors.Join(inOrder(problems)...)
}

// mayFollow tells whether err may be the consequence of other.
func mayFollow(err, other error) bool {
	p, ok := errors.AsType[*Problem](err)
	if !ok || p.Key == "" {
		return true
	}
	o, ok := errors.AsType[*Problem](other)
	switch {
	case !ok:
		return false
	case o.unread:
		return p.File == "" || p.File == o.File // a default may be one only because the file was not read
	default:
		return o.Key != "" && relatedKeys(p.Key, o.Key)
	}
}

// relatedKeys tells whether one of two settings is the other one or a part of it.
func relatedKeys(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	rest, ok := strings.CutPrefix(b, a)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// inOrder sorts problems by files, in the order given and then in that in which they come, and by their lines.
func inOrder(problems []error, files ...string) []error {
	for _, err := range problems {
		if at := originOf(err); !slices.Contains(files, at.File) {
			files = append(files, at.File)
		}
	}
	slices.SortStableFunc(problems, func(a, b error) int {
		x, y := originOf(a), originOf(b)
		return cmp.Or(cmp.Compare(slices.Index(files, x.File), slices.Index(files, y.File)), cmp.Compare(x.Line, y.Line))
	})
	return problems
}

// originOf returns where the setting that err is about comes from.
func originOf(err error) Origin {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Origin
	}
	return Origin{}
}
