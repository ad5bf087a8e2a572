package zmq

import (
	"errors"
	"fmt"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

const (
	defaultQueue      = 1000     // messages for one connection, libzmq's own default
	defaultMaxMessage = 64 << 20 // bytes
	handshakeInterval = 10 * time.Second
	connectTimeout    = 10 * time.Second
	reconnectInterval = 100 * time.Millisecond
	backlog           = 1024 // connections that wait to be accepted: subscribers come back all at once
)

// withDefaults fills in what is not set.
func withDefaults(o transport.SocketOptions) (transport.SocketOptions, error) {
	if o.Queue == 0 {
		o.Queue = defaultQueue
	}
	if o.MaxMessage == 0 {
		o.MaxMessage = defaultMaxMessage
	}
	if o.Queue < 0 || o.MaxMessage < 0 {
		return o, fmt.Errorf("queue of %d messages of %d bytes: want more than 0", o.Queue, o.MaxMessage)
	}
	return o, nil
}

// setKeepAlive sets TCP keep-alive for the connections that zs makes or accepts from now on.
func setKeepAlive(zs *zmq4.Socket, k transport.KeepAlive) error {
	mode := map[transport.KeepAliveMode]int{transport.KeepAliveSystem: -1, transport.KeepAliveOn: 1, transport.KeepAliveOff: 0}
	value, ok := mode[k.Mode]
	if !ok {
		return fmt.Errorf("keep-alive mode %d: unknown", k.Mode)
	}
	err := wrap("ZMQ_TCP_KEEPALIVE", zs.SetTcpKeepalive(value))
	if k.Count > 0 {
		err = errors.Join(err, wrap("ZMQ_TCP_KEEPALIVE_CNT", zs.SetTcpKeepaliveCnt(k.Count)))
	}
	if k.Idle > 0 {
		err = errors.Join(err, wrap("ZMQ_TCP_KEEPALIVE_IDLE", zs.SetTcpKeepaliveIdle(seconds(k.Idle))))
	}
	if k.Interval > 0 {
		err = errors.Join(err, wrap("ZMQ_TCP_KEEPALIVE_INTVL", zs.SetTcpKeepaliveIntvl(seconds(k.Interval))))
	}
	return err
}

// seconds rounds up: half a second must not become 0, which the kernel refuses.
func seconds(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}

// setServer sets what all binding sockets have in common.
func setServer(zs *zmq4.Socket, o transport.SocketOptions) error {
	return errors.Join(
		setKeepAlive(zs, o.KeepAlive),
		wrap("ZMQ_BACKLOG", zs.SetBacklog(backlog)),
		wrap("ZMQ_HANDSHAKE_IVL", zs.SetHandshakeIvl(handshakeInterval)),
		wrap("ZMQ_MAXMSGSIZE", zs.SetMaxmsgsize(o.MaxMessage)),
	)
}

// setClient sets what all connecting sockets have in common. The heartbeat's time to live is left at 0: it would make
// the peer cut us when it has no time to read.
func setClient(zs *zmq4.Socket, o transport.SocketOptions, heartbeat time.Duration) error {
	err := errors.Join(
		setKeepAlive(zs, o.KeepAlive),
		wrap("ZMQ_LINGER", zs.SetLinger(0)),
		wrap("ZMQ_HANDSHAKE_IVL", zs.SetHandshakeIvl(handshakeInterval)),
		wrap("ZMQ_CONNECT_TIMEOUT", zs.SetConnectTimeout(connectTimeout)),
		wrap("ZMQ_RECONNECT_IVL", zs.SetReconnectIvl(reconnectInterval)),
		wrap("ZMQ_MAXMSGSIZE", zs.SetMaxmsgsize(o.MaxMessage)),
	)
	if heartbeat > 0 {
		err = errors.Join(err,
			wrap("ZMQ_HEARTBEAT_IVL", zs.SetHeartbeatIvl(heartbeat)),
			wrap("ZMQ_HEARTBEAT_TIMEOUT", zs.SetHeartbeatTimeout(4*heartbeat)))
	}
	return err
}

// serverKeepAlive is what a replier uses where nothing is set.
var serverKeepAlive = transport.KeepAlive{Mode: transport.KeepAliveOn, Idle: 2 * time.Minute, Interval: 15 * time.Second, Count: 8}
