package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// loopback is the one interface of the namespace.
const loopback = "127.0.0.1"

// party is a program of the soak other than the daemons.
type party struct {
	keys      string // a folder
	secure    bool
	name      string
	service   string
	multicast bool
	slow      int // times between what it does are so many times as long

	node   *pubsub.Node
	report *report
	stalls *stalls
}

// report is what a party has to say when it is asked. It may be used concurrently.
type report struct {
	mu     sync.Mutex
	answer func() any
}

// is sets what answers from now on.
func (r *report) is(answer func() any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func (r *report) now() any {
	r.mu.Lock()
	answer := r.answer
	r.mu.Unlock()
	if answer == nil {
		return nil
	}
	return answer()
}

// slowed is a time between two of what is done again and again.
func (p *party) slowed(d time.Duration) time.Duration { return time.Duration(p.slow) * d }

// told is what every party tells.
type told struct {
	Goroutines int `json:"goroutines"`
	Report     any `json:"report"`
}

// run opens what a party needs, has it act until ctx ends, and answers meanwhile. The last answer follows when all is over.
func (p *party) run(ctx context.Context, in io.Reader, out io.Writer, act func(context.Context, *party) error) (err error) {
	p.stalls = new(stalls)
	closeNode, err := p.open()
	if err != nil {
		return err
	}
	p.report = new(report)
	var mu sync.Mutex
	answers := json.NewEncoder(out)
	tell := func() error {
		mu.Lock()
		defer mu.Unlock()
		return answers.Encode(told{runtime.NumGoroutine(), p.report.now()})
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() { // ends with the program
		for lines := bufio.NewScanner(in); lines.Scan(); {
			if err := tell(); err != nil {
				cancel(err)
			}
		}
		cancel(io.EOF) // who asks has gone
	}()
	go p.stalls.run(ctx)
	err = act(ctx, p)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil
	}
	err = errors.Join(err, closeNode())
	return errors.Join(err, tell())
}

// open makes the node.
func (p *party) open() (closeNode func() error, err error) {
	logger, err := zap.Config{Level: zap.NewAtomicLevelAt(zap.WarnLevel), Encoding: "json", OutputPaths: []string{"stderr"}, EncoderConfig: zap.NewProductionEncoderConfig()}.Build()
	if err != nil {
		return nil, err
	}
	settings := pubsub.Settings{MulticastInterface: netip.MustParseAddr(loopback)}
	var cfg security.Config
	if p.secure {
		settings.Backend = transport.Secure
		cfg = security.Config{
			ServerSecretKeyFile:        filepath.Join(p.keys, "server.key_secret"),
			ClientsPublicKeysDirectory: filepath.Join(p.keys, "clients"),
			ClientSecretKeyFile:        filepath.Join(p.keys, "client.key_secret"),
			ServerPublicKeyFile:        filepath.Join(p.keys, "server.key"),
		}
	}
	sec, err := security.Open(cfg, security.Options{Logger: logger})
	if err != nil {
		return nil, err
	}
	network, err := zmq.New(zmq.Options{Logger: logger})
	if err != nil {
		return nil, errors.Join(err, sec.Close())
	}
	p.node, err = pubsub.New(pubsub.Options{Transport: network, Settings: settings, Security: sec, Logger: logger})
	closeNode = func() error { return errors.Join(network.Close(), sec.Close()) }
	if err != nil {
		return nil, errors.Join(err, closeNode())
	}
	return closeNode, nil
}

// start runs this program as a party.
func (p *party) start(ctx context.Context, role string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{"-role", role, "-keys", p.keys, "-name", p.name, "-service", p.service, "-slow", strconv.Itoa(p.slow)}
	if p.secure {
		args = append(args, "-secure")
	}
	if p.multicast {
		args = append(args, "-multicast")
	}
	return start(ctx, role+" "+p.name, nil, self, args...)
}
