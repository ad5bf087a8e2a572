package zmq

import (
	"testing"

	"github.com/pytroll/posttroll-go/pkg/transport/zmq/internal/otherlib"
)

// TestOtherLibraries: what stands before functions of the C library does for other libraries what these do.
func TestOtherLibraries(t *testing.T) {
	t.Parallel()
	if err := otherlib.CancelAccept(); err != nil {
		t.Errorf("a thread in accept is cancelled: %v", err)
	}
	for _, data := range []uint64{6, 7} {
		if got := otherlib.ThroughEpoll(data); got != data {
			t.Errorf("epoll gives back %d, want %d", got, data)
		}
	}
}
