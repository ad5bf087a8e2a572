package zmq

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

const (
	defaultQueue      = 1000     // messages for one connection, libzmq's own default
	connectQueue      = 500      // the same where we connect: as fast as a longer one; 256 cost a fifth of the rate
	defaultMaxMessage = 64 << 20 // bytes
	defaultHandshake  = 5 * time.Second
	connectTimeout    = 10 * time.Second
	reconnectInterval = 100 * time.Millisecond
	unackedHeartbeats = 4    // intervals until a connection on which nothing is acknowledged is dead
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
	if o.HandshakeInterval == 0 {
		o.HandshakeInterval = defaultHandshake
	}
	if o.HandshakeInterval < 100*time.Millisecond || o.HandshakeInterval > time.Hour {
		return o, fmt.Errorf("handshake interval of %v: want 100ms to 1h", o.HandshakeInterval)
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
		wrap("ZMQ_HANDSHAKE_IVL", zs.SetHandshakeIvl(o.HandshakeInterval)),
		wrap("ZMQ_MAXMSGSIZE", zs.SetMaxmsgsize(o.MaxMessage)),
	)
}

// setClient sets what all connecting sockets have in common.
//
// A heartbeat is a ping that has no time limit in libzmq: with one, libzmq would cut a publisher whose messages we have no
// room for, since the answer stands in the queue behind them, and every publisher with libzmq before 4.2, which does not
// answer. The limit is the kernel's: a ping that is not acknowledged in time means that the other host or the way to it is
// dead. The time to live that is told to the peer stays 0 for the same reason.
func setClient(zs *zmq4.Socket, o transport.SocketOptions, heartbeat time.Duration) error {
	err := errors.Join(
		setKeepAlive(zs, o.KeepAlive),
		wrap("ZMQ_LINGER", zs.SetLinger(0)),
		wrap("ZMQ_HANDSHAKE_IVL", zs.SetHandshakeIvl(o.HandshakeInterval)),
		wrap("ZMQ_CONNECT_TIMEOUT", zs.SetConnectTimeout(connectTimeout)),
		wrap("ZMQ_RECONNECT_IVL", zs.SetReconnectIvl(reconnectInterval)),
		wrap("ZMQ_RECONNECT_IVL_MAX", zs.SetReconnectIvlMax(reconnectMax(1))), // connectors set it again each time
		wrap("ZMQ_MAXMSGSIZE", zs.SetMaxmsgsize(o.MaxMessage)),
	)
	if heartbeat > 0 {
		err = errors.Join(err,
			wrap("ZMQ_HEARTBEAT_IVL", zs.SetHeartbeatIvl(heartbeat)),
			wrap("ZMQ_HEARTBEAT_TIMEOUT", zs.SetHeartbeatTimeout(0)),
			wrap("ZMQ_TCP_MAXRT", zs.SetTcpMaxrt(unackedHeartbeats*heartbeat)))
	}
	return err
}

// serverKeepAlive is what a replier uses where nothing is set.
var serverKeepAlive = transport.KeepAlive{Mode: transport.KeepAliveOn, Idle: 2 * time.Minute, Interval: 15 * time.Second, Count: 8}

// setOptionInt sets an option of a socket to an int.
func setOptionInt(socket unsafe.Pointer, option, value int) error {
	return setOption(socket, option, binary.NativeEndian.AppendUint32(nil, uint32(int32(value))))
}
