package testbed_test

import (
	"net"
	"strconv"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

func TestFreePorts(t *testing.T) {
	t.Parallel()
	seen := make(map[int]bool)
	for range 50 {
		for _, port := range []int{testbed.FreePort(t), testbed.FreeUDPPort(t)} {
			if seen[port] {
				t.Errorf("port %d was given out twice", port)
			}
			seen[port] = true
		}
	}
	port := strconv.Itoa(testbed.FreePort(t))
	l, err := net.Listen("tcp", ":"+port)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}
