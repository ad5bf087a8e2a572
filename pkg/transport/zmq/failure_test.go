package zmq

import (
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestJudge: what libzmq tells of each kind of failure, and what becomes of it.
func TestJudge(t *testing.T) {
	t.Parallel()
	const (
		noDetail = zmq4.EVENT_HANDSHAKE_FAILED_NO_DETAIL
		protocol = zmq4.EVENT_HANDSHAKE_FAILED_PROTOCOL
		auth     = zmq4.EVENT_HANDSHAKE_FAILED_AUTH
	)
	for _, tt := range []struct {
		name   string
		secure bool
		took   time.Duration
		event  event
		want   verdict
	}{
		{"wrong server key", true, time.Millisecond, event{kind: noDetail, value: int(syscall.EPIPE)},
			verdict{transport.FailedServerKey, "closed by the peer on our first encrypted word: wrong server key?", false, true}},
		{"wrong server key, reset", true, 900 * time.Millisecond, event{kind: noDetail, value: int(syscall.ECONNRESET)},
			verdict{transport.FailedServerKey, "closed by the peer on our first encrypted word: wrong server key?", false, true}},
		{"answer 300, our interval", true, 5 * time.Second, event{kind: noDetail, value: int(syscall.EAGAIN)},
			verdict{transport.FailedSilent, "no answer in time: our key or address is not admitted, or the peer hangs", true, true}},
		{"answer 300, the peer's interval", true, time.Second, event{kind: noDetail, value: int(syscall.EPIPE)},
			verdict{transport.FailedSilent, "no answer in time: our key or address is not admitted, or the peer hangs", true, true}},
		{"answer 300, plain", false, 5 * time.Second, event{kind: noDetail, value: int(syscall.EAGAIN)},
			verdict{transport.FailedSilent, "no answer in time: our address is not admitted, or the peer hangs", true, false}},
		{"answer 400", true, 0, event{kind: auth, value: 400},
			verdict{transport.FailedRefused, "refused by the peer with status 400: our key or address is not admitted", true, false}},
		{"answer 400, plain", false, 0, event{kind: auth, value: 400},
			verdict{transport.FailedRefused, "refused by the peer with status 400: our address is not admitted", true, false}},
		{"other mechanism", true, 0, event{kind: protocol, value: 0x11000002},
			verdict{transport.FailedMechanism, "one side is secure and the other plain", true, false}},
		{"forged answer", true, 0, event{kind: protocol, value: 0x11000001},
			verdict{transport.FailedServerKey, "bad signature: wrong server key?", true, true}},
		{"protocol", true, 0, event{kind: protocol, value: 0x10000001},
			verdict{transport.FailedProtocol, "unexpected command", true, false}},
		{"unknown", true, 0, event{kind: protocol, value: 0x1234},
			verdict{transport.FailedProtocol, "protocol error 0x1234", true, false}},
		{"closed, plain", false, 0, event{kind: noDetail, value: int(syscall.EPIPE)},
			verdict{transport.FailedProtocol, "closed by the peer in the handshake", false, false}},
	} {
		got := attempt{secure: tt.secure, interval: 5 * time.Second, took: tt.took}.judge(tt.event)
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(verdict{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// The verdicts of the tests below.
var (
	closed    = verdict{reason: transport.FailedServerKey, cause: "closed", keyed: true}
	mechanism = verdict{reason: transport.FailedMechanism, cause: "mechanism", sure: true}
	silent    = verdict{reason: transport.FailedSilent, cause: "silent", sure: true, keyed: true}
	refused   = verdict{reason: transport.FailedRefused, cause: "refused", sure: true}
)

func repeat(n int, v verdict) []verdict {
	vs := make([]verdict, n)
	for i := range vs {
		vs[i] = v
	}
	return vs
}

// TestTrouble: which failures change the key, and which ones the program hears of.
func TestTrouble(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		keys  int
		fails [][]verdict
		news  []verdict // after each of fails; zero: nothing
		key   int       // at the end
	}{
		{"nobody is sure at first", 1, [][]verdict{repeat(2, closed), {closed}, repeat(9, closed)}, []verdict{{}, closed, {}}, 0},
		{"what is sure is told at once", 1, [][]verdict{{silent}, {silent, silent}, {refused}, {silent}}, []verdict{silent, {}, refused, silent}, 0},
		{"a mechanism looks like a key now and then", 1, [][]verdict{{closed, closed, mechanism}, repeat(19, closed), {mechanism}, repeat(19, closed), {closed}},
			[]verdict{mechanism, {}, {}, {}, closed}, 0},
		{"a key after a silence", 1, [][]verdict{{silent}, repeat(2, closed), {closed}}, []verdict{silent, {}, closed}, 0},
		{"each key three times", 2, [][]verdict{repeat(5, closed), {closed}}, []verdict{{}, closed}, 0},
		{"one key is right, nobody speaks", 2, [][]verdict{{closed}, {silent}, {closed, silent}}, []verdict{{}, silent, {}}, 0},
		{"the first key is right, nobody speaks", 2, [][]verdict{{silent}, {closed}, {silent, closed}}, []verdict{{}, silent, {}}, 0},
		{"the second key is right, and refused", 2, [][]verdict{{closed}, {refused}, {refused}}, []verdict{{}, refused, {}}, 1},
		{"plain", 0, [][]verdict{{mechanism}}, []verdict{mechanism}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var tr trouble
			key := 0
			for i, fails := range tt.fails {
				var got verdict
				for _, v := range fails {
					next, news := tr.add(v, tt.keys)
					if next {
						key = (key + 1) % tt.keys
					}
					if news {
						got = tr.told
					}
				}
				if got != tt.news[i] {
					t.Errorf("after %d: told %v, want %v", i, got, tt.news[i])
				}
			}
			if key != tt.key {
				t.Errorf("key %d is next, want %d", key, tt.key)
			}
		})
	}
}

// TestPause: the next handshake comes soon, and never later than within a handshake interval.
func TestPause(t *testing.T) {
	t.Parallel()
	const interval = 5 * time.Second
	for _, tt := range []struct {
		name     string
		keys     int
		fails    []verdict
		interval time.Duration
		most     time.Duration
	}{
		{"first", 1, repeat(1, closed), interval, 100 * time.Millisecond},
		{"third", 1, repeat(3, closed), interval, 400 * time.Millisecond},
		{"many", 1, repeat(1000, refused), interval, interval},
		{"many with a short interval", 1, repeat(1000, refused), 200 * time.Millisecond, 200 * time.Millisecond},
		{"after a silence", 1, repeat(50, silent), interval, 100 * time.Millisecond},
	} {
		var tr trouble
		for _, v := range tt.fails {
			tr.add(v, tt.keys)
		}
		for range 100 {
			if got := tr.pause(tt.interval); got < tt.most*3/4 || got > tt.most {
				t.Errorf("%s: got %v, want between three quarters of %v and that", tt.name, got, tt.most)
			}
		}
	}
	var tr trouble
	tr.add(closed, 2)
	if got := tr.pause(interval); got != keyPause {
		t.Errorf("before the other key: got %v, want %v", got, keyPause)
	}
}
