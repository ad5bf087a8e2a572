package discovery

import "slices"

// answers are the latest of each nameserver.
type answers struct {
	lists [][]Entry
	ok    []bool  // has ever given a list
	errs  []error // the last failure
}

func newAnswers(n int) *answers {
	return &answers{lists: make([][]Entry, n), ok: make([]bool, n), errs: make([]error, n)}
}

func (g *answers) add(a answer) {
	if a.err != nil {
		g.errs[a.from] = a.err
		return
	}
	g.lists[a.from], g.ok[a.from] = a.entries, true
}

// complete tells whether each nameserver has answered or failed.
func (g *answers) complete() bool {
	for i := range g.ok {
		if !g.ok[i] && g.errs[i] == nil {
			return false
		}
	}
	return true
}

// hopeless tells whether no nameserver can be asked at all.
func (g *answers) hopeless() bool {
	for _, err := range g.errs {
		if !hopeless(err) {
			return false
		}
	}
	return true
}

// answered tells whether any nameserver has.
func (g *answers) answered() bool {
	for _, ok := range g.ok {
		if ok {
			return true
		}
	}
	return false
}

// found tells whether any nameserver has named an address.
func (g *answers) found() bool {
	for _, list := range g.lists {
		if len(list) > 0 {
			return true
		}
	}
	return false
}

// united returns each publisher once. The list of the first one that has any is used again: it may be long, and most have no other.
func (g *answers) united() []Entry {
	var all []Entry
	seen := make(map[string]bool)
	for _, list := range g.lists {
		fresh := slices.DeleteFunc(list, func(e Entry) bool {
			known := seen[e.URI]
			seen[e.URI] = true
			return known
		})
		if len(all) == 0 {
			all = fresh
		} else {
			all = append(all, fresh...)
		}
	}
	return all
}
