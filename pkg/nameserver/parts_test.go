package nameserver

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func TestPulseStopsWhenOneLoopHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		beats := 0
		p := newPulse(Hooks{Beat: func() { beats++ }, BeatInterval: time.Second})
		idle, other := p.join(), p.join()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second+1)
		defer cancel()
		hang := make(chan struct{})
		go func() {
			defer close(hang)
			for range 5 { // beats, and then no more
				time.Sleep(time.Second)
				other.beat()
			}
		}()
		_, err := receive(ctx, idle, func(ctx context.Context) (int, error) {
			<-ctx.Done() // nothing ever comes
			return 0, ctx.Err()
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		<-hang
		if beats != 5 {
			t.Errorf("%d beats", beats)
		}
	})
}

func TestReceivePassesOnWhatCame(t *testing.T) {
	t.Parallel()
	beat := newPulse(Hooks{Beat: func() {}, BeatInterval: time.Second}).join()
	failure := errors.New("failure")
	for _, want := range []error{nil, failure} {
		got, err := receive(t.Context(), beat, func(context.Context) (string, error) { return "came", want })
		if got != "came" || err != want {
			t.Errorf("got %q, %v", got, err)
		}
	}
}

func TestRecent(t *testing.T) {
	t.Parallel()
	var r recent[int]
	now := time.Now()
	news := func(key int, wantAgain uint64, wantOK bool) {
		t.Helper()
		if again, ok := r.news(key, now); again != wantAgain || ok != wantOK {
			t.Errorf("key %d: got %d, %v, want %d, %v", key, again, ok, wantAgain, wantOK)
		}
	}
	news(1, 0, true)
	news(1, 0, false)
	news(1, 0, false)
	news(2, 0, true)
	now = now.Add(recentFor)
	news(1, 2, true)
	news(1, 0, false)

	// The memory is bounded, and comes free again.
	for key := range 2 * recentKeys {
		r.news(100+key, now)
	}
	if len(r.seen) > recentKeys {
		t.Errorf("%d keys are kept", len(r.seen))
	}
	news(-1, 0, false)
	now = now.Add(recentFor)
	news(-1, 0, true)
}

func TestLocalHosts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		mine := []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("fe80::1")}
		var failure error
		lists := 0
		l := &localHosts{log: zap.NewNop(), list: func() ([]netip.Addr, error) {
			lists++
			return mine, failure
		}}
		contains := func(addr string, want bool) {
			t.Helper()
			if got := l.contains(netip.MustParseAddr(addr)); got != want {
				t.Errorf("%s: got %v", addr, got)
			}
		}
		contains("127.0.0.1", true)
		contains("::1", true)
		contains("::ffff:127.0.0.2", true)
		if lists != 0 {
			t.Error("loopback needs no list")
		}
		contains("10.0.0.1", true)
		contains("::ffff:10.0.0.1", true)
		contains("fe80::1%eth0", true)
		for range 100 {
			contains("10.0.0.2", false)
		}
		if lists != 1 {
			t.Errorf("%d lists at one time", lists)
		}
		mine = []netip.Addr{netip.MustParseAddr("10.0.0.2")} // the host moves
		time.Sleep(localRefresh)
		contains("10.0.0.2", true)
		contains("10.0.0.1", false)
		failure = errors.New("failure")
		mine = nil
		time.Sleep(localMaxAge)
		contains("10.0.0.2", true) // better an old list than none
		if l.contains(netip.Addr{}) {
			t.Error("no address is ours")
		}
	})
}

func TestVersionOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		frame string
		want  message.Version
	}{
		{"", message.V101},
		{"pytroll:/", message.V101},
		{"pytroll://a b c d", message.V101},
		{"pytroll://a b c d v1.2", message.V12},
		{"pytroll://a b c d v1.2 e f", message.V12},
		{"pytroll://a\tb\x1cc\u2003d\u00a0v1.2 e f", message.V12},
		{"pytroll://a b c d v1.20", message.V101},
		{"pytroll://a b c d v2", message.V101},
		{"pytroll://a b c d abc", message.V101},
		{"pytroll://\xff b c d v1.2", message.V12},
	} {
		if got := versionOf([]byte(tt.frame)); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.frame, got, tt.want)
		}
	}
}

func TestHeartbeatSeconds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{29 * time.Second: "29", 1500 * time.Millisecond: "1.5", time.Hour: "3600"} {
		if got := fmt.Sprint(seconds(d)); got != want {
			t.Errorf("%s: got %s", d, got)
		}
	}
}

func TestStatusLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		stats Stats
		feed  []int
		want  string
	}{
		{Stats{}, nil, "0 publishers, 0 lookups"},
		{Stats{Publishers: 1, Lookups: 1}, []int{16543}, "1 publisher, 1 lookup, change feed on 16543"},
		{Stats{Publishers: 12, Lookups: 3400}, []int{16543, 16544}, "12 publishers, 3,400 lookups, change feed on 16543 and 16544"},
		{Stats{Publishers: 100_000, Lookups: 1_234_567}, []int{1, 2, 3}, "100,000 publishers, 1,234,567 lookups, change feed on 1, 2 and 3"},
		{
			Stats{
				Publishers: 2, Lookups: 999, Refused: map[string]uint64{"uri": 4}, RefusedLookups: map[string]uint64{"a": 1, "b": 1},
				Access: transport.AccessStats{Refused: map[transport.Refusal]uint64{transport.RefusedKey: 1}},
			},
			[]int{16543},
			"2 publishers, 999 lookups, change feed on 16543, 6 messages refused, 1 connection refused",
		},
	} {
		if got := tt.stats.line(tt.feed); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
