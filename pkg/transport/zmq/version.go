package zmq

import (
	"fmt"

	"github.com/pebbe/zmq4"
)

// LibraryVersion returns the version of the libzmq that is loaded, as "4.3.5".
func LibraryVersion() string {
	major, minor, patch := zmq4.Version()
	return fmt.Sprintf("%d.%d.%d", major, minor, patch)
}

// LibraryHasCurve tells whether the libzmq that is loaded was built with CURVE, which secure sockets need.
func LibraryHasCurve() bool { return zmq4.HasCurve() }
