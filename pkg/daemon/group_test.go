package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// manager is a service manager that notes what it is told and when.
type manager struct {
	start time.Time

	mu   sync.Mutex
	told []string
	fail error
}

func newManager() *manager { return &manager{start: time.Now()} }

func (m *manager) send(state string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	state, _, _ = strings.Cut(state, "\nMONOTONIC_USEC=")
	m.told = append(m.told, fmt.Sprintf("%s %s", time.Since(m.start), strings.ReplaceAll(state, "\n", " ")))
	return m.fail
}

func (m *manager) want(t *testing.T, want ...string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if diff := cmp.Diff(want, m.told); diff != "" {
		t.Errorf("told: (-want +got)\n%s", diff)
	}
}

// part is ready after a while and ends when it is told to.
func part(name string, after time.Duration) daemon.Part {
	return daemon.Part{Name: name, NoHeartbeat: true, Run: func(ctx context.Context, h *daemon.Handle) error {
		select {
		case <-time.After(after):
			h.Ready()
			h.Ready()
		case <-ctx.Done():
			return nil
		}
		<-ctx.Done()
		return nil
	}}
}

// run runs a group for a while.
func runFor(t *testing.T, d time.Duration, g *daemon.Group) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	return g.Run(ctx)
}

func TestReadyWhenAllAre(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newManager()
		ready := 0
		g := &daemon.Group{
			Parts:    []daemon.Part{part("a", time.Second), part("b", 3*time.Second), part("c", 0)},
			Notifier: daemon.Notifier{Send: m.send},
			Ready:    func() { ready++ },
		}
		if err := runFor(t, 10*time.Second, g); err != nil {
			t.Fatal(err)
		}
		m.want(t, "3s READY=1", "10s STOPPING=1 STATUS=stopping")
		if ready != 1 {
			t.Errorf("Ready was called %d times", ready)
		}
	})
}

func TestNotReadyWhenStoppedBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newManager()
		late := daemon.Part{Name: "late", Run: func(ctx context.Context, h *daemon.Handle) error {
			<-ctx.Done()
			time.Sleep(time.Second)
			h.Ready()
			return ctx.Err()
		}}
		g := &daemon.Group{Parts: []daemon.Part{late}, Notifier: daemon.Notifier{Send: m.send}}
		if err := runFor(t, time.Second, g); err != nil {
			t.Fatal(err)
		}
		m.want(t, "1s STOPPING=1 STATUS=stopping")
	})
}

func TestFirstFailureEndsAll(t *testing.T) {
	t.Parallel()
	broken := errors.New("port taken")
	fails := func(err error) daemon.Part {
		return daemon.Part{Name: "feed", Run: func(ctx context.Context, h *daemon.Handle) error {
			h.Ready()
			time.Sleep(2 * time.Second)
			return err
		}}
	}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"an error", broken, "feed: port taken"},
		{"an end", nil, "feed: ended by itself"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newManager()
				g := &daemon.Group{Parts: []daemon.Part{part("a", 0), fails(tt.err)}, Notifier: daemon.Notifier{Send: m.send}}
				err := runFor(t, time.Hour, g)
				if err == nil || err.Error() != tt.want {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				if tt.err != nil && !errors.Is(err, tt.err) {
					t.Errorf("%v does not wrap the cause", err)
				}
				m.want(t, "0s READY=1", "2s STOPPING=1 STATUS=stopping")
			})
		})
	}
}

func TestFailuresWhileStopping(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.WarnLevel)
		bad := daemon.Part{Name: "relay", Run: func(ctx context.Context, _ *daemon.Handle) error {
			<-ctx.Done()
			return errors.New("close: gone")
		}}
		g := &daemon.Group{Parts: []daemon.Part{part("a", 0), bad}, Logger: zap.New(core)}
		err := runFor(t, time.Second, g)
		if err == nil || err.Error() != "relay: close: gone" {
			t.Errorf("got %v", err)
		}
		if got := logs.FilterMessage("part failed while stopping").Len(); got != 1 {
			t.Errorf("logged %d times, want once", got)
		}
	})
}

func TestStopLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		stuck := func(name string) daemon.Part {
			return daemon.Part{Name: name, Run: func(context.Context, *daemon.Handle) error {
				<-release
				return nil
			}}
		}
		g := &daemon.Group{Parts: []daemon.Part{stuck("one"), part("good", 0), stuck("two")}}
		began := time.Now()
		err := runFor(t, time.Second, g)
		want := "still at work 10s after being told to stop: one, two"
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if took := time.Since(began); took != time.Second+daemon.DefaultStopLimit {
			t.Errorf("took %s", took)
		}
		close(release)
	})
}

func TestReload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.InfoLevel)
		m := newManager()
		hangups := make(chan os.Signal)
		results := []error{nil, errors.Join(daemon.Hint(errors.New("a.toml:1: max_age: want a duration"), "write \"30s\""), errors.New("a.toml:2: x: unknown key"))}
		g := &daemon.Group{
			Parts:    []daemon.Part{part("a", 2*time.Second)},
			Logger:   zap.New(core),
			Notifier: daemon.Notifier{Send: m.send},
			Hangups:  hangups,
			Reload: func(context.Context) error {
				err := results[0]
				results = results[1:]
				return err
			},
		}
		go func() {
			for range 2 {
				time.Sleep(3 * time.Second)
				hangups <- syscall.SIGHUP
			}
		}()
		if err := runFor(t, 10*time.Second, g); err != nil {
			t.Fatal(err)
		}
		m.want(t, "2s READY=1", "3s RELOADING=1", "3s READY=1", "6s RELOADING=1", "6s READY=1", "10s STOPPING=1 STATUS=stopping")
		var got []string
		for _, entry := range logs.All() {
			got = append(got, strings.TrimSpace(fmt.Sprintln(entry.Message, entry.ContextMap()["error"], entry.ContextMap()["hint"])))
		}
		want := []string{
			"ready <nil> <nil>", "reloaded <nil> <nil>",
			// Each error on a line of its own, as --check prints them.
			`reload failed, the old settings stay a.toml:1: max_age: want a duration write "30s"`,
			"reload failed, the old settings stay a.toml:2: x: unknown key <nil>",
			"stopping <nil> <nil>",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("log: (-want +got)\n%s", diff)
		}
	})
}

// A hang-up ends no daemon that can't reload, and tells no manager that has not heard READY=1.
func TestHangupBeforeReady(t *testing.T) {
	t.Parallel()
	for _, reload := range []func(context.Context) error{nil, func(context.Context) error { return nil }} {
		synctest.Test(t, func(t *testing.T) {
			m := newManager()
			hangups := make(chan os.Signal, 1)
			hangups <- syscall.SIGHUP
			g := &daemon.Group{
				Parts:    []daemon.Part{part("a", 2*time.Second)},
				Notifier: daemon.Notifier{Send: m.send},
				Hangups:  hangups,
				Reload:   reload,
			}
			if err := runFor(t, 3*time.Second, g); err != nil {
				t.Fatal(err)
			}
			m.want(t, "2s READY=1", "3s STOPPING=1 STATUS=stopping")
		})
	}
}

// beating is a part whose loop goes round as often as it is asked to, and hangs after a while.
func beating(name string, hangsAfter time.Duration) daemon.Part {
	return daemon.Part{Name: name, Run: func(ctx context.Context, h *daemon.Handle) error {
		h.Ready()
		tick := time.NewTicker(h.BeatInterval())
		defer tick.Stop()
		hang := time.After(hangsAfter)
		for {
			select {
			case <-tick.C:
				h.Beat()
				h.Beat()
			case <-hang:
				<-ctx.Done()
				return nil
			case <-ctx.Done():
				return nil
			}
		}
	}}
}

func TestWatchdogHearsOfAllLoops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newManager()
		g := &daemon.Group{
			Parts: []daemon.Part{
				beating("a", time.Hour),
				beating("b", 50*time.Second),
				part("http", 0), // has no loop
			},
			Notifier: daemon.Notifier{Send: m.send, Watchdog: time.Minute},
		}
		if err := runFor(t, 5*time.Minute, g); err != nil {
			t.Fatal(err)
		}
		// Nothing comes after b hangs, though a goes on.
		m.want(t, "0s READY=1", "15s WATCHDOG=1", "30s WATCHDOG=1", "45s WATCHDOG=1", "5m0s STOPPING=1 STATUS=stopping")
	})
}

func TestNobodyWatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &daemon.Group{Parts: []daemon.Part{{Name: "a", Run: func(ctx context.Context, h *daemon.Handle) error {
			if d := h.BeatInterval(); d != 0 {
				t.Errorf("asked to beat every %s", d)
			}
			h.Beat()
			h.Status("idle")
			<-ctx.Done()
			return nil
		}}}}
		if err := runFor(t, time.Second, g); err != nil {
			t.Fatal(err)
		}
	})
}

func TestStatusIsOneLineAndNews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newManager()
		g := &daemon.Group{
			Notifier: daemon.Notifier{Send: m.send},
			Parts: []daemon.Part{{Name: "a", Run: func(ctx context.Context, h *daemon.Handle) error {
				h.Status("1 publisher\nWATCHDOG=1")
				h.Status("1 publisher WATCHDOG=1")
				h.Status("2 publishers")
				<-ctx.Done()
				h.Status("too late")
				return nil
			}}},
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := g.Run(ctx); err != nil {
			t.Fatal(err)
		}
		// Whether the last one comes before STOPPING is chance, but it is never shown after it.
		var got []string
		for _, line := range m.told {
			if !strings.HasSuffix(line, "STATUS=too late") {
				got = append(got, line)
			}
		}
		want := []string{"0s STATUS=1 publisher WATCHDOG=1", "0s STATUS=2 publishers", "1s STOPPING=1 STATUS=stopping"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("told: (-want +got)\n%s", diff)
		}
	})
}

func TestDeafManagerIsLoggedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.WarnLevel)
		m := newManager()
		m.fail = errors.New("connection refused")
		g := &daemon.Group{
			Parts:    []daemon.Part{beating("a", time.Hour)},
			Logger:   zap.New(core),
			Notifier: daemon.Notifier{Send: m.send, Watchdog: time.Second},
		}
		if err := runFor(t, time.Minute, g); err != nil {
			t.Fatal(err)
		}
		if got := logs.FilterMessage("service manager can't be told").Len(); got != 1 {
			t.Errorf("logged %d times, want once", got)
		}
	})
}

func TestEmptyGroup(t *testing.T) {
	t.Parallel()
	if err := (&daemon.Group{}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}
