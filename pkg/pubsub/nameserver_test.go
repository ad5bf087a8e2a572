package pubsub_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// fakeNameserver answers lookups with its entries and tells of changes, as little as subscribers need. It stands on hostN until it is stopped.
type fakeNameserver struct {
	w       world
	replier transport.Replier
	feed    transport.Publisher
	stopped sync.WaitGroup

	mu      sync.Mutex
	entries []*message.Object
	asked   int
}

func (w world) startNameserver() *fakeNameserver {
	w.Helper()
	return w.startNameserverAt(5557, 16543, transport.Plain, transport.ServerSecurity{})
}

// startNameserverAt starts one that answers lookups and tells of changes on other ports than the plain ones, or encrypted.
func (w world) startNameserverAt(lookups, changes int, backend transport.Backend, security transport.ServerSecurity) *fakeNameserver {
	w.Helper()
	tr := w.network.Transport(hostN)
	at := func(port int) transport.Endpoint { return w.endpoint(fmt.Sprintf("tcp://*:%d", port)) }
	replier, err := tr.Replier(transport.ReplierConfig{Endpoint: at(lookups), Backend: backend, Security: security})
	w.must(err)
	feed, err := tr.Publisher(transport.PublisherConfig{Endpoint: at(changes), Backend: backend, Security: security})
	w.must(err)
	ns := &fakeNameserver{w: w, replier: replier, feed: feed}
	ns.stopped.Go(ns.answer)
	w.Cleanup(ns.stop)
	return ns
}

func (w world) endpoint(s string) transport.Endpoint {
	w.Helper()
	endpoint, err := transport.ParseEndpoint(s)
	w.must(err)
	return endpoint
}

func (ns *fakeNameserver) stop() {
	ns.w.must(errors.Join(ns.replier.Close(), ns.feed.Close()))
	ns.stopped.Wait()
}

func (ns *fakeNameserver) answer() {
	for {
		requests, err := ns.replier.Receive(context.Background())
		if err != nil {
			return
		}
		for _, r := range requests {
			ns.w.must(ns.replier.Reply(r, ns.reply(r.Body)))
		}
	}
}

func (ns *fakeNameserver) reply(request []byte) []byte {
	var question struct {
		Service string `json:"service"`
	}
	m, err := message.Decode(request)
	ns.w.must(err)
	ns.w.must(m.Unmarshal(&question))
	ns.mu.Lock()
	defer ns.mu.Unlock()
	ns.asked++
	var matching []any
	for _, entry := range ns.entries {
		services, _ := entry.Get("service")
		if question.Service == "" || slices.Contains(services.([]any), any(question.Service)) {
			matching = append(matching, entry)
		}
	}
	m, err = message.New("/oper/ns", "info", matching)
	ns.w.must(err)
	return m.Bytes()
}

// add lists a publisher and tells of it. Further keys and values may be given in pairs.
func (ns *fakeNameserver) add(uri, service string, more ...string) {
	ns.w.Helper()
	entry := new(message.Object)
	entry.Set("URI", uri)
	entry.Set("service", []any{service})
	for pair := range slices.Chunk(more, 2) {
		entry.Set(pair[0], pair[1])
	}
	entry.Set("status", true)
	ns.mu.Lock()
	ns.entries = append(ns.entries, entry)
	ns.mu.Unlock()
	ns.tell("/address/"+service, entry)
}

// replace is add for a publisher that may be listed already.
func (ns *fakeNameserver) replace(uri, service string, more ...string) {
	ns.w.Helper()
	ns.forget(uri)
	ns.add(uri, service, more...)
}

func (ns *fakeNameserver) forget(uri string) {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	ns.entries = slices.DeleteFunc(ns.entries, func(entry *message.Object) bool {
		listed, _ := entry.Get("URI")
		return listed == uri
	})
}

// remove forgets a publisher and tells of it.
func (ns *fakeNameserver) remove(uri, service string) {
	ns.w.Helper()
	ns.forget(uri)
	gone := new(message.Object)
	gone.Set("status", false)
	gone.Set("URI", uri)
	gone.Set("service", []any{service})
	ns.tell("/address/address", gone)
}

func (ns *fakeNameserver) tell(subject string, data *message.Object) {
	ns.w.Helper()
	m, err := message.New(subject, discovery.TypeInfo, data)
	ns.w.must(err)
	ns.w.must(ns.feed.Send(context.Background(), m.Bytes()))
}
