package zmq

import "golang.org/x/sys/unix"

// readProgress looks up how far the kernel has got with a connection.
func readProgress(fd int) (progress, bool) {
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return readOutQueue(fd)
	}
	b := progress{unsent: int(info.Notsent_bytes)}
	if info.Notsent_bytes < info.Snd_mss {
		// Not for want of room: the kernel keeps less than a segment until more comes (cork_linux.c).
		b.unsent = 0
	}
	// Bytes_sent is there since Linux 4.19; before it nobody can tell.
	if info.Bytes_sent > 0 {
		b.written = info.Bytes_sent - info.Bytes_retrans + uint64(info.Notsent_bytes)
		b.counted = true
	}
	return b, true
}

// readOutQueue does so for ipc, where the kernel knows what the peer has not read yet, and no more.
func readOutQueue(fd int) (progress, bool) {
	unread, err := unix.IoctlGetInt(fd, unix.TIOCOUTQ)
	if err != nil {
		return progress{}, false
	}
	return progress{unsent: unread}, true
}
