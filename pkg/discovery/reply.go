package discovery

import (
	"context"
	"fmt"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
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

// MaxEntries is the number of entries that an answer may have, those that can't be used included. One of 64 MiB, the most that is taken of a nameserver, has room for
// no more of those that nameservers list, which take 130 bytes at least; what is shorter is made to take memory and time.
const MaxEntries = 500_000

// parseReply reads a nameserver's answer, until ctx ends. An entry that cannot be used is passed over and told to
// refused; an answer that is none is an error, and so is one of more than MaxEntries. Entries are read one by one and have memory of their own, since an answer may
// be long: nothing but they themselves outlives it.
func parseReply(ctx context.Context, frame []byte, refused func(error)) ([]Entry, error) {
	m, err := message.Decode(frame)
	if err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	if len(m.RawData()) == 0 {
		return nil, nil
	}
	entries, err := readEntries(ctx, m, MaxEntries, refused)
	if err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	return entries, nil
}

// lookEvery is the number of entries, of some microseconds each, after which is looked whether there is time for more.
const lookEvery = 1000

// readEntries reads the list in m, of so many entries at most, used or not.
func readEntries(ctx context.Context, m *message.Message, most int, refused func(error)) ([]Entry, error) {
	var entries []Entry
	read := 0
	for element, err := range m.Elements() {
		if err != nil {
			return nil, err
		}
		if read == most {
			return nil, fmt.Errorf("more than %d entries", most)
		}
		if read%lookEvery == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("no time to read more than %d entries of it: %w", read, ctx.Err())
		}
		read++
		e, err := parseEntry(element)
		if err != nil {
			refused(err)
			continue
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func parseEntry(element message.Element) (Entry, error) {
	var o message.Object
	if err := element.Unmarshal(&o); err != nil {
		return Entry{}, refuse(ReasonData, "no object: %w", err)
	}
	a, err := parseObject(&o, func() []string { return listedServices(element) })
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
	e.letGo()
	return e, nil
}

// letGo takes memory of its own for what is in e, where that is little, so that nothing keeps the text that it comes from: there may be hundreds of thousands.
func (e *Entry) letGo() {
	if e.Extra != nil {
		return
	}
	text := e.URI + e.Name + string(e.SupportedVersion) + string(e.Backend) + strings.Join(e.Services, "")
	take := func(s string) string {
		taken := text[:len(s)]
		text = text[len(s):]
		return taken
	}
	e.URI, e.Name = take(e.URI), take(e.Name)
	e.SupportedVersion, e.Backend = message.Version(take(string(e.SupportedVersion))), transport.Backend(take(string(e.Backend)))
	for i, s := range e.Services {
		e.Services[i] = take(s)
	}
}

// listedServices returns the service list of an entry as it was written, nil where it is no list of texts.
func listedServices(element message.Element) []string {
	var data announcedServices
	if element.Unmarshal(&data) != nil {
		return nil
	}
	return data.Service
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
