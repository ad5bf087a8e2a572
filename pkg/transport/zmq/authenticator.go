package zmq

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pebbe/zmq4"
	"go.uber.org/zap"
)

// authenticator answers libzmq's question, asked in each handshake with a guarded socket of the context, whether the client may come in. It
// hands the question to the guard of the socket, which it tells by the ZAP domain: each has one of its own.
//
// There is one for each transport, made before the first guarded socket is bound and closed after the last socket. Should it be gone all the
// same, nobody gets in, since the domains are enforced.
type authenticator struct {
	*socket

	frames [][]byte // of the request that is being read, envelope included; the reader's own
	tooBig bool

	serial atomic.Uint64 // of the handshake that was admitted last

	domains struct {
		mu   sync.Mutex
		last uint64
		of   map[string]*guard
	}
}

// authenticate returns the transport's authenticator. It is called between enter and leave.
func (t *Transport) authenticate() (*authenticator, error) {
	t.authMu.Lock()
	defer t.authMu.Unlock()
	if t.auth != nil {
		return t.auth, nil
	}
	a, err := newAuthenticator(t)
	if err != nil {
		return nil, fmt.Errorf("authenticator: %w", err)
	}
	t.auth = a
	return a, nil
}

func newAuthenticator(t *Transport) (*authenticator, error) {
	s, err := newSocket(t, zmq4.ROUTER, batchFrames, 0)
	if err != nil {
		return nil, err
	}
	a := &authenticator{socket: s}
	a.domains.of = make(map[string]*guard)
	err = errors.Join(
		wrap("ZMQ_SNDHWM", s.zs.SetSndhwm(0)), // what has been judged must be told
		wrap("ZMQ_RCVHWM", s.zs.SetRcvhwm(0)),
		s.openMonitor(0),
	)
	if err == nil {
		err = wrap("bind "+zapEndpoint, s.zs.Bind(zapEndpoint))
	}
	if err != nil {
		return nil, errors.Join(err, s.close(0))
	}
	a.watch(a.service)
	return a, nil
}

// register gives a guard a domain of its own.
func (a *authenticator) register(g *guard) (domain string) {
	a.domains.mu.Lock()
	defer a.domains.mu.Unlock()
	a.domains.last++
	domain = strconv.FormatUint(a.domains.last, 10)
	a.domains.of[domain] = g
	return domain
}

func (a *authenticator) unregister(domain string) {
	a.domains.mu.Lock()
	defer a.domains.mu.Unlock()
	delete(a.domains.of, domain)
}

func (a *authenticator) guardOf(domain string) *guard {
	a.domains.mu.Lock()
	defer a.domains.mu.Unlock()
	return a.domains.of[domain]
}

// service answers the questions that have come. Answering may take the signal that tells of the next one: so it looks until there is none.
func (a *authenticator) service() {
	for again := true; again; {
		if a.lock() != nil {
			return
		}
		again = a.readBatch()
		a.mu.Unlock()
	}
}

func (a *authenticator) readBatch() (again bool) {
	_, err := a.batch.recv(a.raw)
	if err != nil {
		a.log.Error("authenticator can't read, nobody is admitted", zap.Error(err))
		return false
	}
	for p := range a.batch.parts() {
		a.add(p)
	}
	again = a.batch.len() > 0
	a.batch.release()
	return again
}

// add takes the next frame of a request, and answers when it was the last one.
func (a *authenticator) add(p part) {
	if a.tooBig = a.tooBig || len(a.frames) == maxZAPFrames; !a.tooBig {
		a.frames = append(a.frames, slices.Clone(p.data))
	}
	if p.more {
		return
	}
	frames, tooBig := a.frames, a.tooBig
	a.frames, a.tooBig = nil, false
	// The envelope: the number of the handshake, and an empty frame.
	if len(frames) < 2 || len(frames[1]) != 0 {
		a.log.Error("authenticator: question without an envelope")
		return
	}
	request, err := parseZAPRequest(frames[2:])
	if tooBig {
		err = errors.New("ZAP request of too many frames")
	}
	status, user := zapBroken, ""
	if err != nil {
		a.log.Error("authenticator: client refused", zap.Error(err))
	} else {
		status, user = a.judge(request)
	}
	if status == zapAdmitted {
		a.reply(frames[0], request.id, status, user)
		return
	}
	time.AfterFunc(refusalDelay, func() { a.refuse(frames[0], request.id, status) })
}

// refusalDelay is how long a refusal waits. libzmq is silent for status 300 only where the answer comes after it has finished asking: one that is there
// already, since the thread that asks has lost its processor to the one that answers, makes it close the connection at once and without a word. On a busy
// machine that is one handshake after the other, and the client takes it for a wrong server key.
const refusalDelay = 20 * time.Millisecond

// refuse answers later. Once the authenticator is closed nobody waits for it any more.
func (a *authenticator) refuse(to, id []byte, status string) {
	if a.lock() != nil {
		return
	}
	a.reply(to, id, status, "")
	a.mu.Unlock()
	a.kick() // sending may have taken the signal of a question
}

func (a *authenticator) judge(r zapRequest) (status, user string) {
	g := a.guardOf(r.domain)
	if g == nil {
		return zapRefused, "" // its socket is being closed
	}
	if !g.judge(r) {
		return zapRefused, ""
	}
	return zapAdmitted, zapUser{serial: a.serial.Add(1), key: r.key}.String()
}

// reply answers. A client that is gone meanwhile is no error.
func (a *authenticator) reply(to, id []byte, status, user string) {
	var head []byte
	var sizes []uintptr
	for _, frame := range [][]byte{to, nil, []byte(zapVersion), id, []byte(status), nil, []byte(user)} {
		head = append(head, frame...)
		sizes = append(sizes, uintptr(len(frame)))
	}
	if _, err := sendMessage(a.raw, head, sizes, nil, &accounts{}, false); err != nil {
		a.log.Error("authenticator can't answer", zap.Error(err))
	}
}
