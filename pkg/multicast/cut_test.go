package multicast

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// UDP can't carry more than MaxReceive, so the buffer is made smaller here.
func TestCutDatagramIsCountedAndDropped(t *testing.T) {
	t.Parallel()
	cfg := Config{
		Group:     fmt.Sprintf("239.255.%d.%d", rand.N(256), rand.N(256)),
		Port:      testbed.FreeUDPPort(t),
		Interface: netip.MustParseAddr("127.0.0.1"),
	}
	r, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.buffer = r.buffer[:3]
	s, err := NewSender(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, d := range []string{"1234", "123", "12345", "12"} {
		if err := s.Send(t.Context(), []byte(d)); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"123", "12"} {
		got, _, err := r.Receive(t.Context())
		if err != nil || string(got) != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if want := (Stats{Received: 2, TooLong: 2}); r.Stats() != want {
		t.Errorf("got %+v, want %+v", r.Stats(), want)
	}
}
