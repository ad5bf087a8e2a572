package message

import (
	"fmt"
	"iter"
	"slices"
)

// Member is a key of an [Object] and its value.
type Member struct {
	Key   string
	Value any
}

// Object is a JSON object with its keys in order; each key is there once.
// The zero value is an empty object. It is not safe for use by several
// goroutines while one of them changes it.
//
// Generic data, as [Message.Data] returns it, consists of nil, bool, int64,
// *big.Int (what int64 cannot hold), float64, string, [Time], []any and
// *Object.
type Object struct {
	members []Member
	index   map[string]int // place in members; nil up to indexFrom members
}

// indexFrom is the number of members above which a map beats looking at all.
const indexFrom = 32

// NewObject returns an object of the members in this order. A key that comes
// again replaces the value at its first place.
func NewObject(members ...Member) *Object {
	o := &Object{members: make([]Member, 0, len(members))}
	for _, m := range members {
		o.Set(m.Key, m.Value)
	}
	return o
}

// find returns the place of key, or -1.
func (o *Object) find(key string) int {
	if o == nil {
		return -1
	}
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range o.members {
		if o.members[i].Key == key {
			return i
		}
	}
	return -1
}

// Get returns the value of key. A nil object is empty.
func (o *Object) Get(key string) (any, bool) {
	if i := o.find(key); i >= 0 {
		return o.members[i].Value, true
	}
	return nil, false
}

// Set sets the value of key: in its place, or at the end when it is new.
func (o *Object) Set(key string, value any) {
	if i := o.find(key); i >= 0 {
		o.members[i].Value = value
		return
	}
	o.members = append(o.members, Member{key, value})
	switch {
	case o.index != nil:
		o.index[key] = len(o.members) - 1
	case len(o.members) > indexFrom:
		o.reindex()
	}
}

// Delete removes key, if it is there.
func (o *Object) Delete(key string) {
	i := o.find(key)
	if i < 0 {
		return
	}
	o.members = slices.Delete(o.members, i, i+1)
	o.index = nil
	if len(o.members) > indexFrom {
		o.reindex()
	}
}

func (o *Object) reindex() {
	o.index = make(map[string]int, 2*len(o.members))
	for i := range o.members {
		o.index[o.members[i].Key] = i
	}
}

// Len returns the number of keys. A nil object has none.
func (o *Object) Len() int {
	if o == nil {
		return 0
	}
	return len(o.members)
}

// All yields keys and values in order. The object must not change meanwhile.
func (o *Object) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		if o == nil {
			return
		}
		for _, m := range o.members {
			if !yield(m.Key, m.Value) {
				return
			}
		}
	}
}

// Clone returns a copy that shares the values.
func (o *Object) Clone() *Object {
	c := &Object{}
	if o != nil {
		c.members = slices.Clone(o.members)
	}
	if len(c.members) > indexFrom {
		c.reindex()
	}
	return c
}

// MarshalJSON is [AppendJSON], for encoding/json, which refuses NaN and
// infinities.
func (o *Object) MarshalJSON() ([]byte, error) { return AppendJSON(nil, o) }

// UnmarshalJSON reads an object as [Message.Data] does, datetimes included.
func (o *Object) UnmarshalJSON(b []byte) error {
	v, err := parseData(string(b), DefaultMaxDepth, true)
	if err != nil {
		return err
	}
	switch v := v.(type) {
	case nil: // as encoding/json has it for null
	case *Object:
		*o = *v
	default:
		return fmt.Errorf("%s is no object", shown(string(b)))
	}
	return nil
}

// String is the JSON of o as it would go out, or the error in the way.
func (o *Object) String() string {
	b, err := AppendJSON(nil, o)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// keySet finds keys that come again while an object is read.
type keySet struct {
	marks uint64         // a bit for each key: most new ones find theirs unset
	index map[string]int // as in Object
}

// mark tells whether key is new for certain, and marks it.
func (s *keySet) mark(key string) bool {
	before := s.marks
	s.marks |= 1 << (keyHash(key) & 63)
	return s.marks != before
}

// find returns the place of key among members; when it is new, it will be the
// next.
func (s *keySet) find(members []Member, key string) (int, bool) {
	if s.index == nil && len(members) >= indexFrom {
		o := Object{members: members}
		o.reindex()
		s.index = o.index
	}
	if s.index != nil {
		i, ok := s.index[key]
		if !ok {
			s.index[key] = len(members)
		}
		return i, ok
	}
	for i := range members {
		if members[i].Key == key {
			return i, true
		}
	}
	return 0, false
}

// keyHash mixes a little of key: cheap and not even. Those who use it bound what
// keys that fall together can cost.
func keyHash(key string) uint {
	n := uint(len(key))
	if n == 0 {
		return 0
	}
	return n*7 + uint(key[0])*31 + uint(key[n-1])*5 + uint(key[n/2])
}
