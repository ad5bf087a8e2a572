package inmem_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/multicast"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

// datagrams returns those that are there.
func datagrams(t *testing.T, g *inmem.Group) []string {
	t.Helper()
	var got []string
	for {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		body, from, err := g.Receive(ctx)
		cancel()
		if err != nil {
			return got
		}
		got = append(got, fmt.Sprint(from.Addr(), " ", string(body)))
	}
}

func TestGroup(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n, _, _ := hosts(t)
		a, b := n.Group(addrA), n.Group(addrB)
		must(t, a.Send(t.Context(), []byte("1")))
		late := n.Group(addrB)
		n.Cut(addrB)
		must(t, a.Send(t.Context(), []byte("2")))
		must(t, b.Send(t.Context(), []byte("3")))
		n.Heal(addrB)
		n.DropDatagrams(func(from, to netip.Addr, body []byte) bool {
			return from == addrA && to == addrB && bytes.Equal(body, []byte("4"))
		})
		must(t, a.Send(t.Context(), []byte("4")))
		n.DropDatagrams(nil)
		must(t, b.Send(t.Context(), []byte("5")))
		for _, tt := range []struct {
			name  string
			group *inmem.Group
			want  []string
		}{
			{"a", a, []string{"10.0.0.1 1", "10.0.0.1 2", "10.0.0.1 4", "10.0.0.2 5"}},
			{"b", b, []string{"10.0.0.1 1", "10.0.0.2 3", "10.0.0.2 5"}},
			{"late", late, []string{"10.0.0.2 3", "10.0.0.2 5"}},
		} {
			if diff := cmp.Diff(tt.want, datagrams(t, tt.group)); diff != "" {
				t.Errorf("%s received (-want +got):\n%s", tt.name, diff)
			}
		}
	})
}

func TestGroupErrors(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n, _, _ := hosts(t)
		g := n.Group(addrA)
		err := g.Send(t.Context(), make([]byte, 1025))
		if tooLong, ok := errors.AsType[*multicast.TooLongError](err); !ok || tooLong.Size != 1025 || tooLong.Limit != 1024 {
			t.Errorf("got %v, want a TooLongError", err)
		}
		g.FailSends(fmt.Errorf("send: %w", multicast.ErrNoNetwork))
		if err := g.Send(t.Context(), nil); !errors.Is(err, multicast.ErrNoNetwork) {
			t.Errorf("got %v, want %v", err, multicast.ErrNoNetwork)
		}
		g.FailSends(nil)
		must(t, g.Send(t.Context(), make([]byte, 1024)))
		if got := len(datagrams(t, g)); got != 1 {
			t.Errorf("received %d datagrams, want the last", got)
		}
	})
}

func TestGroupIsBounded(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n, _, _ := hosts(t)
		g := n.Group(addrA)
		for range 5000 {
			must(t, g.Send(t.Context(), make([]byte, 1024)))
		}
		if got := g.Dropped(); got != 5000-4096 {
			t.Errorf("dropped %d, want %d", got, 5000-4096)
		}
	})
}
