package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// receivers are those of messages, and which publishers they hear.
var receivers = map[string][]string{
	"sink":        {"ctl", "go"},
	"rules":       {"ctl", "go"},
	"ptctl":       {"ctl", "go"},
	"pubsub":      {"ctl", "go"},
	"secure sink": {"secure"},
}

// listen subscribes to the sinks of the relay and to the change feeds.
func (w *world) listen() error {
	for _, s := range []struct {
		name   string
		port   int
		secure bool
		each   func(string)
	}{
		{"sink", w.ports.sink, false, w.heard("sink")},
		{"rules", w.ports.rules, false, w.heard("rules")},
		{"secure sink", w.ports.secureSink, true, w.heard("secure sink")},
		{"feed", w.ports.feed, false, w.told("feed")},
		{"secure feed", w.ports.secureFeed, true, w.told("secure feed")},
	} {
		sub, err := w.subscribe(s.port, s.secure)
		if err != nil {
			return err
		}
		w.readers = append(w.readers, sub)
		go receive(sub, s.each) // ends when the socket is closed
	}
	return nil
}

func receive(sub transport.Subscriber, each func(string)) {
	for {
		frames, err := sub.Receive(context.Background())
		if err != nil {
			return
		}
		for _, f := range frames {
			each(string(f.Body))
		}
	}
}

// address is where a port is reached, and with which key.
func (w *world) address(port int, secure bool) (transport.Address, error) {
	ep, err := transport.ConnectEndpoint(at(port))
	addr := transport.Address{Endpoint: ep}
	if secure {
		addr.Backend, addr.ServerKeys = transport.Secure, curve.NewPublicKeys(w.keys.server.Public)
	}
	return addr, err
}

func (w *world) options(secure bool) transport.SocketOptions {
	if !secure {
		return transport.SocketOptions{}
	}
	return transport.SocketOptions{ClientKey: w.keys.good}
}

// heard returns what takes in the messages of one receiver. What would end a Python subscriber must not have come.
func (w *world) heard(receiver string) func(string) {
	return func(frame string) {
		m, err := message.Decode([]byte(frame))
		if err == nil {
			err = m.CheckStrict()
		}
		if err != nil {
			if strings.Contains(receiver, "sink") || receiver == "rules" {
				w.board.refuse(fmt.Errorf("%s received %.100q: %w", receiver, frame, err))
			}
			return
		}
		if _, mark, found := strings.Cut(frame, `"mark": "`); found {
			mark, _, _ = strings.Cut(mark, `"`)
			w.board.note(receiver + " " + mark)
		}
	}
}

// told returns what takes in the messages of a change feed.
func (w *world) told(feed string) func(string) {
	return func(frame string) {
		m, err := message.Decode([]byte(frame))
		if err != nil {
			w.board.refuse(fmt.Errorf("%s: %.100q: %w", feed, frame, err))
			return
		}
		var entry struct {
			URI    string
			Status bool `json:"status"`
		}
		if !strings.HasPrefix(m.Subject(), "/address") || m.Unmarshal(&entry) != nil {
			return // heartbeats
		}
		w.board.note(fmt.Sprintf("%s %s %t", feed, entry.URI, entry.Status))
	}
}
