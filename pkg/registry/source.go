package registry

import (
	"net/netip"
	"strings"
)

// Source is where an announcement came from.
//
// An entry belongs to the source that announced it first, or to the first one with a key. Nobody else can withdraw it, and none but one with a key
// change how it speaks; and where it belongs to a key, nobody else can change anything in it: what came with a proof is not undone by a datagram, whose
// address can be forged. Everybody can renew it as it is, and change other things in it where it belongs to no key: publishers with several
// addresses do. One that was withdrawn belongs to whoever announces it next.
type Source struct {
	// Addr is the address.
	Addr netip.Addr
	// Client is the name of the key that the announcement came with; empty when it came without.
	Client string
}

// yieldsTo tells whether the entries of s are another source's to withdraw and to change: with a key those that came without one, those of
// the same key, and, as keys are replaced by others, those of the same address; without a key those of the same address that came
// without.
func (s Source) yieldsTo(other Source) bool {
	if other.Client == "" {
		return s.Client == "" && s.Addr == other.Addr
	}
	return s.Client == "" || s.Client == other.Client || s.Addr == other.Addr
}

// endsBy tells whether another source may withdraw the entries of s: the same address, or the same key. A key of somebody else is no reason to, as it says
// nothing of where it is used.
func (s Source) endsBy(other Source) bool {
	if s.Client == "" {
		return s.Addr == other.Addr
	}
	return s.yieldsTo(other)
}

// adopt makes e the source's if it belongs to nobody, or if that is the first one with a key. The caller holds mu.
func (r *Registry) adopt(e *entry, source Source) {
	if e.source == source || !e.withdrawn && (e.source.Client != "" || source.Client == "") {
		return
	}
	r.account(e, -1)
	e.source = Source{Addr: source.Addr, Client: strings.Clone(source.Client)}
	r.account(e, +1)
	r.version++
}
