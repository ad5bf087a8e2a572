package curveprobe

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// TestPatience has servers that wait before they do something, in time that passes at once.
func TestPatience(t *testing.T) {
	t.Parallel()
	after := func(wait time.Duration, answer func(due []byte) []byte) func([]byte) []byte {
		return func(due []byte) []byte {
			time.Sleep(wait)
			return answer(due)
		}
	}
	closes := always("")
	for name, tt := range map[string]struct {
		change func(*server)
		want   finding
	}{
		"HELLO, closed when a slow line allows it":    {func(s *server) { s.welcome = after(2*time.Second, closes) }, finding{WrongServerKey, "it closed the connection after 2s"}},
		"HELLO, closed when patience ends":            {func(s *server) { s.welcome = after(5*time.Second, closes) }, finding{NoWelcome, "it closed the connection after 5s"}},
		"HELLO, silent":                               {func(s *server) { s.welcome = after(time.Hour, closes) }, finding{NoWelcome, "it said nothing for 10s"}},
		"INITIATE, closed when a slow line allows it": {func(s *server) { s.ready = after(2*time.Second, closes) }, finding{ClosedOnKey, "it closed the connection after 2s"}},
		"INITIATE, closed when patience ends":         {func(s *server) { s.ready = after(5*time.Second, closes) }, finding{NoVerdict, "it closed the connection after 5s"}},
		"INITIATE, silent":                            {func(s *server) { s.ready = after(time.Hour, closes) }, finding{NoVerdict, "it said nothing for 10s"}},
		"greeting, silent":                            {func(s *server) { s.greeting = after(time.Hour, closes) }, finding{Silent, "it said nothing for 10s"}},
		"slow all the way": {func(s *server) {
			same := func(due []byte) []byte { return due }
			s.greeting, s.welcome, s.ready = after(3*time.Second, same), after(3*time.Second, same), after(3*time.Second, same)
		}, finding{Admitted, ""}},
		"too slow all the way": {func(s *server) {
			same := func(due []byte) []byte { return due }
			s.greeting, s.welcome, s.ready = after(4*time.Second, same), after(4*time.Second, same), after(4*time.Second, same)
		}, finding{NoVerdict, "it said nothing for 2s"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t)
				tt.change(s)
				h, err := newHandshake(s.key.Public, generate(t))
				if err != nil {
					t.Fatal(err)
				}
				defer h.wipe()
				ours, theirs := net.Pipe()
				go func() {
					defer theirs.Close()
					if err := s.serve(theirs); err != nil {
						t.Error(err)
					}
				}()
				ctx, cancel := context.WithTimeout(t.Context(), DefaultTimeout)
				defer cancel()
				err = (&trial{handshake: h}).talk(ctx, ours)
				got := finding{Admitted, ""}
				if f, ok := errors.AsType[*finding](err); ok {
					got = *f
				} else if err != nil {
					t.Fatal(err)
				}
				if got != tt.want {
					t.Errorf("got %v, want %v", got, tt.want)
				}
				time.Sleep(2 * time.Hour) // the server comes to its end
			})
		})
	}
}
