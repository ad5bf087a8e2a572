package relay

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// posttrollSink publishes.
type posttrollSink struct {
	ports    sinkPorts
	carrying carrying
	keys     closer // of its own; nil: none

	stop    context.CancelFunc
	beating sync.WaitGroup
}

var _ Sink = (*posttrollSink)(nil)

// openSink binds the sink of a route and begins to announce it. id is what others are told that it is called.
func (r *Relay) openSink(cfg SinkConfig, id string) (_ Sink, err error) {
	node, keys, err := r.sinkNode(cfg)
	if err != nil {
		return nil, err
	}
	s := &posttrollSink{keys: keys, ports: sinkPorts{log: r.log, cfg: cfg, publisher: node.Publisher}, carrying: carrying{id: id}}
	if err := s.begin(); err != nil {
		return nil, errors.Join(err, s.ports.close(), closeAny(keys))
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	if cfg.Heartbeat > 0 {
		s.beating.Go(func() { s.beat(ctx, cfg.Heartbeat, r.log) })
	}
	return s, nil
}

// checkSink reads the keys that the sink of a route needs, and binds nothing.
func (r *Relay) checkSink(cfg SinkConfig) error {
	node, keys, err := r.sinkNode(cfg)
	if err != nil {
		return err
	}
	return errors.Join(node.CheckPublisher(cfg.publisher()), closeAny(keys))
}

// publisher returns the options of the publisher. It is lax, since each route decides for itself.
func (cfg SinkConfig) publisher() pubsub.PublisherOptions {
	return pubsub.PublisherOptions{
		Name:                    cfg.Name,
		Address:                 cfg.Address,
		Port:                    cfg.Port,
		MinPort:                 cfg.MinPort,
		MaxPort:                 cfg.MaxPort,
		Aliases:                 cfg.Aliases,
		BroadcastInterval:       cfg.BroadcastInterval,
		Nameservers:             cfg.Nameservers,
		Announce:                announceModes[cfg.Announce],
		Advertise:               cfg.Advertise,
		Backend:                 cfg.Backend,
		ServerSecretKeyFile:     cfg.ServerSecretKeyFile,
		NextServerSecretKeyFile: cfg.NextServerSecretKeyFile,
		NextPort:                cfg.NextPort,
		Queue:                   cfg.Queue,
		LastMessage:             cfg.lastMessage(),
		Replay:                  cfg.replay(),
		Early:                   true,
		Lax:                     true,
	}
}

// announceModes are the values of [SinkConfig].Announce.
var announceModes = map[string]pubsub.AnnounceMode{
	"": pubsub.AnnounceAuto, "auto": pubsub.AnnounceAuto, "both": pubsub.AnnounceBoth, "none": pubsub.AnnounceNone,
}

// beat sends heartbeats, at once and then in their interval, until ctx ends.
func (s *posttrollSink) beat(ctx context.Context, every time.Duration, log *zap.Logger) {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	data := message.NewObject(message.Member{Key: "min_interval", Value: int64(every / time.Second)})
	for ctx.Err() == nil {
		all, _ := s.ports.publishers()
		for _, pub := range all {
			if err := pub.Publish(ctx, heartbeatSubject+pub.Name(), heartbeatType, data); err != nil && ctx.Err() == nil {
				log.Warn("heartbeat not sent", zap.String("service", pub.Name()), zap.Error(err))
			}
		}
		select {
		case <-ctx.Done():
		case <-ticks.C:
		}
	}
}

// What heartbeats are known by (doc/protocol.md, section 2).
const (
	heartbeatSubject = "/heartbeat/"
	heartbeatType    = "beat"
)

func (s *posttrollSink) Send(ctx context.Context, frames [][]byte, from []transport.Endpoint) (sent int, err error) {
	return s.ports.send(ctx, frames, from)
}

func (s *posttrollSink) Endpoints() []transport.Endpoint {
	bound, _ := s.ports.endpoints()
	return bound
}

func (s *posttrollSink) URIs() []string {
	_, uris := s.ports.endpoints()
	return uris
}

func (s *posttrollSink) Demand(ctx context.Context, known []string) ([]string, error) {
	return s.ports.demand(ctx, known)
}

// topicsOf returns what is subscribed to, whoever does and how many.
func topicsOf(subscriptions []transport.Subscription) []string {
	var topics []string
	for _, s := range subscriptions {
		topics = append(topics, s.Topic)
	}
	return topics
}

func (s *posttrollSink) Peers() int { return len(s.Clients()) }

func (s *posttrollSink) Close() error {
	s.stop()
	s.beating.Wait()
	return errors.Join(s.ports.close(), closeAny(s.keys))
}
