package httpd_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/httpd"
)

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	path := socketPath(t)
	s, err := httpd.ListenUnix(path, hello(), httpd.Options{})
	serve(t, s, err)
	info, err := os.Stat(path)
	if err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("the socket is %v, %v", info.Mode(), err)
	}
	client := httpd.NewClient(path)
	body, err := client.Do(t.Context(), http.MethodPost, "/hello", url.Values{"a": {"b"}})
	if want := `{"body":"","method":"POST"}` + "\n"; err != nil || string(body) != want {
		t.Errorf("answered with %q, %v, want %q", body, err, want)
	}
	if _, err := client.Do(t.Context(), http.MethodGet, "/none", nil); err == nil || err.Error() != "there is no GET /none" {
		t.Errorf("got %v", err)
	}
	if _, err := client.Do(t.Context(), http.MethodGet, "/panic", nil); err == nil || !strings.HasPrefix(err.Error(), "socket "+path+": ") {
		t.Errorf("got %v", err)
	}
	if status, _, _ := talk(t, s, "POST /hello HTTP/1.1\nHost: x\nContent-Length: 100000\n\n"+strings.Repeat("x", 100_000)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a long body is answered with %d", status)
	}
}

// socketPath is short enough for a socket.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "httpd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(dir, "s")
}

// What is there already: behind what nobody answers a socket is bound, and never behind anything else.
func TestUnixSocketInTheWay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		make func(t *testing.T, path string)
		want string // error; empty: none
	}{
		{"nothing", func(*testing.T, string) {}, ""},
		{"left behind", leaveSocket, ""},
		{"in use", func(t *testing.T, path string) {
			s, err := httpd.ListenUnix(path, hello(), httpd.Options{})
			serve(t, s, err)
		}, "somebody else answers there"},
		{"file", func(t *testing.T, path string) { write(t, path, "x") }, "there is something that is no socket"},
		{"link", func(t *testing.T, path string) {
			if err := os.Symlink("/dev/null", path); err != nil {
				t.Fatal(err)
			}
		}, "there is something that is no socket"},
		{"directory", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "there is something that is no socket"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := socketPath(t)
			tt.make(t, path)
			s, err := httpd.ListenUnix(path, hello(), httpd.Options{})
			if tt.want == "" {
				serve(t, s, err)
				if _, err := httpd.NewClient(path).Do(t.Context(), http.MethodGet, "/hello", nil); err != nil {
					t.Error(err)
				}
				return
			}
			if want := "socket " + path + ": " + tt.want; err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
			if _, err := os.Lstat(path); err != nil {
				t.Errorf("what was there is gone: %v", err)
			}
		})
	}
}

// leaveSocket leaves a socket as a process does that was killed.
func leaveSocket(t *testing.T, path string) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Of many that find a socket left behind at the same time one gets the place, and keeps it.
func TestUnixSocketRace(t *testing.T) {
	t.Parallel()
	path := socketPath(t)
	leaveSocket(t, path)
	var winners atomic.Int32
	var trying sync.WaitGroup
	for range 20 {
		trying.Go(func() {
			s, err := httpd.ListenUnix(path, hello(), httpd.Options{})
			switch {
			case err == nil:
				winners.Add(1)
				t.Cleanup(func() {
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				})
			case !errors.Is(err, httpd.ErrInUse):
				t.Error(err)
			}
		})
	}
	trying.Wait()
	if n := winners.Load(); n != 1 {
		t.Errorf("%d have bound it", n)
	}
}

func TestUnixSocketErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := httpd.ListenUnix(filepath.Join(dir, "none", "s"), hello(), httpd.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	long := filepath.Join(dir, strings.Repeat("x", 108))
	if _, err := httpd.ListenUnix(long, hello(), httpd.Options{}); err == nil || !strings.Contains(err.Error(), "sockets take 107") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := httpd.NewClient(socketPath(t)).Do(ctx, http.MethodGet, "/", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := httpd.NewClient(socketPath(t)).Do(t.Context(), http.MethodGet, "/", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// TestUnixSocketLocked: somebody who locks a directory that others use too can't keep a daemon from telling so.
func TestUnixSocketLocked(t *testing.T) {
	t.Parallel()
	path := socketPath(t)
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	s, err := httpd.ListenUnix(path, hello(), httpd.Options{})
	if err == nil {
		t.Fatal("bound all the same:", s.Close())
	}
	if want := "another process holds it"; !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}
