package multicast

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
)

// ErrNoNetwork says that there is no way to the group at the moment: no route, no such interface, the interface is down, or the
// interface's address is not there yet. It is worth trying again later; the cause is wrapped beside it.
var ErrNoNetwork = errors.New("no network")

// noNetwork are the causes that pass when the network comes.
var noNetwork = []error{
	syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.ENETDOWN, syscall.EHOSTDOWN,
	syscall.ENODEV, syscall.ENXIO, syscall.EADDRNOTAVAIL,
}

// classify wraps ErrNoNetwork around err when that is the reason.
func classify(err error) error {
	if slices.ContainsFunc(noNetwork, func(cause error) bool { return errors.Is(err, cause) }) {
		return fmt.Errorf("%w: %w", ErrNoNetwork, err)
	}
	return err
}

// TooLongError refuses a datagram that is longer than receivers of the group can take.
type TooLongError struct {
	Size  int // bytes
	Limit int // bytes
}

// Error names size and limit.
func (e *TooLongError) Error() string {
	return fmt.Sprintf("datagram of %d bytes is above the limit of %d", e.Size, e.Limit)
}

// CheckSize returns a [*TooLongError] when a datagram of size bytes is above [MaxSend].
func CheckSize(size int) error {
	if size > MaxSend {
		return &TooLongError{Size: size, Limit: MaxSend}
	}
	return nil
}
