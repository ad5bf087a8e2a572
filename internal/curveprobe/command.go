package curveprobe

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The flags of a frame (RFC 37).
const (
	flagLong    = 0x02
	flagCommand = 0x04
	flagsKnown  = 0x07
)

// maxCommand bounds the commands that are taken, in bytes. The largest that a server has reason to send is READY with its metadata.
const maxCommand = 16 << 10

// command is a ZMTP command.
type command struct {
	name string
	body []byte
}

// appendCommand appends a command as it goes over the wire.
func appendCommand(dst []byte, name string, body []byte) []byte {
	size := 1 + len(name) + len(body)
	if size > 0xff {
		dst = append(dst, flagCommand|flagLong)
		dst = binary.BigEndian.AppendUint64(dst, uint64(size))
	} else {
		dst = append(dst, flagCommand, byte(size))
	}
	dst = append(dst, byte(len(name)))
	dst = append(dst, name...)
	return append(dst, body...)
}

// readCommand reads a command. What is none is a finding; errors of r are returned as they are.
func readCommand(r io.Reader) (command, error) {
	size, err := readHead(r)
	if err != nil {
		return command{}, err
	}
	frame := make([]byte, size)
	if _, err := io.ReadFull(r, frame); err != nil {
		return command{}, err
	}
	if len(frame) == 0 || frame[0] == 0 || int(frame[0]) >= len(frame) {
		return command{}, &finding{ProtocolError, "it sent a command without a name"}
	}
	end := 1 + int(frame[0])
	return command{string(frame[1:end]), frame[end:]}, nil
}

// readHead reads flags and size of a command's frame.
func readHead(r io.Reader) (int, error) {
	var head [9]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return 0, err
	}
	flags, size := head[0], uint64(head[1])
	if flags&^flagsKnown != 0 || flags&flagCommand == 0 {
		return 0, &finding{ProtocolError, fmt.Sprintf("it sent a frame with flags %#02x in the handshake", flags)}
	}
	if flags&flagLong != 0 {
		if _, err := io.ReadFull(r, head[2:]); err != nil {
			return 0, err
		}
		size = binary.BigEndian.Uint64(head[1:])
	}
	if size > maxCommand {
		return 0, &finding{ProtocolError, fmt.Sprintf("it sent a command of %d bytes in the handshake", size)}
	}
	return int(size), nil
}
