package zmq

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/pebbe/zmq4"
	"go.uber.org/zap"
)

// requestFrames is the room for the frames of one answer: there should be one.
const requestFrames = 4

// asker is the socket of one try.
type asker struct {
	*socket

	// Under the socket's mu.
	attempt attempt
	state   connState
	opened  time.Time
	tap     tap
	target  string
	refused *verdict // why the handshake failed
	losses  int      // connections that were up and ended without an answer
	cut     bool     // one of them ended within the answer
	hungUp  bool     // no more are made
}

// maxLosses is how often the connection of a question may be lost after the handshake. libzmq comes back ten times a second to a peer that drops it each time, though
// the answer can't come any more once the question has left.
const maxLosses = 3

// leastOfAnswer is more than a peer sends before its answer: greeting, handshake and the answers to pings.
const leastOfAnswer = 1024

// errRefused ends a try whose handshake has failed.
var errRefused = errors.New("handshake failed")

// ask sends the question and waits for the answer.
func (a *asker) ask(ctx context.Context, q *question) ([]byte, error) {
	err := errors.Join(
		setClient(a.zs, q.opts, a.owner.heartbeat),
		wrap("ZMQ_IPV6", a.zs.SetIpv6(isIPv6(q.target))),
		a.openMonitor(watched),
	)
	if key := q.serverKey(); !key.IsZero() {
		err = errors.Join(err, setClientSecurity(a.raw, key, q.opts.ClientKey))
	}
	if err != nil {
		return nil, err
	}
	if err := a.zs.Connect(q.target); err != nil {
		return nil, wrap("connect", err)
	}
	if err := sendFrame(a.raw, q.frame); err != nil {
		return nil, fmt.Errorf("send: %w", err)
	}
	a.watchFile(a.monitor.signal, a.readEvents)
	defer context.AfterFunc(ctx, a.kick)()
	var answer answer
	for {
		err := await(a.signal, func() bool {
			return answer.read(a.socket) || a.isRefused() || a.isCut() || a.isLost() || ctx.Err() != nil
		})
		switch {
		case answer.done:
			return answer.body, answer.err
		case a.isCut():
			return nil, fmt.Errorf("the connection ended within the answer (one of more than %d bytes would do that)", q.opts.MaxMessage)
		case a.isRefused():
			return nil, errRefused
		case a.isLost():
			if err := a.hangUp(); err != nil {
				return nil, err
			}
			// Round again: libzmq does it while the socket is read.
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			return nil, err
		}
	}
}

// readEvents takes in what libzmq tells about the connection.
func (a *asker) readEvents() {
	if a.lock() != nil {
		return
	}
	defer a.mu.Unlock()
	events, err := a.monitor.read(nil)
	if err != nil {
		a.log.Error("monitor can't be read", zap.Error(err))
	}
	for _, e := range events {
		a.apply(e)
	}
	if a.refused != nil || a.cut || a.losses >= maxLosses {
		a.kick()
	}
}

func (a *asker) apply(e event) {
	switch e.kind {
	case zmq4.EVENT_CONNECTED:
		if a.state == connDown {
			a.state, a.opened = connOpen, time.Now()
			a.tap.begin(e.value, a.target, &a.owner.taps)
		}
	case zmq4.EVENT_HANDSHAKE_SUCCEEDED:
		a.state = connUp
		a.tap.count(&a.owner.answerTaps) // an answer may take long: others have handshakes
	case zmq4.EVENT_HANDSHAKE_FAILED_NO_DETAIL, zmq4.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq4.EVENT_HANDSHAKE_FAILED_AUTH:
		if a.state == connOpen && a.refused == nil {
			a.refuse(a.sofar().judge(e))
		}
	case zmq4.EVENT_DISCONNECTED:
		// One that had been up may have taken the question: who knows whether it may be asked twice?
		switch {
		case a.state == connUp:
			a.losses++
			a.cut = a.cut || a.tap.received() > leastOfAnswer
			a.tap.end()
		case a.state == connOpen && a.refused == nil:
			a.refuse(unspoken)
		}
	}
}

// refuse ends the try.
func (a *asker) refuse(v verdict) {
	a.attempt = a.sofar()
	a.refused = &v
}

// sofar is the handshake as it stands.
func (a *asker) sofar() attempt {
	at := a.attempt
	at.took, at.received, at.open = time.Since(a.opened), a.tap.received(), a.tap.isOpen()
	return at
}

// pending is the verdict on a handshake that has lasted too long already, though it is not over.
func (a *asker) pending() (verdict, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := a.sofar()
	return at.silence(), a.state == connOpen && at.late()
}

func (a *asker) isRefused() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.refused != nil
}

// isCut tells whether there was an answer that can't come any more.
func (a *asker) isCut() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.cut
}

// lost is how many connections that were up have ended without an answer.
func (a *asker) lost() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.losses
}

// isLost tells whether there is no use in more connections, and the one before is not given up yet.
func (a *asker) isLost() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.losses >= maxLosses && !a.hungUp
}

// hangUp makes libzmq forget the connection: no answer comes any more.
func (a *asker) hangUp() error {
	if err := a.lock(); err != nil {
		return err
	}
	defer a.mu.Unlock()
	a.hungUp = true
	return wrap("disconnect", a.zs.Disconnect(a.target))
}

// answer collects the frames of one.
type answer struct {
	body  []byte
	parts int
	done  bool
	err   error
}

// read takes in what has come and tells whether the answer is complete.
func (a *answer) read(s *socket) bool {
	for more := true; more && !a.done; {
		var err error
		if more, err = s.batch.recv(s.raw); err != nil {
			a.done, a.err = true, err
			return true
		}
		for p := range s.batch.parts() {
			if a.parts++; a.parts == 1 {
				a.body = slices.Clone(p.data)
			}
			a.done = a.done || !p.more
		}
	}
	s.batch.release()
	if a.done && a.err == nil && a.parts != 1 {
		a.body, a.err = nil, fmt.Errorf("answer of %d frames: want 1", a.parts)
	}
	return a.done
}
