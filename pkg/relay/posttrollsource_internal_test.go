package relay

import (
	"fmt"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Publishers that come and go at ever new addresses take no memory for long, also while nobody looks at the links.
func TestSourceForgets(t *testing.T) {
	t.Parallel()
	s := &posttrollSource{news: func() {}, connected: make(map[transport.Endpoint]bool), told: make(map[transport.Endpoint]linkNews)}
	const stays = "tcp://10.0.0.1:9000"
	s.awaited(stays)
	for port := range 1000 {
		s.awaited(fmt.Sprintf("tcp://10.0.0.2:%d", 1024+port))
		s.mu.Lock()
		s.forget(map[string]bool{stays: true})
		s.mu.Unlock()
	}
	if got := len(s.told); got > 2+keepLeft {
		t.Errorf("%d publishers are remembered", got)
	}
	at, err := transport.ConnectEndpoint(stays)
	if _, known := s.told[at]; err != nil || !known {
		t.Errorf("the one that is wanted is not: %v", err)
	}
}
