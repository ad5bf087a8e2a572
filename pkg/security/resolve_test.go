package security_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// names is a name server in memory.
type names struct {
	mu    sync.Mutex
	addrs map[string][]string
	err   error // of all names
	asked []time.Time
}

func (n *names) set(err error, host string, addrs ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.err = err
	n.addrs = map[string][]string{host: addrs}
}

func (n *names) resolve(_ context.Context, host string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, time.Now())
	if n.err != nil {
		return nil, n.err
	}
	addrs, ok := n.addrs[host]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	var all []netip.Addr
	for _, a := range addrs {
		all = append(all, netip.MustParseAddr(a))
	}
	return all, nil
}

func (n *names) gate(t *testing.T, log *zap.Logger) transport.Gate {
	t.Helper()
	cfg := security.Config{AuthorizedClientAddresses: []string{"Sat1.example.", "sat1.example", "10.9.9.9"}}
	return openWith(t, cfg, security.Options{Logger: log, Resolve: n.resolve}).Server(transport.Plain).Gate
}

var errServer = &net.DNSError{Err: "server misbehaving", IsTemporary: true}

// judge returns the verdicts on hosts as one word each.
func judge(gate transport.Gate, addrs ...string) string {
	var word []byte
	for _, a := range addrs {
		letter := byte('-')
		if gate.Judge(caller(a, curve.PublicKey{})).Admitted {
			letter = '+'
		}
		word = append(word, letter)
	}
	return string(word)
}

func TestHostNamesAreLookedUpAgain(t *testing.T) {
	t.Parallel()
	hosts := []string{"10.0.0.1", "10.0.0.2", "10.9.9.9"}
	type step struct {
		err   error
		host  string
		addrs []string
		after time.Duration
		want  string // of hosts
		told  int    // changes so far
	}
	const sat1 = "sat1.example"
	period := 5 * time.Minute
	tests := map[string][]step{
		"an address follows": {
			{nil, sat1, []string{"10.0.0.1"}, 0, "+-+", 0},
			{nil, sat1, []string{"10.0.0.2"}, period - time.Second, "+-+", 0},
			{nil, sat1, []string{"10.0.0.2"}, time.Second, "-++", 1},
			{nil, sat1, []string{"10.0.0.2"}, period, "-++", 1},
			{nil, sat1, []string{"10.0.0.1", "10.0.0.2"}, period, "+++", 2}},
		"mapped": {
			{nil, sat1, []string{"::ffff:10.0.0.1"}, 0, "+-+", 0}},
		"no answer keeps what was known": {
			{nil, sat1, []string{"10.0.0.1"}, 0, "+-+", 0},
			{errServer, "", nil, 24 * time.Hour, "+-+", 0},
			{nil, sat1, []string{"10.0.0.2"}, period, "-++", 1}},
		"no host of that name any more": {
			{nil, sat1, []string{"10.0.0.1"}, 0, "+-+", 0},
			{nil, "", nil, period, "--+", 1}},
		"no address any more": {
			{nil, sat1, []string{"10.0.0.1"}, 0, "+-+", 0},
			{nil, sat1, nil, period, "--+", 1}},
		"no answer at the start": {
			{errServer, "", nil, 0, "--+", 0},
			{nil, sat1, []string{"10.0.0.1"}, 5 * time.Second, "+-+", 1}},
		"no host of that name at the start": {
			{nil, "", nil, 0, "--+", 0},
			{nil, sat1, []string{"10.0.0.1"}, 5 * time.Second, "--+", 0},
			{nil, sat1, []string{"10.0.0.1"}, period, "+-+", 1}},
		"any other error is no answer": {
			{nil, sat1, []string{"10.0.0.1"}, 0, "+-+", 0},
			{errors.New("no idea"), "", nil, period, "+-+", 0}},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var dns names
				dns.set(steps[0].err, steps[0].host, steps[0].addrs...)
				gate := dns.gate(t, nil)
				told := 0 // written by look-ups, which are over when it is read
				t.Cleanup(gate.Watch(func() { told++ }))
				for i, s := range steps {
					dns.set(s.err, s.host, s.addrs...)
					time.Sleep(s.after)
					synctest.Wait()
					if got := judge(gate, hosts...); got != s.want || told != s.told {
						t.Errorf("step %d: got %s, %d changes; want %s, %d", i, got, told, s.want, s.told)
					}
				}
			})
		})
	}
}

// While there is no answer the pauses grow, and end at what they are otherwise.
func TestPausesWithoutAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var dns names
		dns.set(errServer, "")
		dns.gate(t, nil)
		time.Sleep(time.Hour)
		synctest.Wait()
		var last time.Duration
		for i := range dns.asked[1:] {
			pause := dns.asked[i+1].Sub(dns.asked[i])
			want := min(5*time.Second<<min(i, 10), 5*time.Minute)
			if pause > want || pause < want*3/4 {
				t.Errorf("pause %d: %s, want %s less up to a quarter", i, pause, want)
			}
			last = pause
		}
		if last < 225*time.Second {
			t.Errorf("last pause %s", last)
		}
	})
}

// A resolver that hangs holds Open up for five seconds, whatever the number of names.
func TestOpenWaitsForNamesFiveSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context, _ string) ([]netip.Addr, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		start := time.Now()
		s := openWith(t, security.Config{AuthorizedClientAddresses: []string{"a", "b", "c", "10.0.0.1"}}, security.Options{Resolve: hang})
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("took %s", took)
		}
		if got := judge(s.Server(transport.Plain).Gate, "10.0.0.1", "10.0.0.2"); got != "+-" {
			t.Errorf("got %s", got)
		}
	})
}

// What becomes of a name is logged when it changes.
func TestHostNamesLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.DebugLevel)
		var dns names
		dns.set(errServer, "")
		dns.gate(t, zap.New(core))
		for _, change := range []func(){
			func() {},
			func() { dns.set(nil, "sat1.example", "10.0.0.2", "10.0.0.1", "10.0.0.2") },
			func() { dns.set(nil, "sat1.example", "10.0.0.1", "10.0.0.2") },
			func() { dns.set(errServer, "") },
			func() { dns.set(nil, "") },
		} {
			change()
			time.Sleep(30 * time.Minute)
			synctest.Wait()
		}
		var got []string
		for _, e := range logs.All() {
			got = append(got, e.Level.String()+": "+e.Message)
			if host := e.ContextMap()["host"]; host != "sat1.example" {
				t.Errorf("host %v in %q", host, e.Message)
			}
		}
		want := []string{
			"warn: host name can't be looked up: the addresses known stay",
			"info: host name looked up",
			"warn: host name can't be looked up: the addresses known stay",
			"warn: there is no host of that name: it admits nobody",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	})
}
