package discovery

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/pytroll/posttroll-go/pkg/message"
	"go.uber.org/zap"
)

// Keys that nameservers add to what was announced (doc/protocol.md, section 4).
const (
	keyStatus   = "status"
	keyName     = "name"
	keyReceived = "receive_time"
)

// Entry is a publisher as a nameserver lists it.
type Entry struct {
	Announcement
	// Received is when the nameserver last heard of it; zero where it does not say, as on a change feed.
	Received message.Time
}

// request encodes the question for the publishers of service.
func request(enc message.Encoder, service string) ([]byte, error) {
	data := new(message.Object)
	data.Set(keyService, service)
	version := enc.Version
	if version == "" {
		version = message.V101
	}
	m, err := enc.Encode(message.Fields{Subject: "/oper/ns", Type: "request", Version: version, Data: data})
	if err != nil {
		return nil, fmt.Errorf("request for service %q: %w", service, err)
	}
	return m.Bytes(), nil
}

// parseReply reads a nameserver's answer. An entry that cannot be used is passed over and told to
// refused; an answer that is none is an error.
func parseReply(frame []byte, refused func(error)) ([]Entry, error) {
	m, err := message.Decode(frame)
	if err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	if len(m.RawData()) == 0 {
		return nil, nil
	}
	data, err := m.Data()
	if err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	list, ok := data.([]any)
	if !ok {
		return nil, fmt.Errorf("answer: the data is no list but %T", data)
	}
	raw := sync.OnceValue(func() []json.RawMessage {
		var all []json.RawMessage
		if json.Unmarshal(m.RawData(), &all) != nil || len(all) != len(list) {
			return make([]json.RawMessage, len(list))
		}
		return all
	})
	var entries []Entry
	for i, v := range list {
		e, err := parseEntry(v, func() json.RawMessage { return raw()[i] })
		if err != nil {
			refused(err)
			continue
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func parseEntry(v any, raw func() json.RawMessage) (Entry, error) {
	o, ok := v.(*message.Object)
	if !ok {
		return Entry{}, refuse(ReasonData, "no object but %s", quoted(v))
	}
	a, err := parseObject(o, raw)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Announcement: a}
	if name, ok := o.Get(keyName); ok {
		e.Name, _ = name.(string)
	}
	if at, ok := o.Get(keyReceived); ok {
		e.Received, _ = at.(message.Time)
	}
	e.dropListing()
	return e, nil
}

// dropListing removes from the extra keys what a nameserver added.
func (e *Entry) dropListing() {
	if e.Extra == nil {
		return
	}
	for _, k := range []string{keyStatus, keyName, keyReceived} {
		e.Extra.Delete(k)
	}
	if e.Extra.Len() == 0 {
		e.Extra = nil
	}
}

// passedOver logs a refused entry.
func passedOver(log *zap.Logger) func(error) {
	return func(err error) { log.Debug("entry of a nameserver passed over", zap.Error(err)) }
}
