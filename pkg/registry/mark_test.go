package registry_test

import (
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

// TestMark: what was announced last is renewed by its mark, and nothing else is.
func TestMark(t *testing.T) {
	t.Parallel()
	mark := registry.Mark{1}
	marked := func(uri, service string) registry.Publisher {
		p := publisher(uri, service)
		p.Mark = mark
		return p
	}
	tests := []struct {
		name string
		do   func(t *testing.T, r *registry.Registry)
		want bool
	}{
		{"the same", func(*testing.T, *registry.Registry) {}, true},
		{"announced again", func(t *testing.T, r *registry.Registry) {
			announce(t, r, start, registry.Renewed, marked("a", "x"))
		}, true},
		{"changed, with no mark", func(t *testing.T, r *registry.Registry) {
			announce(t, r, start, registry.Changed, publisher("a", "y"))
		}, false},
		{"the same without a mark", func(t *testing.T, r *registry.Registry) {
			announce(t, r, start, registry.Renewed, publisher("a", "x"))
		}, false},
		{"others are kept from changing it", func(_ *testing.T, r *registry.Registry) {
			other := publisher("a", "y")
			other.Mark = registry.Mark{2}
			r.Renew(other, start)
		}, true},
		{"withdrawn", func(t *testing.T, r *registry.Registry) {
			if err := r.Withdraw("a", hostA, start); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"buried", func(t *testing.T, r *registry.Registry) {
			if _, ok := r.Bury("a", start, start); !ok {
				t.Fatal("not buried")
			}
		}, false},
		{"expired", func(_ *testing.T, r *registry.Registry) { r.Expire(start.Add(time.Hour)) }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := registry.New(config())
			announce(t, r, start, registry.Added, marked("a", "x"))
			tt.do(t, r)
			version := r.Version()
			if got := r.Marked([]byte("a"), mark); got != tt.want {
				t.Errorf("marked: %v, want %v", got, tt.want)
			}
			if r.Marked([]byte("a"), registry.Mark{3}) || r.Marked([]byte("a"), registry.Mark{}) || r.Marked([]byte("b"), mark) {
				t.Error("marked with something else")
			}
			later := start.Add(time.Minute)
			if got := r.RenewMarked([]byte("a"), mark, hostA, registry.Group, later); got != tt.want {
				t.Errorf("renewed: %v, want %v", got, tt.want)
			}
			if s, ok := r.State("a"); tt.want && (!ok || !s.Since.Equal(later)) {
				t.Errorf("renewed at %v", s.Since)
			}
			if r.Version() != version {
				t.Error("something has changed")
			}
		})
	}
}

// TestMarkRestored: an entry is confirmed by an announcement that is read.
func TestMarkRestored(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	p := publisher("a", "x")
	p.Mark = registry.Mark{1}
	if err := r.Restore(registry.Saved{Publisher: p, Announced: start}, start); err != nil {
		t.Fatal(err)
	}
	if r.RenewMarked([]byte("a"), p.Mark, hostA, registry.Group, start) {
		t.Error("renewed while unconfirmed")
	}
	announce(t, r, start, registry.Confirmed, p)
	if !r.RenewMarked([]byte("a"), p.Mark, hostA, registry.Group, start) {
		t.Error("not renewed")
	}
}
