package discovery

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

// changes are what a follower told.
type changes struct {
	mu  sync.Mutex
	all []string
}

func (c *changes) add(ch Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, change(ch))
}

func change(ch Change) string {
	if ch.Added {
		return "+" + ch.Entry.URI
	}
	return "-" + ch.Entry.URI
}

// sort is for what comes from two nameservers at once.
func (c *changes) sort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.all)
}

// check compares what was told since the last call.
func (c *changes) check(t *testing.T, when string, want ...string) {
	t.Helper()
	synctest.Wait()
	c.mu.Lock()
	got := c.all
	c.all = nil
	c.mu.Unlock()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", when, d)
	}
}

func followerConfig(t *testing.T, n *inmem.Network, services ...string) FollowerConfig {
	t.Helper()
	return FollowerConfig{LookupConfig: lookupConfig(t, n), Services: services,
		Feeds: peers(t, DefaultAddressPublishPort, hostA, hostB)}
}

// follow runs a follower until the test ends.
func follow(t *testing.T, cfg FollowerConfig) (*Follower, *changes) {
	t.Helper()
	f, err := NewFollower(cfg)
	must(t, err)
	c := &changes{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, c.add) }()
	t.Cleanup(func() {
		begin := time.Now()
		cancel()
		must(t, <-done)
		if took := time.Since(begin); took != 0 {
			t.Errorf("stopping took %s", took)
		}
	})
	return f, c
}
