//go:build !linux

package zmq

import (
	"syscall"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// bindEarly is for systems that can't bind an address before the host has it.
func bindEarly(*zmq4.Socket, transport.Endpoint) error { return syscall.EADDRNOTAVAIL }
