package registry_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

// model is the registry as one would write it first: a list that is searched.
type model struct{ entries []*modelEntry }

type modelEntry struct {
	p         registry.Publisher
	since     time.Time
	withdrawn bool
}

func (m *model) announce(p registry.Publisher, now time.Time) registry.Outcome {
	for _, e := range m.entries {
		if e.p.URI != p.URI {
			continue
		}
		outcome := registry.Renewed
		switch {
		case e.withdrawn:
			outcome = registry.Returned
		case string(e.p.Data) != string(p.Data):
			outcome = registry.Changed
		}
		e.p, e.since, e.withdrawn = p, now, false
		return outcome
	}
	m.entries = append(m.entries, &modelEntry{p: p, since: now})
	return registry.Added
}

func (m *model) withdraw(uri string, now time.Time) {
	for _, e := range m.entries {
		if e.p.URI == uri && !e.withdrawn {
			e.since, e.withdrawn = now, true
		}
	}
}

func (m *model) expire(now time.Time) []string {
	gone := []string{}
	m.entries = slices.DeleteFunc(m.entries, func(e *modelEntry) bool {
		due := now.Sub(e.since) > config().MaxAge
		if e.withdrawn {
			due = now.Sub(e.since) >= config().Grace
		}
		if due {
			gone = append(gone, e.p.URI)
		}
		return due
	})
	return gone
}

func (m *model) find(service string) []string {
	uris := []string{}
	for _, e := range m.entries {
		s := e.p.Services
		match := service == "" || s.Text && strings.Contains(s.Names[0], service) || !s.Text && slices.Contains(s.Names, service)
		if match && !e.withdrawn {
			uris = append(uris, e.p.URI)
		}
	}
	return uris
}

// TestAgainstModel does the same random things to a registry and to the model.
func TestAgainstModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		services := []string{"a", "b", "ab", "abc", ""}
		r, m, now := registry.New(config()), &model{}, start
		for range 2000 {
			uri := fmt.Sprint("u", rnd.IntN(40))
			now = now.Add(time.Duration(rnd.Int64N(int64(10 * time.Second))))
			switch rnd.IntN(10) {
			case 0:
				if err := r.Withdraw(uri, hostA, now); err == nil {
					m.withdraw(uri, now)
				}
			case 1:
				now = now.Add(time.Duration(rnd.Int64N(int64(4 * time.Minute))))
				check(t, "expired", uris(r.Expire(now)), m.expire(now))
			default:
				p := publisher(uri, services[rnd.IntN(5)], services[rnd.IntN(5)])
				if rnd.IntN(4) == 0 {
					p = textPublisher(uri, services[rnd.IntN(5)])
				}
				announce(t, r, now, m.announce(p, now), p)
			}
			service := services[rnd.IntN(5)]
			check(t, "lookup of "+service, found(t, r, registry.Query{Service: service}), m.find(service))
		}
	}
}

// TestConcurrently is for the race detector: everything at once, and whole entries for those who look.
func TestConcurrently(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for w := range 4 {
		writers.Go(func() {
			now := start
			for i := range 500 {
				uri := fmt.Sprint("tcp://h:", w, i%50)
				if _, _, err := r.Announce(publisher(uri, "x", fmt.Sprint(i)), now); err != nil {
					t.Error(err)
				}
				if i%7 == 0 {
					// Another writer may have let it expire: that is no error here.
					_ = r.Withdraw(uri, hostA, now)
				}
				now = now.Add(10 * time.Second)
				r.Expire(now)
				r.Next()
			}
		})
	}
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				for _, service := range []string{"", "x", "7"} {
					b, n := r.AppendMatches(nil, registry.Query{Service: service})
					if strings.Count(string(b), `{"URI"`) != n || strings.Count(string(b), `+00:00"}`) != n {
						t.Errorf("torn entries: %d in %s", n, b)
						return
					}
				}
				r.Len()
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
}
