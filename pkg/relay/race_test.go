package relay_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
)

// Everything at once over real sockets, ended while it goes on: nothing may deadlock, race or be left over.
func TestChangesRace(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	pubs := []*pubsub.Publisher{s.publisher(), s.publisher()}
	one, two := s.route("one", pubs...), s.route("two", pubs[1])
	one.OnDemand = true
	other := one
	other.Steps = []step.Config{{Rename: &step.Rename{Prefix: map[string]string{"/": "/x"}}}}
	moved := one
	moved.Source = two.Source
	bound := two
	bound.Sink.Queue = 17
	configs := []relay.Config{configOf(one, two), configOf(other, two), configOf(moved, bound), configOf(one), configOf(bound, other), configOf()}
	r := s.relay(one, two)
	sub := s.subscriber(r, "one")

	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var wg sync.WaitGroup
	try := func(do func(i int) error) {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if err := do(i); err != nil && !errors.Is(err, relay.ErrNoRoute) && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for _, pub := range pubs {
		try(func(i int) error { return pub.SendText(ctx, text(fmt.Sprintf("/%d", i%5), fmt.Sprint(i))) })
	}
	try(func(i int) error { return r.Reload(configs[i%len(configs)]) })
	try(func(int) error { return errors.Join(r.Pause("one"), r.Resume("one"), r.Pause("two"), r.Resume("two")) })
	try(func(int) error { r.Stats(); r.Routes(); _, _, err := r.Endpoint("one"); return err })
	try(func(i int) error { return sub.SetTopics(fmt.Sprintf("/%d", i%5), "/x") })
	try(func(int) error { _, err := sub.ReceiveBatch(ctx, make([]pubsub.Received, 0, 100)); return err })
	wg.Wait()
}
