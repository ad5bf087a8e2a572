package curveprobe

import (
	"encoding/binary"
	"strings"
)

// socketTypeName is the property by which a socket tells its type (RFC 37). Names of properties have no case.
const socketTypeName = "Socket-Type"

// parseMetadata returns the value of the property Socket-Type, and whether b is well formed: properties, each a name behind its length of one
// byte, and a value behind its length of four.
func parseMetadata(b []byte) (socketType string, ok bool) {
	for len(b) > 0 {
		var name, value []byte
		if name, b, ok = cutSized(b[1:], uint64(b[0])); !ok || len(name) == 0 || len(b) < 4 {
			return "", false
		}
		if value, b, ok = cutSized(b[4:], uint64(binary.BigEndian.Uint32(b))); !ok {
			return "", false
		}
		if strings.EqualFold(string(name), socketTypeName) {
			socketType = string(value)
		}
	}
	return socketType, true
}

// cutSized cuts b behind n bytes.
func cutSized(b []byte, n uint64) (before, after []byte, ok bool) {
	if n > uint64(len(b)) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}
