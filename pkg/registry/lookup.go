package registry

import (
	"slices"
	"strings"
)

// Query says what a lookup returns.
type Query struct {
	// Service is the exact name of a service, a part of one that was announced as a text, or "" for all entries.
	Service string
	// Naive asks for times without offset (message version v1.01).
	Naive bool
	// Secure asks for secure entries too.
	Secure bool
}

// separator stands between entries, as in Python's json.dumps.
const separator = ", "

// AppendMatches appends the entries that match q to dst, as the inside of a JSON list: in order of first announcement, with a comma and
// a blank between them. It returns the extended slice and how many there are.
func (r *Registry) AppendMatches(dst []byte, q Query) ([]byte, int) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if q.Service == "" {
		return appendEntries(dst, q, r.index.all.entries)
	}
	var named []*entry
	if b, ok := r.index.byName[q.Service]; ok {
		named = b.entries
	}
	texts := r.index.textMatches(q.Service)
	if len(texts) == 0 {
		return appendEntries(dst, q, named)
	}
	found := slices.Concat(named, texts)
	slices.SortFunc(found, func(a, b *entry) int { return bySeq(a, b.seq) })
	return appendEntries(dst, q, found)
}

// textMatches returns the entries whose service is a text that part is contained in. Nothing current announces that way, so it looks at
// each.
func (x *index) textMatches(part string) []*entry {
	var found []*entry
	for _, e := range x.texts.entries {
		if strings.Contains(e.services.Names[0], part) {
			found = append(found, e)
		}
	}
	return found
}

// appendEntries makes room once, as a table can be megabytes long, and then copies.
func appendEntries(dst []byte, q Query, entries []*entry) ([]byte, int) {
	size := 0
	for _, e := range entries {
		if e.visible(q) {
			size += len(e.form(q)) + len(separator)
		}
	}
	dst = slices.Grow(dst, size)
	found := 0
	for _, e := range entries {
		if !e.visible(q) {
			continue
		}
		if found > 0 {
			dst = append(dst, separator...)
		}
		found++
		dst = append(dst, e.form(q)...)
	}
	return dst, found
}

// visible tells whether q may see e.
func (e *entry) visible(q Query) bool {
	return !e.removed && !e.withdrawn && (!e.secure || q.Secure)
}

// form is e as q wants to see it.
func (e *entry) form(q Query) []byte {
	if q.Naive && e.naive.bytes != nil {
		return e.naive.bytes
	}
	return e.encoded.bytes
}
