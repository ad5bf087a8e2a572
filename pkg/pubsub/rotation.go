package pubsub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// A publisher whose server key is to change binds two sockets, since one can have but one key: the second with the key that is to follow. Both send
// the same, and subscribers change over one by one (doc/security.md). What follows makes the two look like one.

// nextServer returns the security of the second socket of a publisher, and whether it is to have one.
func (n *Node) nextServer(o PublisherOptions, bind transport.Endpoint) (transport.ServerSecurity, bool, error) {
	switch {
	case o.Backend != transport.Secure || bind.Scheme() == "inproc":
		return transport.ServerSecurity{}, false, nil
	case o.NextServerSecretKeyFile != "":
		next, err := n.ownServer("next_server_secret_key_file", o.NextServerSecretKeyFile)
		return next, err == nil, err
	case o.ServerSecretKeyFile != "":
		return transport.ServerSecurity{}, false, nil // the next key of the settings follows the key of the settings
	}
	next, ok := n.security.NextServer()
	return next, ok, nil
}

// beside returns where a further socket of a publisher binds: beside the first, on another port or, where it is none of TCP, at a path with another end.
func beside(first transport.Endpoint, port int, end string) (transport.Endpoint, error) {
	if first.Scheme() == "tcp" {
		return first.WithPort(port), nil
	}
	return transport.ParseEndpoint(first.String() + end)
}

// bindNext binds the second socket of a publisher if it is to have one; nil if not.
func (n *Node) bindNext(o PublisherOptions, first transport.Endpoint, present transport.ServerSecurity, welcome *transport.Welcome) (transport.Publisher, transport.ServerSecurity, error) {
	next, ok, err := n.nextServer(o, first)
	if err != nil || !ok {
		return nil, next, err
	}
	if next.Key.Public == present.Key.Public {
		n.log.Warn("next server key is the present one: it is not served twice", zap.String("service", o.Name))
		return nil, next, nil
	}
	where, err := beside(first, o.NextPort, ".next")
	if err != nil {
		return nil, next, fmt.Errorf("next server key: %w", err)
	}
	socket, err := n.bind(o, where, next, welcome)
	if err != nil {
		return nil, next, fmt.Errorf("next server key: %w", err)
	}
	return socket, next, nil
}

// pair is two sockets that send the same.
type pair struct {
	transport.Publisher // the first, which has the endpoint

	next transport.Publisher
}

var _ transport.Publisher = (*pair)(nil)

// Send sends frame on both. Where it fails on one it may have gone out on the other.
func (p *pair) Send(ctx context.Context, frame []byte) error {
	if err := p.Publisher.Send(ctx, frame); err != nil {
		return err
	}
	return p.next.Send(ctx, frame)
}

// SendBatch sends frames on both. Where it fails on one, more may have gone out on the other.
func (p *pair) SendBatch(ctx context.Context, frames [][]byte) (int, error) {
	first, err := p.Publisher.SendBatch(ctx, frames)
	if err != nil {
		return first, err
	}
	return p.next.SendBatch(ctx, frames)
}

// WaitSubscribed waits until both together have n subscriptions.
func (p *pair) WaitSubscribed(ctx context.Context, topic string, n int) error {
	return transport.WaitSubscribed(ctx, p, topic, n)
}

func (p *pair) Subscriptions() []transport.Subscription {
	return together(p.Publisher.Subscriptions(), p.next.Subscriptions())
}

// together adds up the subscriptions of two sockets.
func together(all, more []transport.Subscription) []transport.Subscription {
	all = slices.Clone(all)
	for _, s := range more {
		i, found := slices.BinarySearchFunc(all, s, func(a, b transport.Subscription) int { return cmp.Compare(a.Topic, b.Topic) })
		if found {
			all[i].Count += s.Count
		} else {
			all = slices.Insert(all, i, s)
		}
	}
	return all
}

func (p *pair) Covers(frame []byte) bool { return p.Publisher.Covers(frame) || p.next.Covers(frame) }

// NextSubscriptions waits until those of both together are not known.
func (p *pair) NextSubscriptions(ctx context.Context, known []transport.Subscription) ([]transport.Subscription, error) {
	for {
		first, next := p.Publisher.Subscriptions(), p.next.Subscriptions()
		if now := together(first, next); !slices.Equal(now, known) {
			return now, ctx.Err()
		}
		ended, cancel := context.WithCancel(ctx)
		done := make(chan error, 2)
		for socket, before := range map[transport.Publisher][]transport.Subscription{p.Publisher: first, p.next: next} {
			go func() {
				_, err := socket.NextSubscriptions(ended, before)
				done <- err
			}()
		}
		err := <-done
		cancel()
		<-done
		if err != nil {
			return nil, err
		}
	}
}

func (p *pair) Clients() []transport.Client {
	all := slices.Concat(p.Publisher.Clients(), p.next.Clients())
	slices.SortFunc(all, transport.Client.Compare)
	return all
}

func (p *pair) Stats() transport.PublisherStats {
	a, b := p.Publisher.Stats(), p.next.Stats()
	a.Cut += b.Cut
	a.Welcomed += b.Welcomed
	unheard := min(a.Loss.Unheard, b.Loss.Unheard) // both were sent the same; by how much less they may have gone unheard on both at once nobody knows
	a.Loss = a.Loss.Add(b.Loss)
	a.Loss.Unheard = unheard
	a.Access.Admitted += b.Access.Admitted
	a.Access.Revoked += b.Access.Revoked
	a.Access.ByClient = sum(a.Access.ByClient, b.Access.ByClient)
	a.Access.Refused = sum(a.Access.Refused, b.Access.Refused)
	return a
}

func (p *pair) Close() error { return errors.Join(p.Publisher.Close(), p.next.Close()) }

// sum adds counters. Neither map is changed.
func sum[K comparable](a, b map[K]uint64) map[K]uint64 {
	if len(b) == 0 {
		return a
	}
	all := maps.Clone(b)
	for k, n := range a {
		all[k] += n
	}
	return all
}
