package main

import (
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// rogue is a server that a stranger runs, for those of our programs that connect. It keeps each connection until it is stopped, or its treatment ends it.
type rogue struct {
	listener net.Listener
	treat    func(net.Conn) error
	serving  sync.WaitGroup

	mu      sync.Mutex // guards what is below
	stopped bool
	conns   []net.Conn
	treated int     // connections with which treat is done
	wrong   []error // what it did not like
}

// serve starts a rogue, which ends when the world was checked with it.
func (a *attack) serve(treat func(net.Conn) error) (*rogue, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(stranger, "0"))
	if err != nil {
		return nil, err
	}
	r := &rogue{listener: listener, treat: treat}
	r.serving.Go(r.accept)
	a.after(r.stop)
	return r, nil
}

func (r *rogue) port() int { return r.listener.Addr().(*net.TCPAddr).Port }

func (r *rogue) uri() string { return fmt.Sprintf("tcp://%s:%d", stranger, r.port()) }

func (r *rogue) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return // it is stopped
		}
		if !r.keep(conn) {
			return
		}
		r.serving.Go(func() { r.done(r.treat(conn)) })
	}
}

func (r *rogue) keep(conn net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		_ = conn.Close() // nobody waits for it
		return false
	}
	r.conns = append(r.conns, conn)
	return true
}

// done notes the end of a treatment. That the other side does not want it is a right answer.
func (r *rogue) done(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.treated++
	if err = orStuck(err); err != nil && len(r.wrong) < maxWrong && !errors.Is(err, errRefused) && !errors.Is(err, net.ErrClosed) {
		r.wrong = append(r.wrong, err)
	}
}

// stop ends all connections, and returns what treatments did not like.
func (r *rogue) stop() error {
	err := r.listener.Close()
	r.mu.Lock()
	r.stopped = true
	for _, conn := range r.conns {
		_ = conn.Close() // many are closed
	}
	r.mu.Unlock()
	r.serving.Wait()
	return errors.Join(append(r.wrong, err)...)
}

// hasTreated is nil when so many connections were treated.
func (r *rogue) hasTreated(connections int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.treated < connections {
		return fmt.Errorf("%d connections to the hostile server were treated, want %d", r.treated, connections)
	}
	return nil
}

// publish lists a rogue at the nameserver as a publisher of a service that all subscribers of the world want, waits until they have come to it and were
// treated, and takes it from the list when the world was checked.
func (a *attack) publish(treat func(net.Conn) error) error {
	service, connections := serviceCtl, 3 // ptctl, the relay, and package pubsub
	if a.at.secure {
		service, connections = serviceSecure, 1 // the relay
	}
	r, err := a.serve(treat)
	if err != nil {
		return err
	}
	if err := a.list(discovery.TypeInfo, r.uri(), service); err != nil {
		return err
	}
	a.after(func() error { return a.list(discovery.TypeWithdraw, r.uri(), service) })
	return eventually(a, func() error { return r.hasTreated(connections) })
}

// list announces or withdraws a publisher, in order and from where the well-behaved are.
func (a *attack) list(typ, uri, service string) error {
	announcement := discovery.Announcement{Name: "rogue", URI: uri, Services: []string{service}}
	port := a.w.ports.register
	if a.at.secure {
		announcement.Backend, port = transport.Secure, a.w.ports.secureRegister
	}
	m, err := announcement.Message(typ, message.Encoder{})
	if err != nil {
		return err
	}
	return a.w.tell(a.w.ctx, port, a.at.secure, m.String())
}
