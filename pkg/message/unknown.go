package message

import "math/bits"

// passUnknown passes over members of an object that are no fields of p, as long as they are texts without an escape and written as Python writes them, and
// over the key behind them when it is one of a field, which it returns with the place of the field; -1 if it is something else. Most of a message is that for a
// program that wants a few of its values, and one loop takes two thirds of the time of key, skip and more; what it does not take they check, and what it takes
// they would.
func (sc *scanner) passUnknown(p *plan) (string, int) {
	s := sc.s
	for start := sc.pos; start < len(s) && s[start] == '"'; {
		start++
		end := start
		for ; end+8 <= len(s); end += 8 { // plainEnd, which is not inlined
			if found := special(load8(s, end)); found != 0 {
				end += bits.TrailingZeros64(found) >> 3
				break
			}
		}
		if end+4 > len(s) || s[end:end+3] != `": ` || s[end+3] <= ' ' {
			break
		}
		if i := p.field(s[start:end]); i >= 0 {
			sc.pos = end + 3
			return s[start:end], i
		}
		if s[end+3] != '"' {
			break
		}
		for end += 4; end+8 <= len(s); end += 8 {
			if found := special(load8(s, end)); found != 0 {
				end += bits.TrailingZeros64(found) >> 3
				break
			}
		}
		if end+4 > len(s) || s[end:end+4] != `", "` {
			break
		}
		start = end + 3
		sc.pos = start
	}
	return "", -1
}
