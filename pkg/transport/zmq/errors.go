package zmq

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// firstOwnErrno is ZMQ_HAUSNUMERO: from here on error numbers are libzmq's own.
const firstOwnErrno = 156384712

// cause turns the errors of the binding and the shim into those of package syscall, so that callers can test for
// them, and leaves libzmq's own as they are.
func cause(err error) error {
	if e := zmq4.AsErrno(err); e != 0 && e < firstOwnErrno {
		return syscall.Errno(e)
	} else if e != 0 {
		return e
	}
	return err
}

// bindError explains the causes of a failed bind that the error number alone does not.
func bindError(e transport.Endpoint, err error) error {
	err = cause(err)
	if e.Scheme() == "tcp" && errors.Is(err, syscall.ENODEV) {
		return fmt.Errorf("bind %s: %w: neither an address nor a network interface of this host", e, err)
	}
	return fmt.Errorf("bind %s: %w", e, err)
}
