package message

import (
	"encoding/binary"
	"math/bits"
)

// Both JSON reading and writing spend their time in runs of plain characters.
// These look at eight bytes at once.

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// load8 returns the eight bytes of s from i. It compiles to one load.
func load8(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// load4 is load8 for four bytes.
func load4(s string, i int) uint32 {
	s = s[i : i+4]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// special has a high bit in each byte of x that is a control character, a
// quote or a backslash. The lowest one set is right; a borrow can set wrong
// ones above it.
func special(x uint64) uint64 {
	control := (x ^ 2*ones) - '!'*ones // borrows where the byte is below ' ', or a quote, which that makes a blank
	backslash := (x ^ '\\'*ones) - ones
	return (control | backslash) &^ x & highs // a byte from 0x80 is none of them
}

// plainEnd returns where, from i on, the first control character, quote or
// backslash of s stands, or its end.
func plainEnd(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		if found := special(load8(s, i)); found != 0 {
			return i + bits.TrailingZeros64(found)>>3
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

// plainASCIIEnd is plainEnd that also ends at all but printable ASCII.
func plainASCIIEnd(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		if found := specialOrNotASCII(load8(s, i)); found != 0 {
			return i + bits.TrailingZeros64(found)>>3
		}
	}
	if i == len(s) {
		return i
	}
	if last := len(s) - 8; last >= 0 { // without those before i; behind s come zeros, which are found at its end
		rest := load8(s, last) >> (8 * (i - last))
		return i + bits.TrailingZeros64(specialOrNotASCII(rest))>>3
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

// copyPlain copies s to b, which is longer, and tells whether it is all printable
// ASCII without a quote or backslash; if not, b has a part of it. Looking at
// eight bytes and copying them at once takes less than one after the other. What
// is left at the end is done with bytes before it once more.
func copyPlain(b []byte, s string) bool {
	n := len(s)
	switch {
	case n >= 8:
		for i := 0; i < n-8; i += 8 {
			x := load8(s, i)
			if specialOrNotASCII(x) != 0 {
				return false
			}
			binary.LittleEndian.PutUint64(b[i:], x)
		}
		x := load8(s, n-8)
		binary.LittleEndian.PutUint64(b[n-8:], x)
		return specialOrNotASCII(x) == 0
	case n >= 4:
		first, last := load4(s, 0), load4(s, n-4)
		binary.LittleEndian.PutUint32(b, first)
		binary.LittleEndian.PutUint32(b[n-4:], last)
		return specialOrNotASCII(uint64(first)|uint64(last)<<32) == 0
	}
	x := uint64(' ' * ones)
	for i := range n {
		b[i] = s[i]
		x = x<<8 | uint64(s[i])
	}
	return specialOrNotASCII(x) == 0
}

// specialOrNotASCII is special that marks DEL and whatever is not ASCII too.
func specialOrNotASCII(x uint64) uint64 {
	control := (x ^ 2*ones) - '!'*ones
	backslash := (x ^ '\\'*ones) - ones
	return (control | backslash | (x + ones) | x) & highs
}

// headEnd returns where, from i on, the first byte of s stands that is no
// printable ASCII, a blank included, or its end.
func headEnd(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		x := load8(s, i)
		if found := ((x-'!'*ones)&^x | x) & highs; found != 0 {
			return i + bits.TrailingZeros64(found)>>3
		}
	}
	for i < len(s) && s[i] > ' ' && s[i] < 0x80 {
		i++
	}
	return i
}
