package message

import (
	"encoding/binary"
	"slices"
	"strings"
)

// place is where a member stands, and how its key begins: comparing numbers is several times faster than comparing strings, and most keys of an object
// differ in their first eight bytes.
type place struct {
	head  uint64 // the first bytes of the key, the first one highest; zeros behind a shorter key
	index int
}

// fewMembers are sorted by insertion.
const fewMembers = 32

// sortedPlaces appends the places of members to places, in the order of their keys.
func sortedPlaces(places []place, members []Member) []place {
	for i := range members {
		places = append(places, place{keyHead(members[i].Key), i})
	}
	if len(places) > fewMembers {
		slices.SortFunc(places, func(x, y place) int {
			if x.head != y.head {
				if x.head < y.head {
					return -1
				}
				return 1
			}
			return strings.Compare(members[x.index].Key, members[y.index].Key)
		})
		return places
	}
	for i, p := range places {
		j := i
		for ; j > 0 && p.before(places[j-1], members); j-- {
			places[j] = places[j-1]
		}
		places[j] = p
	}
	return places
}

// before tells whether the key of p comes before that of q.
func (p place) before(q place, members []Member) bool {
	if p.head != q.head {
		return p.head < q.head
	}
	return members[p.index].Key < members[q.index].Key
}

// keyHead returns the first eight bytes of a key as a number that sorts as they do.
func keyHead(key string) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64([]byte(key[:8]))
	}
	var head [8]byte
	copy(head[:], key)
	return binary.BigEndian.Uint64(head[:])
}
