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
	exact := sync.OnceValue(func() []exactEntry {
		var all []exactEntry
		if m.Unmarshal(&all) != nil || len(all) != len(list) {
			return make([]exactEntry, len(list))
		}
		return all
	})
	var entries []Entry
	for i, v := range list {
		e, err := parseEntry(v, func() []string { return exact()[i].Service })
		if err != nil {
			refused(err)
			continue
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// exactEntry is the service list of an entry as it was written.
type exactEntry struct {
	Service exactList `json:"service"`
}

// exactList is a list of texts, empty where the JSON is anything else.
type exactList []string

func (l *exactList) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, (*[]string)(l)) != nil {
		*l = nil // a text, say
	}
	return nil
}

func parseEntry(v any, exact func() []string) (Entry, error) {
	o, ok := v.(*message.Object)
	if !ok {
		return Entry{}, refuse(ReasonData, "no object but %s", quoted(v))
	}
	a, err := parseObject(o, exact)
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
