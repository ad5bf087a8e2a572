package zmq

import (
	"errors"
	"reflect"
	"syscall"
	"testing"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestRawSocket fails when the binding's struct changes, which the shim reads by reflection.
func TestRawSocket(t *testing.T) {
	t.Parallel()
	field, ok := reflect.TypeFor[zmq4.Socket]().FieldByName("soc")
	if !ok || field.Type.Kind() != reflect.UnsafePointer {
		t.Fatalf("zmq4.Socket has no unsafe.Pointer called soc any more: %v", field)
	}
	pair := newPeers(t).socket(zmq4.PAIR)
	must(t, pair.Bind("inproc://x"))
	other := newPeers(t).socket(zmq4.PAIR)
	if rawSocket(pair) == nil || rawSocket(pair) == rawSocket(other) {
		t.Errorf("raw sockets %p and %p: want two", rawSocket(pair), rawSocket(other))
	}
}

func TestBatch(t *testing.T) {
	t.Parallel()
	peers := newPeers(t)
	a, at := peers.bound(zmq4.PAIR)
	b := peers.connected(zmq4.PAIR, at)
	batch, err := newBatch(4, wantFD|wantPeer)
	must(t, err)
	defer batch.free()
	if more, err := batch.recv(rawSocket(b)); more || err != nil || batch.len() != 0 {
		t.Errorf("nothing sent: got %d frames, more %t, %v", batch.len(), more, err)
	}
	for range 2 {
		_, err := a.SendMessage("one", "", "three")
		must(t, err)
	}
	type frame struct {
		data string
		more bool
	}
	var got []frame
	for end := time.Now().Add(patience); len(got) < 6 && time.Now().Before(end); {
		_, err := batch.recv(rawSocket(b))
		must(t, err)
		for p := range batch.parts() {
			got = append(got, frame{string(p.data), p.more})
			if p.fd < 0 || p.peerAddress() != "127.0.0.1" {
				t.Errorf("descriptor %d, peer %q: want those of a connection over loopback", p.fd, p.peerAddress())
			}
		}
	}
	want := []frame{{"one", true}, {"", true}, {"three", false}, {"one", true}, {"", true}, {"three", false}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	batch.release()
	batch.release()
	batch.free()
	batch.free()
}

func TestParseEvent(t *testing.T) {
	t.Parallel()
	if e, ok := parseEvent([]byte{1, 0, 2}, nil); ok {
		t.Errorf("a short frame is read as %v", e)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{time.Nanosecond, 2 * time.Hour} {
		if tr, err := New(Options{Heartbeat: d}); err == nil {
			t.Errorf("heartbeat %v: want an error", d)
			must(t, tr.Close())
		}
	}
	if tr, err := New(Options{MaxSockets: -1}); err == nil {
		t.Error("-1 sockets: want an error")
		must(t, tr.Close())
	}
	tr := newTransport(t, Options{MaxSockets: 2, Heartbeat: -1})
	if _, err := tr.Subscriber(transport.SubscriberConfig{}); err == nil {
		t.Error("three sockets where two are allowed: want an error")
	} else {
		t.Log(err)
	}
}

// TestKeepAlive: the settings arrive at libzmq.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	s := newPeers(t).socket(zmq4.SUB)
	get := func() (v [4]int) {
		t.Helper()
		for i, f := range []func() (int, error){s.GetTcpKeepalive, s.GetTcpKeepaliveCnt, s.GetTcpKeepaliveIdle, s.GetTcpKeepaliveIntvl} {
			var err error
			v[i], err = f()
			must(t, err)
		}
		return v
	}
	must(t, setKeepAlive(s, transport.KeepAlive{}))
	if got, want := get(), [4]int{-1, -1, -1, -1}; got != want {
		t.Errorf("the system's: got %v, want %v", got, want)
	}
	must(t, setKeepAlive(s, transport.KeepAlive{Mode: transport.KeepAliveOn, Count: 3, Idle: 1500 * time.Millisecond, Interval: 10 * time.Second}))
	if got, want := get(), [4]int{1, 3, 2, 10}; got != want {
		t.Errorf("on: got %v, want %v", got, want)
	}
	must(t, setKeepAlive(s, transport.KeepAlive{Mode: transport.KeepAliveOff}))
	if got := get(); got[0] != 0 {
		t.Errorf("off: got %v", got)
	}
}

// TestSetOption: options arrive at libzmq, and what it refuses is an error.
func TestSetOption(t *testing.T) {
	t.Parallel()
	s := newPeers(t).socket(zmq4.SUB)
	must(t, setOptionInt(rawSocket(s), optCurveServer, 1))
	if got, err := s.GetMechanism(); err != nil || got != zmq4.CURVE {
		t.Errorf("a CURVE server has mechanism %v, %v: want %v", got, err, zmq4.CURVE)
	}
	must(t, setOption(rawSocket(s), optCurveSecretKey, make([]byte, 32)))
	if got, err := s.GetCurveSecretkeyRaw(); err != nil || got != string(make([]byte, 32)) {
		t.Errorf("ZMQ_CURVE_SECRETKEY is %q, %v: want zeros", got, err)
	}
	must(t, setOption(rawSocket(s), optZAPDomain, []byte("1")))
	must(t, setOptionInt(rawSocket(s), optZAPEnforceDomain, 1))
	if err := setOption(rawSocket(s), optCurveSecretKey, make([]byte, 31)); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("a key of 31 bytes: got %v, want %v", err, syscall.EINVAL)
	}
}
