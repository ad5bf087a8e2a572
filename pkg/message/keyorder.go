package message

import (
	"strings"
	"sync/atomic"
)

// A program mostly sends maps with the same keys again and again, and finding
// the order of the keys takes as long as writing all of them. So the order that
// was found is kept, and tried for the next map of the same size: looking up all
// keys takes less than going over the map and sorting them. Nothing else depends
// on it.
//
// There is one order for each of 29 sizes, with keys of a kilobyte at most, which
// written with escapes are six: what is kept is bounded by 200 kB, and usually
// some hundred bytes.

// keyOrder are the keys of a map in their order. It does not change.
type keyOrder struct {
	keys   []string
	quoted []string // as they are written: "name": with a comma in front, but for the first
}

const (
	leastOrdered  = 4       // keys in a map that an order is kept for
	mostOrdered   = 32      // the same
	mostKeyText   = 1 << 10 // bytes that they take
	missesToLearn = 16      // of a size, before its order is looked for again
)

// orders has an order for each size of a map.
var orders [mostOrdered + 1]struct {
	order  atomic.Pointer[keyOrder]
	misses atomic.Uint32
}

// orderedValues puts the values of m into values in the order of its keys, if
// that is known.
func orderedValues(m map[string]any, values *[mostOrdered]any) *keyOrder {
	if len(m) < leastOrdered || len(m) > mostOrdered {
		return nil
	}
	o := orders[len(m)].order.Load()
	if o == nil {
		return nil
	}
	for i, key := range o.keys {
		v, ok := m[key]
		if !ok {
			return nil // values are what they are: nobody looks at them
		}
		values[i%mostOrdered] = v // i is less; the compiler sees it this way
	}
	return o
}

// learnOrder keeps the order of members, which are all of a map: of the first one
// of its size, and then of one in missesToLearn whose order was not known.
func learnOrder(members []Member, places []place) {
	if len(members) < leastOrdered || len(members) > mostOrdered {
		return
	}
	slot := &orders[len(members)]
	if slot.misses.Add(1)%missesToLearn != 1 || lengthOfKeys(members) > mostKeyText {
		return
	}
	if o := newKeyOrder(members, places); o != nil {
		slot.order.Store(o)
	}
}

// lengthOfKeys is the number of bytes in the keys of members.
func lengthOfKeys(members []Member) int {
	size := 0
	for i := range members {
		size += len(members[i].Key)
	}
	return size
}

// newKeyOrder returns the order of members; nil where a key cannot be written. It
// has nothing of theirs, since what a key lies in may be large.
func newKeyOrder(members []Member, places []place) *keyOrder {
	var text []byte
	var ends [mostOrdered]int
	o := &keyOrder{keys: make([]string, len(members)), quoted: make([]string, len(members))}
	for i, p := range places {
		key := members[p.index].Key
		var err error
		if text, err = appendKey(text, i == 0, key); err != nil {
			return nil
		}
		o.keys[i], ends[i] = strings.Clone(key), len(text)
	}
	all, start := string(text), 0
	for i := range o.quoted {
		o.quoted[i] = all[start:ends[i]]
		start = ends[i]
	}
	return o
}
