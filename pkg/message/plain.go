package message

// Both JSON reading and writing spend their time in runs of plain characters.
// These look at eight bytes at once.

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// load8 returns the eight bytes of s from i.
func load8(s string, i int) uint64 {
	_ = s[i+7]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

// special has a high bit in each byte of x that is a control character, a
// quote or a backslash. The lowest one set is right; a borrow can set wrong
// ones above it.
func special(x uint64) uint64 {
	quote := x ^ '"'*ones
	backslash := x ^ '\\'*ones
	return ((x - ' '*ones) &^ x & highs) | ((quote - ones) &^ quote & highs) | ((backslash - ones) &^ backslash & highs)
}

// plainLen returns the length of what s begins with up to a control character,
// a quote, a backslash, or its end.
func plainLen(s string) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if special(load8(s, i)) != 0 {
			break
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

// plainASCIILen is plainLen that also ends at anything but printable ASCII.
func plainASCIILen(s string) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x := load8(s, i)
		del := x ^ 0x7f*ones
		if special(x)|(x|(del-ones)&^del)&highs != 0 {
			break
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			break
		}
	}
	return i
}
