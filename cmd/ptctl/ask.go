package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// localNameservers are asked when none is named.
var localNameservers = []string{"localhost"}

// probeAfter is how long an answer is waited for before somebody looks whether anybody is there at all, which ZeroMQ does not tell.
const probeAfter = time.Second

// reply is what a nameserver said when it was asked for all publishers.
type reply struct {
	took       time.Duration // the connection included
	publishers int
	offset     time.Duration // what its clock is ahead of ours; wrong by half of took at most, when it answers at once
}

// askAll asks one nameserver for all publishers, as programs do. An error says what is wrong with the nameserver, or with the question.
func askAll(ctx context.Context, node *pubsub.Node, net network, host string) (reply, error) {
	to, err := nameserverAddress(node.Settings(), net, host)
	if err != nil {
		return reply{}, err
	}
	frame, err := message.Encoder{Version: message.V101}.Encode(message.Fields{Subject: "/oper/ns", Type: "request", Data: map[string]any{"service": ""}})
	if err != nil {
		return reply{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(probeAfter, func() {
		if err := knock(ctx, to.Endpoint); errors.Is(err, syscall.ECONNREFUSED) || isUnknownHost(err) {
			cancel(err)
		}
	})
	defer timer.Stop()
	begun := time.Now()
	answer, err := net.transport.Request(ctx, to, frame.Bytes(), net.keys.Options(transport.SocketOptions{KeepAlive: node.Settings().KeepAlive}))
	ended := time.Now()
	if err != nil {
		return reply{}, noReply(ctx, node.Settings(), to, err, ended.Sub(begun))
	}
	r, err := readReply(answer, begun, ended)
	if err != nil {
		return reply{}, fmt.Errorf("answers, but not as a nameserver does: %w", err)
	}
	return r, nil
}

// nameserverAddress is where a nameserver answers, as the settings say.
func nameserverAddress(settings pubsub.Settings, net network, host string) (transport.Address, error) {
	port := settings.NameserverPort
	if settings.Backend == transport.Secure {
		port = settings.SecureNameserverPort
	}
	to, err := discovery.NameserverAddress(host, port)
	if err != nil {
		return transport.Address{}, err
	}
	to.Backend = settings.Backend
	return net.keys.Address(to), nil
}

// noReply says why there is no answer.
func noReply(ctx context.Context, settings pubsub.Settings, to transport.Address, err error, took time.Duration) error {
	if errors.Is(err, transport.ErrNoKeys) {
		return keysMissing(err)
	}
	if refused, ok := errors.AsType[*transport.HandshakeError](err); ok {
		return daemon.Hint(fmt.Errorf("%s lets nobody in: %s", to, refused.Cause), "%s", refused.Reason.Advice(to.Backend))
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.DeadlineExceeded) && !errors.Is(cause, context.Canceled) {
		return daemon.Hint(fmt.Errorf("%s: %w", to, bare(cause)), "%s", noAnswerHint(settings))
	}
	silent := fmt.Errorf("%s gives no answer within %s", to, roundTime(took))
	if lost, ok := errors.AsType[*transport.LostError](err); ok {
		silent = fmt.Errorf("%w: %w", silent, lost)
	}
	return daemon.Hint(silent, "%s", noAnswerHint(settings))
}

// readReply reads the answer to a question that was put at begun.
func readReply(frame []byte, begun, ended time.Time) (reply, error) {
	m, err := message.Decode(frame)
	if err != nil {
		return reply{}, err
	}
	r := reply{took: ended.Sub(begun)}
	r.offset = m.Time().Sub(begun.Add(r.took / 2))
	if len(m.RawData()) == 0 {
		return r, nil
	}
	for _, err := range m.Elements() { // which are counted, not decoded
		if err != nil {
			return reply{}, err
		}
		r.publishers++
	}
	return r, nil
}

// knock connects to where somebody should be, and closes the connection again. Nothing is said.
func knock(ctx context.Context, at transport.Endpoint) error {
	network, address := "tcp", net.JoinHostPort(at.Host(), fmt.Sprint(at.Port()))
	switch at.Scheme() {
	case "ipc":
		network, address = "unix", at.Path()
	case "inproc":
		return nil
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// bare takes off what net and os add to the causes of their errors.
func bare(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		err = call.Err
	}
	return err
}

// isUnknownHost tells whether a host name is known not to exist.
func isUnknownHost(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound
}
