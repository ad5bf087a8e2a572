package message

import (
	"encoding"
	"encoding/json"
	"math/big"
	"reflect"
	"sync"
	"time"
)

// class is how a Go type is written or read.
type class uint8

const (
	unsupported class = iota
	isBool
	isInt
	isUint
	isFloat
	isString
	isNumber // json.Number
	isBytes
	isStruct
	isMap
	isSlice
	isArray
	isPointer
	isAny       // interface{}
	isInterface // with methods
	isOurTime
	isStdTime
	isBigInt
	isObject
	isRaw
	isJSON    // json.Marshaler or json.Unmarshaler
	isJSONPtr // by pointer
	isText    // encoding.TextMarshaler or encoding.TextUnmarshaler
	isTextPtr // by pointer
)

// plan is what is known of a Go type.
type plan struct {
	typ    reflect.Type
	write  class
	read   class
	plain  class // by its kind alone
	elem   *plan // of pointer, slice, array, map
	key    *plan // of map
	fields []field
	table  fieldTable
}

var (
	jsonMarshalerType   = reflect.TypeFor[json.Marshaler]()
	jsonUnmarshalerType = reflect.TypeFor[json.Unmarshaler]()
	textMarshalerType   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// own are the types with a class of their own.
var own = map[reflect.Type]class{
	reflect.TypeFor[Time]():        isOurTime,
	reflect.TypeFor[time.Time]():   isStdTime,
	reflect.TypeFor[big.Int]():     isBigInt,
	reflect.TypeFor[Object]():      isObject,
	reflect.TypeFor[RawJSON]():     isRaw,
	reflect.TypeFor[json.Number](): isNumber,
}

var (
	plans   sync.Map // reflect.Type to *plan
	plansMu sync.Mutex
)

// planOf returns the plan of t.
func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	plansMu.Lock()
	defer plansMu.Unlock()
	b := planner{}
	p := b.plan(t)
	// Only now are all of them complete: a type may contain itself.
	for t, p := range b {
		plans.LoadOrStore(t, p)
	}
	return p
}

// planner holds the plans that are being made.
type planner map[reflect.Type]*plan

func (b planner) plan(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	if p, ok := b[t]; ok {
		return p
	}
	p := &plan{typ: t, plain: kindClass(t)}
	b[t] = p
	p.write = methodClass(t, p.plain, jsonMarshalerType, textMarshalerType)
	p.read = methodClass(t, p.plain, jsonUnmarshalerType, textUnmarshalerType)
	switch p.plain {
	case isPointer, isSlice, isArray, isBytes:
		p.elem = b.plan(t.Elem())
	case isMap:
		p.key, p.elem = b.plan(t.Key()), b.plan(t.Elem())
	case isStruct:
		b.fields(p)
	}
	return p
}

// methodClass is plain, unless t or a pointer to it has the methods.
func methodClass(t reflect.Type, plain class, jsonType, textType reflect.Type) class {
	switch ptr := reflect.PointerTo(t); {
	case own[t] != unsupported, plain == isAny, plain == isInterface:
		return plain
	case t.Kind() == reflect.Pointer && own[t.Elem()] != unsupported:
		return plain
	case t.Implements(jsonType):
		return isJSON
	case ptr.Implements(jsonType):
		return isJSONPtr
	case t.Implements(textType):
		return isText
	case ptr.Implements(textType):
		return isTextPtr
	}
	return plain
}

// kindClass is the class of t without its methods.
func kindClass(t reflect.Type) class {
	if c, ok := own[t]; ok {
		return c
	}
	switch t.Kind() {
	case reflect.Bool:
		return isBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return isInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return isUint
	case reflect.Float32, reflect.Float64:
		return isFloat
	case reflect.String:
		return isString
	case reflect.Struct:
		return isStruct
	case reflect.Map:
		return isMap
	case reflect.Slice:
		if isOctet(t.Elem()) {
			return isBytes
		}
		return isSlice
	case reflect.Array:
		return isArray
	case reflect.Pointer:
		if pointsNowhere(t) {
			return unsupported
		}
		return isPointer
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return isAny
		}
		return isInterface
	}
	return unsupported
}

// isOctet tells whether a slice of t is bytes, and no list.
func isOctet(t reflect.Type) bool {
	return t.Kind() == reflect.Uint8 && methodClass(t, isUint, jsonMarshalerType, textMarshalerType) == isUint
}

// pointsNowhere tells whether t is a pointer to itself, as in type P *P, or
// near enough.
func pointsNowhere(t reflect.Type) bool {
	for range 16 {
		if t.Kind() != reflect.Pointer {
			return false
		}
		t = t.Elem()
	}
	return true
}
