package message

import "math/bits"

// textMember looks whether a member of an object begins at i that is a text without an escape and has another member behind it, all written as Python writes
// it: most of a message is that, and one loop takes two thirds of the time of key, value and more. It returns where the key ends and the value begins and ends;
// with end 0 it is something else, with start 0 also the key.
func textMember(s string, i int) (keyEnd, start, end int) {
	if i >= len(s) || s[i] != '"' {
		return 0, 0, 0
	}
	keyEnd = i + 1
	for ; keyEnd+8 <= len(s); keyEnd += 8 { // plainEnd, which is not inlined
		if found := special(load8(s, keyEnd)); found != 0 {
			keyEnd += bits.TrailingZeros64(found) >> 3
			break
		}
	}
	if keyEnd+4 > len(s) || s[keyEnd:keyEnd+3] != `": ` || s[keyEnd+3] <= ' ' {
		return 0, 0, 0
	}
	start = keyEnd + 3
	if s[start] != '"' {
		return keyEnd, start, 0
	}
	start++
	for end = start; end+16 <= len(s); end += 16 {
		low, high := special(load8(s, end)), special(load8(s, end+8))
		if low|high == 0 {
			continue
		}
		if low == 0 {
			low = high
			end += 8
		}
		end += bits.TrailingZeros64(low) >> 3
		break
	}
	if end+4 > len(s) || s[end:end+4] != `", "` {
		return keyEnd, start, 0
	}
	return keyEnd, start, end
}

// passUnknown passes over members of an object that are no fields of p, as long as [textMember] would take them, and over the key behind them when it is one of a
// field, which it returns with the place of the field; -1 if it is something else. What it does not take the others check, and what it takes they would. It
// does not call textMember, since the value of a field is not to be looked at twice.
func (sc *scanner) passUnknown(p *plan) (string, int) {
	s := sc.s
	for start := sc.pos; start < len(s) && s[start] == '"'; {
		start++
		end := start
		for ; end+8 <= len(s); end += 8 {
			if found := special(load8(s, end)); found != 0 {
				end += bits.TrailingZeros64(found) >> 3
				break
			}
		}
		if end+4 > len(s) || s[end:end+3] != `": ` || s[end+3] <= ' ' {
			break
		}
		if key := s[start:end]; p.table.lengths>>(len(key)&63)&1 != 0 {
			if i := p.field(key); i >= 0 {
				sc.pos = end + 3
				return key, i
			}
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
