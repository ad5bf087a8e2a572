package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/multicast"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// startLimit is how long a world may take to begin.
const startLimit = 3 * time.Minute

// world is what cases happen to: programs that run, and what the check talks to them with.
type world struct {
	bin    string // folder of the programs
	quick  bool   // the short form
	narrow bool   // the nameserver and the relay may have few descriptors
	logs   string // folder for the logs of the programs; empty: they are not kept
	dir    string // its own folder
	ports  ports
	// settleLimit is how long programs have to be as they were.
	settleLimit time.Duration
	ctx         context.Context // of all cases, for what has to be done after one
	keys        *keyring
	certificate *certificate // of the nameserver's HTTPS

	processes                          []*process
	nameserver, relay                  *process
	publisher, securePublisher, goPeer *process
	subscriber                         *process

	network *zmq.Transport
	sender  *multicast.Sender
	board   *board
	readers []transport.Subscriber
	count   int // of checks

	before map[*process]footprint
}

// newWorld starts a world and waits until it works. In a narrow one the nameserver and the relay may have few descriptors. The caller closes it.
func newWorld(ctx context.Context, o options, narrow bool) (_ *world, err error) {
	w := &world{ctx: ctx, bin: o.bin, logs: o.logs, quick: o.quick, narrow: narrow, settleLimit: o.settle, board: newBoard()}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if w.dir, err = os.MkdirTemp("", "hostile"); err != nil {
		return nil, err
	}
	if w.ports, err = freePorts(); err != nil {
		return nil, err
	}
	if w.keys, err = makeKeys(w.dir); err != nil {
		return nil, err
	}
	if w.certificate, err = makeCertificate(w.dir); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{w.startNameserver, w.startPeers, w.startRelay, w.openSockets, w.warmUp} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *world) startNameserver(ctx context.Context) (err error) {
	path, err := w.writeNameserverSettings()
	if err != nil {
		return err
	}
	w.nameserver, err = w.start(ctx, command{name: "nameserverd", args: []string{"nameserverd", "-c", path}, ready: `"ready"`, env: w.environ(), files: w.files()})
	return err
}

// narrowFiles is the limit of descriptors in a narrow world. The programs themselves have some 60.
const narrowFiles = 256

func (w *world) files() int {
	if w.narrow {
		return narrowFiles
	}
	return 0
}

// startPeers starts publishers and subscribers.
func (w *world) startPeers(ctx context.Context) (err error) {
	publish := []string{"ptctl", "publish", "--nameserver", home}
	if w.publisher, err = w.start(ctx, command{
		name: "ptctl publish", env: w.environ(), args: append(publish, "--name", serviceCtl, "--address", at(w.ports.publish)),
	}); err != nil {
		return err
	}
	if w.securePublisher, err = w.start(ctx, command{
		name: "ptctl publish -b secure", env: w.environ(), args: append(publish, "--name", serviceSecure, "--address", at(w.ports.securePublish), "-b", "secure"),
	}); err != nil {
		return err
	}
	if w.subscriber, err = w.start(ctx, command{
		name: "ptctl subscribe", env: w.environ(), output: w.heard("ptctl"),
		args: []string{"ptctl", "subscribe", "--raw", "--nameserver", home, "-s", serviceCtl, "-s", serviceGo},
	}); err != nil {
		return err
	}
	w.goPeer, err = w.start(ctx, command{
		name: "package pubsub", output: w.heard("pubsub"),
		args: []string{"hostile", peerCommand, fmt.Sprint(w.ports.lookup), fmt.Sprint(w.ports.feed), fmt.Sprint(w.ports.register), fmt.Sprint(w.ports.peer)},
	})
	return err
}

func (w *world) startRelay(ctx context.Context) error {
	path, err := w.writeRelaySettings()
	if err != nil {
		return err
	}
	w.relay, err = w.start(ctx, command{name: "ptrelay", args: []string{"ptrelay", "-c", path}, ready: `"ready"`, env: w.environ(), files: w.files()})
	return err
}

// openSockets makes what the check listens and asks with.
func (w *world) openSockets(context.Context) (err error) {
	if w.network, err = zmq.New(zmq.Options{}); err != nil {
		return err
	}
	cfg := multicast.DefaultConfig()
	cfg.Port, cfg.Interface = w.ports.register, netip.MustParseAddr(home)
	if w.sender, err = multicast.NewSender(cfg); err != nil {
		return err
	}
	return w.listen()
}

// firstCheck is how long the first check may take. What is published before subscribers are there never comes, so it fails as a rule.
const firstCheck = 500 * time.Millisecond

func (w *world) checkWithin(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return w.check(ctx)
}

// warmUp checks until the world works as it should and has taken the memory that it takes.
func (w *world) warmUp(ctx context.Context) error {
	const rounds = 10
	for range rounds {
		err := w.checkWithin(ctx, firstCheck)
		for limit := 2 * firstCheck; err != nil && ctx.Err() == nil; limit = min(2*limit, checkLimit) { // they find each other, and the machine may be busy
			begun := time.Now()
			if e := w.checkWithin(ctx, limit); e == nil || ctx.Err() == nil {
				err = e // else that there was no time left, which says nothing
			}
			if err != nil && time.Since(begun) < limit {
				return fmt.Errorf("before the first case: %w", err) // something else than time is missing
			}
		}
		if err != nil {
			return fmt.Errorf("before the first case: %w", err)
		}
	}
	w.before = make(map[*process]footprint)
	for _, p := range w.processes {
		taken, err := p.footprint()
		if err != nil {
			return err
		}
		w.before[p] = taken
	}
	return nil
}

// close ends the world. A program that ended badly, or does not stop, is an error.
func (w *world) close() error {
	errs := make([]error, len(w.processes))
	var stopping sync.WaitGroup
	for i, p := range w.processes {
		stopping.Go(func() { errs[i] = p.stop() })
	}
	stopping.Wait()
	for _, s := range w.readers {
		errs = append(errs, s.Close())
	}
	if w.sender != nil {
		errs = append(errs, w.sender.Close())
	}
	if w.network != nil {
		errs = append(errs, w.network.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(w.dir))...)
}

// at is the address of a port for those who behave.
func at(port int) string { return fmt.Sprintf("tcp://%s:%d", home, port) }
