package discovery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
	"go.uber.org/zap"
)

func lookupConfig(t *testing.T, n *inmem.Network) LookupConfig {
	t.Helper()
	return LookupConfig{Transport: n.Transport(client), Nameservers: peers(t, DefaultNameserverPort, hostA, hostB)}
}

func TestLookupFindsAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		ns := startNameserver(t, n, hostA, listed("tcp://h:1", "viirs", "sdr"), listed("tcp://h:2", "avhrr"))
		cfg := lookupConfig(t, n)
		cfg.Nameservers = cfg.Nameservers[:1]
		begin := time.Now()
		got, err := Lookup(t.Context(), cfg, "sdr")
		must(t, err)
		at, err := message.ParseTime("2024-05-17T09:41:12.345678+00:00")
		must(t, err)
		want := []Entry{{Announcement: Announcement{Name: "address", URI: "tcp://h:1", Services: []string{"viirs", "sdr"},
			SupportedVersion: "v1.2", Backend: transport.Plain}, Received: at}}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("entries (-want +got):\n%s", d)
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("it took %s", took)
		}
		if d := cmp.Diff([]string{"sdr"}, ns.questions()); d != "" {
			t.Errorf("questions (-want +got):\n%s", d)
		}
	})
}

func TestLookupUnitesAnswers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		a := startNameserver(t, n, hostA, listed("tcp://h:2", "x"), listed("tcp://h:1", "x"), listed("tcp://h:2", "x", "twice"))
		startNameserver(t, n, hostB, listed("tcp://h:3", "x"), listed("tcp://h:1", "x", "other"), listed("tcp://h:9", "x"))
		cfg := lookupConfig(t, n)
		for _, delay := range []time.Duration{0, 50 * time.Millisecond} {
			a.mu.Lock()
			a.delay = delay // the first one's entries are first, also when it answers later
			a.mu.Unlock()
			for name, ask := range map[string]func(context.Context, LookupConfig, string) ([]Entry, error){"Lookup": Lookup, "LookupOnce": LookupOnce} {
				got, err := ask(t.Context(), cfg, "x")
				must(t, err)
				if d := cmp.Diff([]string{"tcp://h:2", "tcp://h:1", "tcp://h:3", "tcp://h:9"}, uris(got)); d != "" {
					t.Errorf("%s (-want +got):\n%s", name, d)
				}
				if d := cmp.Diff([]string{"x"}, got[1].Services); d != "" {
					t.Errorf("%s: services of the second (-want +got):\n%s", name, d)
				}
			}
		}
	})
}

func TestLookupDoesNotWaitForTheDead(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		startNameserver(t, n, hostB, listed("tcp://h:1", "x"))
		tests := []struct {
			name string
			ask  func(context.Context, LookupConfig, string) ([]Entry, error)
			most time.Duration
		}{
			{"Lookup", Lookup, settleFound},
			{"LookupOnce", LookupOnce, settleOnce},
		}
		for _, tt := range tests {
			begin := time.Now()
			got, err := tt.ask(t.Context(), lookupConfig(t, n), "x")
			must(t, err)
			if d := cmp.Diff([]string{"tcp://h:1"}, uris(got)); d != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, d)
			}
			if took := time.Since(begin); took > tt.most {
				t.Errorf("%s took %s", tt.name, took)
			}
		}
	})
}

func TestLookupWaitsForTheService(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		ns := startNameserver(t, n, hostA)
		time.AfterFunc(3*time.Second+time.Millisecond, func() { ns.set(listed("tcp://h:1", "x")) })
		begin := time.Now()
		got, err := Lookup(t.Context(), lookupConfig(t, n), "x")
		must(t, err)
		if d := cmp.Diff([]string{"tcp://h:1"}, uris(got)); d != "" {
			t.Errorf("entries (-want +got):\n%s", d)
		}
		if took := time.Since(begin); took != 3500*time.Millisecond && took != 3600*time.Millisecond {
			t.Errorf("it took %s", took)
		}
		if got := len(ns.questions()); got != 8 {
			t.Errorf("%d questions, want one each half second", got)
		}
	})
}

func TestLookupWaitsForANameserver(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		time.AfterFunc(7*time.Second, func() { startNameserver(t, n, hostA, listed("tcp://h:1", "x")) })
		got, err := Lookup(t.Context(), lookupConfig(t, n), "x")
		must(t, err)
		if d := cmp.Diff([]string{"tcp://h:1"}, uris(got)); d != "" {
			t.Errorf("entries (-want +got):\n%s", d)
		}
	})
}

// Who was not let in until the time was over is told so, not that nobody answered.
func TestLookupTellsOfTheHandshake(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		startNameserver(t, n, hostA) // plain
		pair, err := curve.Generate()
		must(t, err)
		cfg := lookupConfig(t, n)
		cfg.Options.ClientKey = pair.KeyPair
		cfg.Nameservers = cfg.Nameservers[:1]
		cfg.Nameservers[0].Backend = transport.Secure
		cfg.Nameservers[0].ServerKeys = curve.NewPublicKeys(pair.Public)
		for name, ask := range map[string]func(context.Context, LookupConfig, string) ([]Entry, error){"Lookup": Lookup, "LookupOnce": LookupOnce} {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			_, err := ask(ctx, cfg, "x")
			cancel()
			refused, ok := errors.AsType[*transport.HandshakeError](err)
			if !ok || refused.Reason != transport.FailedMechanism || !errors.Is(err, ErrNoNameserver) {
				t.Errorf("%s: error %v", name, err)
			}
		}
	})
}

// losing loses the connection of each request.
type losing struct{ transport.Transport }

func (losing) Request(ctx context.Context, _ transport.Address, _ []byte, _ transport.SocketOptions) ([]byte, error) {
	<-ctx.Done()
	return nil, fmt.Errorf("no answer: %w: %w", &transport.LostError{Times: 3, MaxMessage: 1000}, ctx.Err())
}

// Whose connections were lost is told so, with what may be the cause, not that nobody answered.
func TestLookupTellsOfLostConnections(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		cfg := LookupConfig{Transport: losing{}, Nameservers: peers(t, DefaultNameserverPort, hostA), Timeout: 2500 * time.Millisecond}
		const why = ": the connection was lost 3 times (an answer of more than 1000 bytes would do that))"
		for name, ask := range map[string]func(context.Context, LookupConfig, string) ([]Entry, error){"Lookup": Lookup, "LookupOnce": LookupOnce} {
			_, err := ask(t.Context(), cfg, "x")
			if !errors.Is(err, ErrNoNameserver) || !strings.Contains(err.Error(), "(no answer within 2.5s"+why) {
				t.Errorf("%s: error %v", name, err)
			}
		}
		to := designated(cfg.Nameservers[0], AnnouncerConfig{Transport: losing{}}, 2*time.Second, zap.NewNop())
		err := to.tell(t.Context(), &Announcer{}, viirs, TypeInfo)
		if want := "no answer within 2s: the connection was lost 3 times (an answer of more than 1000 bytes would do that)"; err == nil || err.Error() != want {
			t.Errorf("announcement: got %v, want %s", err, want)
		}
	})
}

// A nameserver that took a request and was restarted never answers it; it is asked again.
func TestLookupAsksAgainAfterARestart(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		ns := startNameserver(t, n, hostA)
		ns.answer = func(string) []byte { return nil }
		time.AfterFunc(time.Second, func() {
			ns.mu.Lock()
			ns.answer, ns.list = nil, []string{listed("tcp://h:1", "x")}
			ns.mu.Unlock()
		})
		begin := time.Now()
		got, err := Lookup(t.Context(), lookupConfig(t, n), "x")
		must(t, err)
		if took := time.Since(begin); len(got) != 1 || took > 5*time.Second {
			t.Errorf("got %v after %s", got, took)
		}
	})
}

func TestLookupTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		begin := time.Now()
		got, err := Lookup(t.Context(), lookupConfig(t, n), "x")
		if took := time.Since(begin); took != DefaultTimeout {
			t.Errorf("it took %s", took)
		}
		want := `lookup of "x": no nameserver answered: asked tcp://10.0.0.1:5557 (no answer within `
		if len(got) > 0 || !errors.Is(err, ErrNoNameserver) || !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, %v", got, err)
		}
		if !strings.Contains(err.Error(), "tcp://10.0.0.2:5557") || !strings.Contains(err.Error(), "check that a nameserver runs there") || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v", err)
		}

		ns := startNameserver(t, n, hostB)
		begin = time.Now()
		got, err = Lookup(t.Context(), lookupConfig(t, n), "x")
		if took := time.Since(begin); len(got) > 0 || err != nil || took != DefaultTimeout {
			t.Errorf("nothing is listed: got %v, %v after %s", got, err, took)
		}
		ns.questions()
		begin = time.Now()
		got, err = LookupOnce(t.Context(), lookupConfig(t, n), "x")
		if took := time.Since(begin); len(got) > 0 || err != nil || took != settleOnce || len(ns.questions()) != 1 {
			t.Errorf("asked once: got %v, %v after %s", got, err, took)
		}
	})
}

func TestLookupEndsWithItsContext(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		startNameserver(t, n, hostA)
		begin := time.Now()
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		if _, err := Lookup(ctx, lookupConfig(t, n), "x"); !errors.Is(err, cause) || time.Since(begin) != time.Second {
			t.Errorf("got %v after %s", err, time.Since(begin))
		}
		cfg := lookupConfig(t, n)
		cfg.Nameservers = cfg.Nameservers[1:]
		short, cancel2 := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel2()
		if _, err := Lookup(short, cfg, "x"); !errors.Is(err, ErrNoNameserver) || !strings.Contains(err.Error(), "within 3s") {
			t.Errorf("got %v", err)
		}
	})
}

func TestLookupGarbage(t *testing.T) {
	const replyHead = "pytroll://oper/ns info root@ns 2024-05-17T09:41:12.345678 v1.01"
	tests := []struct {
		name  string
		reply string
		want  []string // URIs; nil with err empty: an empty list
		err   string
	}{
		{"nothing found", replyHead, nil, ""},
		{"empty list", replyHead + " application/json []", nil, ""},
		{"no message", "hello", nil, "answer: "},
		{"empty frame", "", nil, "answer: "},
		{"object", replyHead + ` application/json {"URI": "tcp://h:1"}`, nil, "an object is no list"},
		{"text", replyHead + " text/ascii tcp://h:1", nil, "text is no list"},
		{"broken JSON", replyHead + ` application/json [{"URI": `, nil, "answer: "},
		{"deep JSON", replyHead + ` application/json ` + strings.Repeat("[", 100_000), nil, "answer: "},
		{"bad entries among good ones", replyHead + ` application/json [1, null, "x", {}, {"URI": "h:1", "service": ["x"]}, ` +
			listed("tcp://h:1", "x") + `, {"URI": "tcp://h:2"}, {"URI": "tcp://h:3", "service": "x y", "backend": "kafka"}, ` + listed("tcp://h:4", "x") + `]`,
			[]string{"tcp://h:1", "tcp://h:4"}, ""},
		{"status, name and time of any kind", replyHead + ` application/json [{"URI": "tcp://h:1", "service": ["x"], "status": 7, "name": [], "receive_time": null}]`,
			[]string{"tcp://h:1"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := network(t)
				ns := startNameserver(t, n, hostA)
				ns.answer = func(string) []byte { return []byte(tt.reply) }
				cfg := lookupConfig(t, n)
				cfg.Nameservers = cfg.Nameservers[:1]
				got, err := LookupOnce(t.Context(), cfg, "x")
				if tt.err != "" {
					if !errors.Is(err, ErrNoNameserver) || !strings.Contains(err.Error(), tt.err) {
						t.Errorf("got %v, want an error with %s", err, tt.err)
					}
					return
				}
				must(t, err)
				if d := cmp.Diff(tt.want, uris(got)); d != "" {
					t.Errorf("entries (-want +got):\n%s", d)
				}
				for _, e := range got {
					if e.Extra != nil {
						t.Errorf("extra keys %v", e.Extra)
					}
				}
			})
		})
	}
}

func TestLookupGivesUpWhereThereIsNoHope(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		begin := time.Now()
		cfg := lookupConfig(t, n)
		for i := range cfg.Nameservers {
			cfg.Nameservers[i].Backend = transport.Secure
		}
		if _, err := Lookup(t.Context(), cfg, "x"); !errors.Is(err, transport.ErrNoKeys) {
			t.Errorf("got %v", err)
		}
		cfg = lookupConfig(t, n)
		must(t, cfg.Transport.Close())
		if _, err := Lookup(t.Context(), cfg, "x"); !errors.Is(err, transport.ErrClosed) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begin); took > 0 {
			t.Errorf("it took %s", took)
		}
	})
}

// One that answers nonsense spoils nothing, and is named in the log.
func TestLookupBesideGarbage(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		startNameserver(t, n, hostA).answer = func(string) []byte { return []byte("hello") }
		startNameserver(t, n, hostB, listed("tcp://h:1", "x"))
		cfg := lookupConfig(t, n)
		log, logs := logged()
		cfg.Logger = log
		got, err := Lookup(t.Context(), cfg, "x")
		must(t, err)
		if d := cmp.Diff([]string{"tcp://h:1"}, uris(got)); d != "" {
			t.Errorf("entries (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]string{"nameserver gave no list tcp://10.0.0.1:5557"}, texts(logs)); d != "" {
			t.Errorf("log (-want +got):\n%s", d)
		}
	})
}

func TestLookupKeepsExactNamesAndExtraKeys(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		startNameserver(t, n, hostA,
			`{"URI": "tcp://h:1", "service": "text", "site": "nrk", "status": true}`,
			`{"URI": "tcp://h:2", "service": ["20260101", "x"], "nan": NaN}`)
		cfg := lookupConfig(t, n)
		cfg.Nameservers = cfg.Nameservers[:1]
		got, err := LookupOnce(t.Context(), cfg, "")
		must(t, err)
		want := []Entry{
			{Announcement: Announcement{URI: "tcp://h:1", Services: []string{"text"}, ServiceText: true,
				Extra: message.NewObject(message.Member{Key: "site", Value: "nrk"})}},
			{Announcement: Announcement{URI: "tcp://h:2", Services: []string{"20260101", "x"},
				Extra: message.NewObject(message.Member{Key: "nan", Value: nan})}},
		}
		if d := cmp.Diff(want, got, compareObjects); d != "" {
			t.Errorf("entries (-want +got):\n%s", d)
		}
	})
}

func TestLookupChecksItsConfiguration(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		for want, change := range map[string]func(*LookupConfig){
			`lookup of "x": no nameservers to ask`:     func(c *LookupConfig) { c.Nameservers = nil },
			`lookup of "x": no transport`:              func(c *LookupConfig) { c.Transport = nil },
			`lookup of "x": timeout -1ns: is negative`: func(c *LookupConfig) { c.Timeout = -1 },
		} {
			cfg := lookupConfig(t, n)
			change(&cfg)
			if _, err := Lookup(t.Context(), cfg, "x"); err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	})
}
