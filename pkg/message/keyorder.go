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

// keyOrder are the keys of a map in their order. It does not change.
type keyOrder struct {
	keys   []string
	quoted []string // as they are written: "name": with a comma in front, but for the first
}

const (
	leastOrdered  = 4       // keys in a map that an order is kept for
	mostOrdered   = 32      // the same
	mostKeyText   = 1 << 10 // bytes that they take
	missesToLearn = 16      // of a size, before its order is replaced
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
			return nil
		}
		values[i%mostOrdered] = v
	}
	return o
}

// learnOrder keeps the order of members, which are all of a map.
func learnOrder(members []Member, places []place) {
	if len(members) < leastOrdered || len(members) > mostOrdered {
		return
	}
	slot := &orders[len(members)]
	if slot.order.Load() != nil && slot.misses.Add(1)%missesToLearn != 0 {
		return
	}
	o := &keyOrder{}
	size := 0
	for i, p := range places {
		key := members[p.index].Key
		quoted, err := appendKey(nil, i == 0, key)
		if size += len(quoted); err != nil || size > mostKeyText {
			return
		}
		o.keys = append(o.keys, strings.Clone(key)) // what it lies in may be large
		o.quoted = append(o.quoted, view(quoted))
	}
	slot.order.Store(o)
}
