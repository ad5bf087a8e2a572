package zmq

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/pebbe/zmq4"
)

// closeMargin is what Close waits beyond the time to linger before it gives up on libzmq.
const closeMargin = 10 * time.Second

// monitorNumber makes the names of monitors' endpoints. The control character keeps them apart from those that
// transport.ParseEndpoint accepts.
var monitorNumber atomic.Uint64

// monitor reads what libzmq tells about a socket's connections. Like the socket it is used under the socket's mu.
//
// libzmq's I/O thread waits for a monitor that is not read, and all sockets of the context wait with it: so the queue
// between has no limit and the reader always reads.
type monitor struct {
	zs     *zmq4.Socket
	raw    unsafe.Pointer
	signal *os.File
	batch  *batch
	head   []byte // first frame of an event whose second one is to come
}

// event is what libzmq tells.
type event struct {
	kind    zmq4.Event
	value   int // descriptor, error number or protocol error, by kind
	address string
	id      connID // of the connection that was taken, once the guard has looked it up
}

// openMonitor makes s tell of the events in mask, and of its end.
func (s *socket) openMonitor(mask zmq4.Event) error {
	name := fmt.Sprintf("inproc://\x01monitor-%d", monitorNumber.Add(1))
	if err := s.zs.Monitor(name, mask|zmq4.EVENT_MONITOR_STOPPED); err != nil {
		return fmt.Errorf("monitor: %w", cause(err))
	}
	m := &monitor{}
	if err := m.open(s.owner, name); err != nil {
		return errors.Join(fmt.Errorf("monitor: %w", err), m.free())
	}
	s.monitor = m
	return nil
}

func (m *monitor) open(t *Transport, name string) (err error) {
	if m.zs, err = t.rawSocketOf(zmq4.PAIR); err != nil {
		return t.newSocketError(err)
	}
	m.raw = rawSocket(m.zs)
	if m.signal, err = newSignal(m.zs); err != nil {
		return err
	}
	if m.batch, err = newBatch(batchFrames, 0); err != nil {
		return err
	}
	if err := m.zs.SetRcvhwm(0); err != nil {
		return cause(err)
	}
	return cause(m.zs.Connect(name))
}

// read appends the events that have come to events. The socket's mu is held.
func (m *monitor) read(events []event) ([]event, error) {
	for {
		more, err := m.batch.recv(m.raw)
		if err != nil {
			return events, err
		}
		for p := range m.batch.parts() {
			if p.more {
				m.head = append(m.head[:0], p.data...)
			} else if e, ok := parseEvent(m.head, p.data); ok {
				events = append(events, e)
			}
		}
		if !more {
			m.batch.release()
			return events, nil
		}
	}
}

// parseEvent reads an event in the form of zmq_socket_monitor(3): 16 bits of kind and 32 of value in native order, and
// the address in a frame of its own.
func parseEvent(head, address []byte) (event, bool) {
	if len(head) != 6 {
		return event{}, false
	}
	return event{
		kind:    zmq4.Event(binary.NativeEndian.Uint16(head)),
		value:   int(int32(binary.NativeEndian.Uint32(head[2:]))),
		address: string(address),
	}, true
}

// close waits until the monitored socket, already closed, is gone: its queues sent or given up, its port free.
func (m *monitor) close(wait time.Duration) error {
	return errors.Join(m.awaitStop(wait), m.free())
}

func (m *monitor) awaitStop(wait time.Duration) error {
	if err := m.zs.SetRcvtimeo(wait); err != nil {
		return cause(err)
	}
	for end := time.Now().Add(wait); time.Now().Before(end); {
		kind, _, _, err := m.zs.RecvEvent(0)
		switch {
		case err != nil && errors.Is(cause(err), syscall.EAGAIN):
			return errors.New("libzmq does not end the socket")
		case err != nil:
			return cause(err)
		case kind == zmq4.EVENT_MONITOR_STOPPED:
			return nil
		}
	}
	return errors.New("libzmq does not end the socket")
}

func (m *monitor) free() error {
	var err error
	if m.batch != nil {
		m.batch.free()
	}
	if m.signal != nil {
		err = errors.Join(err, m.signal.Close())
	}
	if m.zs != nil {
		err = errors.Join(err, m.zs.SetLinger(0), m.zs.Close())
	}
	return err
}
