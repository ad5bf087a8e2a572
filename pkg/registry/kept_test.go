package registry_test

import (
	"fmt"
	"runtime"
	"testing"
	"unsafe"
	"weak"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

// TestCopies: the texts of a publisher may be cut out of a frame; the table keeps none.
func TestCopies(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	var frames []weak.Pointer[byte]
	// from returns a publisher all of whose texts are in a frame of their own.
	from := func(uri, client string, services ...string) registry.Publisher {
		frame := fmt.Appendf(nil, "%s address %s {%s}", uri, client, services)
		frames = append(frames, weak.Make(&frame[0]))
		text := unsafe.String(&frame[0], len(frame))
		p := registry.Publisher{URI: text[:12], Name: text[13:20], Data: frame[21:], NaiveData: frame[22:], Source: hostA}
		p.Source.Client = text[21 : 21+len(client)]
		for range services {
			p.Services.Names = append(p.Services.Names, text[22+len(client):])
		}
		return p
	}
	announce(t, r, start, registry.Added, from("tcp://h:9000", "", "x"))
	announce(t, r, start, registry.Changed, from("tcp://h:9000", "", "x", "y"))
	announce(t, r, start, registry.Changed, from("tcp://h:9000", "key", "x", "y"))
	if err := r.Restore(registry.Saved{Publisher: from("tcp://h:9001", "key", "x"), Announced: start}, start); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	for i, frame := range frames {
		if frame.Value() != nil {
			t.Errorf("frame %d is still in memory", i+1)
		}
	}
	if n := r.Len(); n != 2 {
		t.Errorf("%d publishers are listed, want 2", n)
	}
}
