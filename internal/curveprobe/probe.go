package curveprobe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// DefaultTimeout is longer than a server of this suite waits for the end of a handshake, so that its patience ends first.
const DefaultTimeout = 10 * time.Second

// Probe says what to connect to, and as whom.
type Probe struct {
	// Endpoint is a tcp or ipc endpoint that can be connected to.
	Endpoint transport.Endpoint
	// ServerKey is the public key that the server should have.
	ServerKey curve.PublicKey
	// ClientKey is the pair that the server should admit. The caller keeps it whole while Run runs.
	ClientKey curve.KeyPair
	// Timeout is for the whole. Default [DefaultTimeout].
	Timeout time.Duration
}

// Run connects, goes through the handshake, and closes the connection. It may be called concurrently. Its error is for what is wrong with the
// probe, or ctx's when that ends before; all that comes from outside is in the report.
func (p Probe) Run(ctx context.Context) (Report, error) {
	if err := p.check(); err != nil {
		return Report{}, err
	}
	if p.Timeout <= 0 {
		p.Timeout = DefaultTimeout
	}
	h, err := newHandshake(p.ServerKey, p.ClientKey)
	if err != nil {
		return Report{}, err
	}
	defer h.wipe()
	limited, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	t := &trial{handshake: h}
	err = t.run(limited, p.Endpoint)
	if ctx.Err() != nil && err != nil {
		return Report{}, context.Cause(ctx)
	}
	t.report.Outcome = Admitted
	if f, ok := errors.AsType[*finding](err); ok {
		t.report.Outcome, t.report.Detail = f.outcome, f.detail
	} else if err != nil {
		return Report{}, err
	}
	return t.report, nil
}

// check says what is wrong with p.
func (p Probe) check() error {
	switch {
	case p.ServerKey.IsZero():
		return errors.New("no public key of the server")
	case p.ClientKey.Secret.IsZero():
		return errors.New("no key pair of ours")
	case p.Endpoint.Scheme() == "inproc":
		return errors.New("an inproc endpoint is within a program, and never secured")
	}
	return p.Endpoint.CheckConnect()
}

// trial is one run of a probe.
type trial struct {
	handshake *handshake
	report    Report
	conn      net.Conn
	begun     time.Time // when the stage at hand began
}

// run goes all the way. Its errors are findings, but for those that are ours.
func (t *trial) run(ctx context.Context, endpoint transport.Endpoint) error {
	conn, err := t.connect(ctx, endpoint)
	if err != nil {
		return err
	}
	return t.talk(ctx, conn)
}

// talk goes through the handshake on conn, and closes it.
func (t *trial) talk(ctx context.Context, conn net.Conn) error {
	t.conn = conn
	defer conn.Close() // all is said by then
	// A deadline that has passed ends what is under way, and all that comes.
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	for _, stage := range []struct {
		name Stage
		do   func() error
	}{{Greeting, t.greet}, {Hello, t.sayHello}, {Initiate, t.initiate}} {
		if err := t.step(stage.name, stage.do); err != nil {
			return err
		}
	}
	return nil
}

// step does one stage and notes how long it took.
func (t *trial) step(stage Stage, do func() error) error {
	t.begun = time.Now()
	err := do()
	t.report.Steps = append(t.report.Steps, Step{stage, time.Since(t.begun)})
	return err
}

// noteAddresses notes where the connection goes.
func (t *trial) noteAddresses(conn net.Conn) {
	address := func(a net.Addr) netip.AddrPort {
		tcp, ok := a.(*net.TCPAddr)
		if !ok {
			return netip.AddrPort{}
		}
		ap := tcp.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	t.report.Server, t.report.Client = address(conn.RemoteAddr()), address(conn.LocalAddr())
}
