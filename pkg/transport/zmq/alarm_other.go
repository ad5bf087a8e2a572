//go:build !linux

package zmq

import (
	"os"
	"time"

	"github.com/pebbe/zmq4"
)

// alarm wakes who waits for a socket, in Go's network poller.
type alarm struct{ *os.File }

func newAlarm(zs *zmq4.Socket) (*alarm, error) {
	signal, err := newSignal(zs)
	if err != nil {
		return nil, err
	}
	return &alarm{signal}, nil
}

// canNap tells whether nap waits. It does not, since the poller looks at the descriptor all the time.
const canNap = false

func (a *alarm) nap(time.Duration) {}

func (a *alarm) sleep(ready func() bool) error { return await(a.File, ready) }

func (a *alarm) free() error { return nil }
