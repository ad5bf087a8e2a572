package curve

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// z85Alphabet is the alphabet of Z85 (ZeroMQ RFC 32): no quote, no backslash, no comma, nothing that a shell's single quotes don't hold.
const z85Alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

// notZ85 stands in z85Values for a byte that is no digit.
const notZ85 = 0xff

var z85Values = func() (values [256]byte) {
	for i := range values {
		values[i] = notZ85
	}
	for i := range len(z85Alphabet) {
		values[z85Alphabet[i]] = byte(i)
	}
	return values
}()

// errZ85Length is for both directions: bytes come by fours, digits by fives.
var errZ85Length = errors.New("not a length of Z85: bytes come by fours, characters by fives")

// AppendEncodeZ85 appends src as Z85 text, five characters for four bytes, to dst. A length that is no multiple of four is an error, and dst
// is returned as it was.
func AppendEncodeZ85(dst, src []byte) ([]byte, error) {
	if len(src)%4 != 0 {
		return dst, errZ85Length
	}
	dst = slices.Grow(dst, len(src)/4*5)
	for group := range slices.Chunk(src, 4) {
		value := binary.BigEndian.Uint32(group)
		for _, power := range [...]uint32{85 * 85 * 85 * 85, 85 * 85 * 85, 85 * 85, 85, 1} {
			dst = append(dst, z85Alphabet[value/power%85])
		}
	}
	return dst, nil
}

// AppendDecodeZ85 appends the bytes that text stands for, four for five characters, to dst. A length that is no multiple of five, a character
// outside the alphabet and a group above 2³²-1 are errors that tell the position and not the text, and dst is returned as it was.
func AppendDecodeZ85(dst, text []byte) ([]byte, error) {
	if len(text)%5 != 0 {
		return dst, errZ85Length
	}
	begin := len(dst)
	dst = slices.Grow(dst, len(text)/5*4)
	for at := 0; at < len(text); at += 5 {
		var value uint64
		for i, char := range text[at : at+5] {
			digit := z85Values[char]
			if digit == notZ85 {
				clear(dst[begin:])
				return dst[:begin], fmt.Errorf("character %d is not in the alphabet of Z85", at+i+1)
			}
			value = value*85 + uint64(digit)
		}
		if value > 1<<32-1 {
			clear(dst[begin:])
			return dst[:begin], fmt.Errorf("characters %d to %d are no Z85: their value is too large", at+1, at+5)
		}
		dst = binary.BigEndian.AppendUint32(dst, uint32(value))
	}
	return dst, nil
}
