package pubsub

import (
	"errors"
	"fmt"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// hookQueued bounds the bytes that wait for one hook: 16 MiB.
const hookQueued = 16 << 20

// AddHookSub subscribes to topics of one more publisher, whose messages are not for the program but for callback. It is called by the
// goroutine that receives, between two messages, and only while that is waiting for the next one; so it needs
// no lock for what it shares with it. It must not receive itself. The hook stays until the subscriber is closed.
func (s *Subscriber) AddHookSub(addr Address, topics []string, callback func(*message.Message)) error {
	to, err := s.hookPeer(addr, callback)
	if err != nil {
		return err
	}
	cfg := s.config
	cfg.Attribute, cfg.Recycle = false, false
	cfg.MaxQueued = hookQueued
	sub, err := s.node.transport.Subscriber(cfg)
	if err != nil {
		return fmt.Errorf("hook: %w", err)
	}
	src := &source{receiver: sub, sub: sub, hook: callback}
	err = src.setTopics(newTopicSet(topics))
	if err == nil {
		err = sub.Connect(to)
	}
	return s.addHook(src, err)
}

// AddHookPull is AddHookSub for messages that a peer pushes to whoever pulls them.
func (s *Subscriber) AddHookPull(addr Address, callback func(*message.Message)) error {
	to, err := s.hookPeer(addr, callback)
	if err != nil {
		return err
	}
	puller, err := s.node.transport.Puller(transport.PullerConfig{Address: to, SocketOptions: s.config.SocketOptions})
	if err != nil {
		return fmt.Errorf("hook: %w", err)
	}
	return s.addHook(&source{receiver: puller, hook: callback}, nil)
}

// hookPeer checks what a hook is to be made of.
func (s *Subscriber) hookPeer(addr Address, callback func(*message.Message)) (transport.Address, error) {
	if callback == nil {
		return transport.Address{}, errors.New("hook: no callback")
	}
	to, err := s.node.peer(addr, s.backend)
	if err != nil {
		return transport.Address{}, fmt.Errorf("hook: address: %w", err)
	}
	return to, nil
}

// addHook adds src, or closes it when something went wrong before.
func (s *Subscriber) addHook(src *source, err error) error {
	if err == nil {
		err = s.addSide(src)
	}
	if err != nil {
		return fmt.Errorf("hook: %w", errors.Join(err, src.Close()))
	}
	return nil
}
