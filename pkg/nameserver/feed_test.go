package nameserver

import (
	"net/netip"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

// TestUnencodableChange: nothing that a peer can send is known to get this far; if something did, the nameserver would go on without telling
// of that one change.
func TestUnencodableChange(t *testing.T) {
	n, k := fuzzed(t)
	frame := []byte(fuzzSeeds[2])
	nt, err := readAnnouncement(frame, 1, len(frame), registry.Source{Addr: netip.MustParseAddr("10.0.0.2")}, "")
	if err != nil {
		t.Fatal(err)
	}
	nt.data.Set("note", "\xff")
	if err := k.note(t.Context(), nt, time.Now()); err != nil {
		t.Errorf("addition: %v", err)
	}
	gone := registry.Removal{URI: nt.publisher.URI, Name: "two words", Services: nt.publisher.Services}
	if err := n.publishRemoval(t.Context(), gone); err != nil {
		t.Errorf("removal: %v", err)
	}
	if got := n.Stats().Unpublished; got != 2 {
		t.Errorf("%d changes counted as not published, want 2", got)
	}
}
