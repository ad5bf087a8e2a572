package registry

import (
	"cmp"
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
		return appendEntries(dst, q, r.index.all.slots)
	}
	var named []slot
	if b, ok := r.index.byName[q.Service]; ok {
		named = b.slots
	}
	texts := r.index.textMatches(q.Service)
	if len(texts) == 0 {
		return appendEntries(dst, q, named)
	}
	found := slices.Concat(named, texts)
	slices.SortFunc(found, func(a, b slot) int { return cmp.Compare(a.seq, b.seq) })
	return appendEntries(dst, q, found)
}

// textMatches returns the entries whose service is a text that part is contained in. Nothing current announces that way, so it looks at
// each.
func (x *index) textMatches(part string) []slot {
	var found []slot
	for _, s := range x.texts.slots {
		if s.entry != nil && strings.Contains(s.entry.services.Names[0], part) {
			found = append(found, s)
		}
	}
	return found
}

// appendEntries makes room once, as a table can be megabytes long, and then copies.
func appendEntries(dst []byte, q Query, slots []slot) ([]byte, int) {
	size := 0
	for _, s := range slots {
		if s.visible(q) {
			size += len(s.entry.form(q)) + len(separator)
		}
	}
	dst = slices.Grow(dst, size)
	found := 0
	for _, s := range slots {
		if !s.visible(q) {
			continue
		}
		if found > 0 {
			dst = append(dst, separator...)
		}
		found++
		dst = append(dst, s.entry.form(q)...)
	}
	return dst, found
}

// visible tells whether q may see what is in s.
func (s slot) visible(q Query) bool {
	return s.entry != nil && !s.entry.withdrawn && (!s.entry.secure || q.Secure)
}

// form is e as q wants to see it.
func (e *entry) form(q Query) []byte {
	if q.Naive && e.naive.bytes != nil {
		return e.naive.bytes
	}
	return e.encoded.bytes
}
