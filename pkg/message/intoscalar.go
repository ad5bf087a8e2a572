package message

import (
	"encoding/base64"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"time"
)

// intoString reads the string that is next.
func (sc *scanner) intoString(v reflect.Value, p *plan) error {
	if p.plain == isRaw {
		return sc.intoRaw(v)
	}
	start := sc.pos
	s, err := sc.str()
	if err != nil {
		return err
	}
	switch p.plain {
	case isString:
		v.SetString(s)
		return nil
	case isOurTime, isStdTime:
		t, ok := parseTime(s)
		if !ok {
			return fieldError("data", start, "%q: %w", shown(s), errNoTime)
		}
		if p.plain == isOurTime {
			*v.Addr().Interface().(*Time) = t
		} else {
			*v.Addr().Interface().(*time.Time) = t.Time
		}
		return nil
	case isBytes:
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return fieldError("data", start, "no base64: %v", err)
		}
		v.SetBytes(b)
		return nil
	}
	return sc.mismatch(start, "a string", p.typ)
}

// intoScalar reads a number, a bool, NaN or an infinity.
func (sc *scanner) intoScalar(v reflect.Value, p *plan) error {
	start := sc.pos
	switch p.plain {
	case isRaw:
		return sc.intoRaw(v)
	case isInt:
		if n, ok := sc.smallInt(); ok && !v.OverflowInt(n) {
			v.SetInt(n)
			return nil
		}
		sc.pos = start
	}
	x, err := sc.literal()
	if err != nil {
		return err
	}
	if !x.store(v, p) {
		return sc.mismatch(start, shown(sc.s[start:sc.pos]), p.typ)
	}
	return nil
}

// smallInt reads an integer without a sign and of few digits with a comma or a
// bracket behind it, as most numbers in messages are.
func (sc *scanner) smallInt() (n int64, ok bool) {
	s, i := sc.s, sc.pos
	for ; i < len(s) && isDigit(s[i]) && i < sc.pos+18; i++ {
		n = 10*n + int64(s[i]-'0')
	}
	switch {
	case i == sc.pos || i == len(s) || s[sc.pos] == '0':
		return 0, false
	case s[i] != ',' && s[i] != '}' && s[i] != ']':
		return 0, false
	}
	sc.pos = i
	return n, true
}

// setBig puts an integer into a big.Int.
func setBig(v reflect.Value, lit string) bool {
	_, ok := v.Addr().Interface().(*big.Int).SetString(lit, 10)
	return ok
}

// literal is a number, a bool, NaN or an infinity.
type literal struct {
	text    string // of a number
	integer bool
	isBool  bool
	bool    bool
	float   float64 // of a bare word
}

// literal reads the literal that is next.
func (sc *scanner) literal() (literal, error) {
	if kind, ok := sc.bareWord(); ok {
		switch v := bareValues[kind].(type) {
		case bool:
			return literal{isBool: true, bool: v}, nil
		case float64:
			return literal{float: v}, nil
		}
	}
	text, integer, err := sc.number()
	return literal{text: text, integer: integer}, err
}

// store puts l into v and tells whether it fits.
func (l literal) store(v reflect.Value, p *plan) bool {
	switch {
	case l.isBool:
		if p.plain == isBool {
			v.SetBool(l.bool)
		}
		return p.plain == isBool
	case p.plain == isFloat:
		return l.storeFloat(v)
	case l.text == "":
		return false
	}
	switch p.plain {
	case isNumber:
		v.SetString(l.text)
		return true
	case isInt:
		n, err := strconv.ParseInt(l.text, 10, v.Type().Bits())
		v.SetInt(n)
		return err == nil
	case isUint:
		n, err := strconv.ParseUint(l.text, 10, v.Type().Bits())
		v.SetUint(n)
		return err == nil
	case isBigInt:
		return l.integer && setBig(v, l.text)
	}
	return false
}

// storeFloat: what is beyond the largest float is an infinity, as in Python;
// beyond the largest float32 it does not fit.
func (l literal) storeFloat(v reflect.Value) bool {
	f := l.float
	if l.text != "" {
		f = parseFloat(l.text)
	}
	if !math.IsInf(f, 0) && v.OverflowFloat(f) {
		return false
	}
	v.SetFloat(f)
	return true
}
