package zmq

import "golang.org/x/sys/unix"

// receivedBytes is what has come over a TCP socket (since Linux 4.1).
func receivedBytes(fd int) int {
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return unknown
	}
	return int(info.Bytes_received)
}

// leftOpen tells whether the other side has not ended a TCP connection.
func leftOpen(fd int) bool {
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	return err == nil && info.State == unix.BPF_TCP_ESTABLISHED
}
