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
	const interval = 5 * time.Second
	curve := func(took time.Duration, received int) attempt { return attempt{true, interval, took, received, false} }
	plain := func(took time.Duration, received int) attempt { return attempt{false, interval, took, received, false} }
	open := func(a attempt) attempt { a.open = true; return a }
	failed := func(errno syscall.Errno) event {
		return event{kind: zmq4.EVENT_HANDSHAKE_FAILED_NO_DETAIL, value: int(errno)}
	}
	protocol := func(value int) event { return event{kind: zmq4.EVENT_HANDSHAKE_FAILED_PROTOCOL, value: value} }
	auth := event{kind: zmq4.EVENT_HANDSHAKE_FAILED_AUTH, value: 400}
	const (
		notAdmitted = "no answer: our key or address is not admitted, or the peer hangs"
		notFrom     = "no answer: our address is not admitted, or the peer hangs"
		hangs       = "no answer in time: the peer hangs, or does not speak ZeroMQ"
		noZeroMQ    = "closed by the peer before it said that it speaks ZeroMQ"
		bothKinds   = "one side is secure and the other plain"
		closed      = "closed by the peer in the handshake"
	)
	for _, tt := range []struct {
		name    string
		attempt attempt
		event   event
		want    verdict
	}{
		{"wrong server key", curve(0, 65), failed(syscall.EPIPE), verdict{transport.FailedServerKey, wrongKey, true, true}},
		{"wrong server key, reset", curve(time.Second, 64), failed(syscall.ECONNRESET), verdict{transport.FailedServerKey, wrongKey, true, true}},
		{"a guess", curve(0, unknown), failed(syscall.EPIPE), verdict{transport.FailedServerKey, wrongKey, false, true}},
		{"300, our interval", curve(interval, 234), failed(syscall.EAGAIN), verdict{transport.FailedSilent, notAdmitted, true, false}},
		{"300, the peer's interval", curve(time.Second, 235), failed(syscall.EPIPE), verdict{transport.FailedSilent, notAdmitted, true, false}},
		{"300, our interval, a guess", curve(interval, unknown), failed(syscall.EAGAIN), verdict{transport.FailedSilent, notAdmitted, true, true}},
		{"300, the peer's interval, a guess", curve(time.Second, unknown), failed(syscall.EPIPE), verdict{transport.FailedSilent, notAdmitted, false, true}},
		{"300, plain", plain(interval, 64), failed(syscall.EAGAIN), verdict{transport.FailedSilent, notFrom, true, false}},
		{"300, plain, at once", plain(0, 65), failed(syscall.EPIPE), verdict{transport.FailedSilent, notFrom, true, false}},
		{"400", curve(0, 300), auth, verdict{transport.FailedRefused, "refused by the peer with status 400: our key or address is not admitted", true, false}},
		{"400, plain", plain(0, 100), auth, verdict{transport.FailedRefused, "refused by the peer with status 400: our address is not admitted", true, false}},
		{"other mechanism", curve(0, 64), protocol(0x11000002), verdict{transport.FailedMechanism, bothKinds, true, false}},
		{"other mechanism, unsaid", curve(0, 11), failed(syscall.EPIPE), verdict{transport.FailedMechanism, bothKinds, true, false}},
		{"other mechanism, unsaid, plain", plain(0, 13), failed(syscall.ECONNRESET), verdict{transport.FailedMechanism, bothKinds, true, false}},
		{"forged answer", curve(0, 234), protocol(0x11000001), verdict{transport.FailedServerKey, "bad signature: wrong server key?", true, true}},
		{"protocol", curve(0, 234), protocol(0x10000001), verdict{transport.FailedProtocol, "unexpected command", true, false}},
		{"unknown", curve(0, 234), protocol(0x1234), verdict{transport.FailedProtocol, "protocol error 0x1234", true, false}},
		{"nothing said", curve(interval, 0), failed(syscall.EAGAIN), verdict{transport.FailedSilent, hangs, true, false}},
		{"nothing said, plain", plain(interval, 20), failed(syscall.EAGAIN), verdict{transport.FailedSilent, hangs, true, false}},
		{"nothing said, another error number", open(curve(0, 0)), failed(syscall.EPIPE), verdict{transport.FailedSilent, hangs, true, false}},
		{"300, our interval, another error number", open(plain(0, 64)), failed(syscall.ECONNRESET), verdict{transport.FailedSilent, notFrom, true, false}},
		{"closed at once", curve(0, 1), failed(syscall.EPIPE), verdict{transport.FailedProtocol, noZeroMQ, true, false}},
		{"a banner", plain(0, 41), failed(syscall.EPIPE), verdict{transport.FailedProtocol, noZeroMQ, true, false}},
		{"closed, plain", plain(0, 90), failed(syscall.EPIPE), verdict{transport.FailedProtocol, closed, true, false}},
		{"closed, plain, a guess", plain(0, unknown), failed(syscall.EPIPE), verdict{transport.FailedProtocol, closed, false, false}},
	} {
		if diff := cmp.Diff(tt.want, tt.attempt.judge(tt.event), cmp.AllowUnexported(verdict{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// The verdicts of the tests below.
var (
	closed    = verdict{reason: transport.FailedServerKey, cause: "closed", keyed: true}
	sureKey   = verdict{reason: transport.FailedServerKey, cause: "closed", sure: true, keyed: true}
	mechanism = verdict{reason: transport.FailedMechanism, cause: "mechanism", sure: true}
	silent    = verdict{reason: transport.FailedSilent, cause: "silent", sure: true, keyed: true}
	late      = verdict{reason: transport.FailedSilent, cause: "late", keyed: true}
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
		{"a guess is told late", 1, [][]verdict{repeat(4, closed), {closed}, repeat(30, closed)}, []verdict{{}, closed, {}}, 0},
		{"what is sure is told at once", 1, [][]verdict{{silent}, {silent, silent}, {refused}, {silent}}, []verdict{silent, {}, refused, silent}, 0},
		{"a mechanism looks like a key now and then", 1, [][]verdict{{closed, closed, mechanism}, repeat(19, closed), {mechanism}, repeat(19, closed), {closed}},
			[]verdict{mechanism, {}, {}, {}, closed}, 0},
		{"a refusal looks like a key now and then", 1, [][]verdict{{silent}, {closed, closed, silent}}, []verdict{silent, {}}, 0},
		{"a key after a silence", 1, [][]verdict{{silent}, {sureKey}}, []verdict{silent, sureKey}, 0},
		{"closed late", 1, [][]verdict{repeat(4, late), {late}}, []verdict{{}, late}, 0},
		{"closed late with one of the keys", 2, [][]verdict{append(repeat(8, late), closed), {late}}, []verdict{{}, late}, 0},
		{"each key five times", 2, [][]verdict{repeat(9, closed), {closed}}, []verdict{{}, closed}, 0},
		{"each key, surely", 2, [][]verdict{{sureKey}, {sureKey}}, []verdict{{}, sureKey}, 0},
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
		took     time.Duration
		most     time.Duration
	}{
		{"first", 1, repeat(1, closed), interval, 0, 100 * time.Millisecond},
		{"third", 1, repeat(3, closed), interval, 0, 400 * time.Millisecond},
		{"many", 1, repeat(1000, refused), interval, time.Second, interval},
		{"many with a short interval", 1, repeat(1000, refused), 200 * time.Millisecond, 0, 200 * time.Millisecond},
		{"after a silence", 1, repeat(50, silent), interval, interval, 100 * time.Millisecond},
		{"after a refusal without a word", 1, repeat(50, silent), interval, time.Millisecond, interval},
	} {
		var tr trouble
		for _, v := range tt.fails {
			tr.add(v, tt.keys)
		}
		for range 100 {
			if got := tr.pause(attempt{interval: tt.interval, took: tt.took}); got < tt.most*3/4 || got > tt.most {
				t.Errorf("%s: got %v, want between three quarters of %v and that", tt.name, got, tt.most)
			}
		}
	}
	var tr trouble
	tr.add(closed, 2)
	if got := tr.pause(attempt{interval: interval}); got != keyPause {
		t.Errorf("before the other key: got %v, want %v", got, keyPause)
	}
}
