package curve

import (
	"iter"
	"slices"
	"strings"
)

// PublicKeys are public keys in an order, each once. They do not change, and can be compared. The zero value is none.
type PublicKeys struct{ raw string }

// NewPublicKeys returns keys in their order. A key that comes again, and the zero key, are left out.
func NewPublicKeys(keys ...PublicKey) PublicKeys {
	var raw strings.Builder
	for i, k := range keys {
		if !k.IsZero() && !slices.Contains(keys[:i], k) {
			raw.Write(k[:])
		}
	}
	return PublicKeys{raw.String()}
}

// Len returns the number of keys.
func (p PublicKeys) Len() int { return len(p.raw) / Size }

// At returns key i, from 0 to Len()-1.
func (p PublicKeys) At(i int) PublicKey { return PublicKey([]byte(p.raw[i*Size : (i+1)*Size])) }

// All yields the keys in their order.
func (p PublicKeys) All() iter.Seq[PublicKey] {
	return func(yield func(PublicKey) bool) {
		for i := range p.Len() {
			if !yield(p.At(i)) {
				return
			}
		}
	}
}

// Contains tells whether k is among the keys.
func (p PublicKeys) Contains(k PublicKey) bool {
	for key := range p.All() {
		if key == k {
			return true
		}
	}
	return false
}
