package fieldpath

import (
	"math/big"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// Equal tells whether a and b are the same JSON value. Numbers are by their value, 1 and 1.0 alike; NaN is like nothing. The order of
// keys does not count. Numbers and the texts of numbers are different.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case *message.Object:
		b, ok := b.(*message.Object)
		return ok && equalObjects(a, b)
	case []any:
		b, ok := b.([]any)
		return ok && equalLists(a, b)
	case string:
		b, ok := b.(string)
		return ok && a == b
	case bool:
		b, ok := b.(bool)
		return ok && a == b
	case nil:
		return b == nil
	case message.Time:
		b, ok := b.(message.Time)
		return ok && a.Equal(b)
	}
	return equalNumbers(a, b)
}

func equalObjects(a, b *message.Object) bool {
	if a.Len() != b.Len() {
		return false
	}
	for key, value := range a.All() {
		if other, ok := b.Get(key); !ok || !Equal(value, other) {
			return false
		}
	}
	return true
}

func equalLists(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// equalNumbers compares int64, *big.Int and float64; no other values are equal.
func equalNumbers(a, b any) bool {
	if m, ok := a.(int64); ok {
		if n, ok := b.(int64); ok {
			return m == n
		}
	}
	if x, ok := a.(float64); ok {
		if y, ok := b.(float64); ok {
			return x == y
		}
	}
	m, n := number(a), number(b)
	return m != nil && n != nil && m.Cmp(n) == 0
}

// number returns the exact value of a finite number; nil for all else.
func number(v any) *big.Rat {
	switch v := v.(type) {
	case int64:
		return new(big.Rat).SetInt64(v)
	case *big.Int:
		return new(big.Rat).SetInt(v)
	case float64:
		return new(big.Rat).SetFloat64(v)
	}
	return nil
}
