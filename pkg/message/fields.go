package message

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// field is a field of a struct that takes part.
type field struct {
	name      string
	quoted    string // name as it is written behind another: , "name":
	index     []int  // path through embedded structs
	plan      *plan
	omitEmpty bool
	omitZero  bool
	inString  bool // number or bool inside a string
	tagged    bool
	isZero    func(reflect.Value) bool // the type's own IsZero, for omitzero
}

// fields finds the fields of p's struct by the rules of encoding/json: of
// several with one name the least deep counts; among those, a tagged one; when
// there is still more than one, none.
func (b planner) fields(p *plan) {
	all := b.collect(nil, p.typ, nil, map[reflect.Type]bool{p.typ: true})
	slices.SortStableFunc(all, func(x, y field) int {
		return cmp.Or(
			strings.Compare(x.name, y.name),
			cmp.Compare(len(x.index), len(y.index)),
			compareBool(y.tagged, x.tagged),
		)
	})
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].name == all[0].name {
			n++
		}
		if f := all[0]; n == 1 || len(f.index) != len(all[1].index) || f.tagged != all[1].tagged {
			p.fields = append(p.fields, f)
		}
		all = all[n:]
	}
	slices.SortFunc(p.fields, func(x, y field) int { return slices.Compare(x.index, y.index) })
	p.table = newFieldTable(p.fields)
}

// fieldTable finds fields by their keys. It is there because a message has more
// keys than most structs want: those find an empty place.
type fieldTable struct {
	lengths uint64 // a bit for each length of a key, of which the lowest six bits count
	first   []int  // by hash: the first field, -1 for none
	next    []int  // by field: the next with that hash, -1 for none
}

func newFieldTable(fields []field) fieldTable {
	size := 16
	for size < 4*len(fields) {
		size *= 2
	}
	t := fieldTable{first: slices.Repeat([]int{-1}, size), next: make([]int, len(fields))}
	for i := range fields {
		t.lengths |= 1 << (len(fields[i].name) & 63)
		place := &t.first[keyHash(fields[i].name)&uint(size-1)]
		t.next[i], *place = *place, i
	}
	return t
}

// field returns the place of key's field, or -1.
func (p *plan) field(key string) int {
	i := p.table.first[keyHash(key)&uint(len(p.table.first)-1)]
	for i >= 0 && p.fields[i].name != key {
		i = p.table.next[i]
	}
	return i
}

func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return 1
	}
	return -1
}

// collect appends the fields of struct t, and of the structs it embeds. The
// types in path are those it is itself embedded in.
func (b planner) collect(all []field, t reflect.Type, index []int, path map[reflect.Type]bool) []field {
	for i := range t.NumField() {
		sf := t.Field(i)
		inner := sf.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if !sf.IsExported() && !(sf.Anonymous && kindClass(inner) == isStruct) {
			continue
		}
		tag := sf.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		at := append(slices.Clone(index), i)
		if sf.Anonymous && name == "" && kindClass(inner) == isStruct {
			if !path[inner] {
				path[inner] = true
				all = b.collect(all, inner, at, path)
				delete(path, inner)
			}
			continue
		}
		all = append(all, b.field(sf, name, options, at))
	}
	return all
}

func (b planner) field(sf reflect.StructField, name, options string, index []int) field {
	f := field{name: cmp.Or(name, sf.Name), index: index, plan: b.plan(sf.Type), tagged: name != ""}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitempty":
			f.omitEmpty = true
		case "omitzero":
			f.omitZero = true
			f.isZero = zeroFunc(sf.Type)
		case "string":
			f.inString = stringable(sf.Type)
		}
	}
	quoted, err := appendKey(nil, false, strings.ToValidUTF8(f.name, "\uFFFD"))
	if err != nil {
		panic("message: field name " + f.name) // it has just been made valid
	}
	f.quoted = string(quoted)
	return f
}

// stringable tells whether the option "string" says anything for t.
func stringable(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch kindClass(t) {
	case isBool, isInt, isUint, isFloat, isString:
		return true
	}
	return false
}

// zeroer is what omitzero asks.
type zeroer interface{ IsZero() bool }

func zeroFunc(t reflect.Type) func(reflect.Value) bool {
	if t.Kind() != reflect.Interface && t.Kind() != reflect.Pointer && t.Implements(reflect.TypeFor[zeroer]()) {
		return func(v reflect.Value) bool { return v.Interface().(zeroer).IsZero() }
	}
	return reflect.Value.IsZero
}

// omitted tells whether f is left out for the value v.
func (f *field) omitted(v reflect.Value) bool {
	return f.omitEmpty && isEmpty(v) || f.omitZero && f.isZero(v)
}

// isEmpty is encoding/json's notion: false, 0, nil, and what has length 0.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	case reflect.Invalid, reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return false
	}
	return v.IsZero()
}
