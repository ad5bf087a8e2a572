package zmq

/*
#cgo LDFLAGS: -ldl
// Of epoll_linux.c.
int ptz_stands_before_epoll(void);
*/
import "C"

// outlivesResets tells whether a peer that resets its connection can't end the process. It knows once there is a socket.
func outlivesResets() bool { return C.ptz_stands_before_epoll() != 0 }
