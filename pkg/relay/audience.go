package relay

import (
	"fmt"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Clients returns the subscribers of the sink of a route, as far as it knows them.
func (r *Relay) Clients(name string) ([]transport.Client, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, route := range r.routes {
		if route.Name != name {
			continue
		}
		if audience, ok := route.outlet.sink.(Audience); ok {
			return audience.Clients(), nil
		}
		return nil, nil
	}
	return nil, fmt.Errorf("route %q: %w", name, ErrNoRoute)
}

// loss is what subscribers of the sink did not get; zero where it can't tell.
func (out *outlet) loss() transport.LossStats {
	if audience, ok := out.sink.(Audience); ok {
		return audience.Loss()
	}
	return transport.LossStats{}
}

var _ Audience = (*posttrollSink)(nil)

func (s *posttrollSink) Clients() []transport.Client { return s.ports.clients() }

func (s *posttrollSink) Loss() transport.LossStats { return s.ports.loss() }
