package nameserver

import (
	"cmp"
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/registry"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

var fuzzSeeds = []string{
	"",
	"pytroll:/",
	`pytroll://address/a info u@h 2024-05-17T09:41:12.345678 v1.01 application/json {"URI": "tcp://10.0.0.1:9000", "service": ["a", "al"], "supported_message_version": "v1.2", "backend": "unsecure_zmq"}`,
	`pytroll://Address info u@h 2024-05-17T09:41:12+02:00 v1.2 application/json {"URI": "tcp://h:1", "service": "a", "backend": "secure_zmq", "at": "2024-01-01T00:00:00+02:00"}`,
	`pytroll://address/a withdraw u@h 2024-05-17 v1.01 application/json {"URI": "tcp://h:1", "service": []}`,
	`pytroll://address/a info u@h 2024-05-17 v1.01 application/json {"status": 1, "name": [], "receive_time": {}, "URI": "ipc:///x", "service": ["20240101", ""]}`,
	`pytroll://oper/ns request u@h 2024-05-17T09:41:12.345678 v1.01 application/json {"service": "a"}`,
	`pytroll://oper/ns request u@h 2024-05-17T09:41:12.345678+00:00 v1.2 application/json {"service": ""}`,
	`pytroll://oper/ns request u@h 2024-05-17 abc application/json {"service": "2024-01-01"}`,
}

// fuzzed is a nameserver without sockets, and the keeper that would run.
func fuzzed(f testing.TB) (*Nameserver, *keeper) {
	network := inmem.NewNetwork()
	f.Cleanup(func() {
		if err := network.Close(); err != nil {
			f.Error(err)
		}
	})
	cfg := DefaultConfig()
	cfg.Multicast, cfg.MaxEntries, cfg.MaxEntriesPerSource = false, 100, 100
	n, err := New(cfg, Options{Transport: network.Transport(netip.MustParseAddr("10.0.0.1"))})
	if err != nil {
		f.Fatal(err)
	}
	return n, newKeeper(n, Hooks{}, newPulse(Hooks{}).join())
}

// checkReply reads a reply as a client does, and returns how many entries it has.
func checkReply(t *testing.T, reply []byte, version message.Version) int {
	t.Helper()
	m, err := message.Decode(reply)
	if err != nil {
		t.Fatalf("reply %q: %v", reply, err)
	}
	if err := m.CheckStrict(); err != nil {
		t.Fatalf("reply %q: %v", reply, err)
	}
	if m.Subject() != "/oper/ns" || m.Type() != "info" || m.Version() != version {
		t.Fatalf("reply %q is not in %s", reply, version)
	}
	if m.RawData() == nil {
		if len(strings.Fields(m.String())) != 5 || strings.HasSuffix(m.String(), " ") {
			t.Fatalf("empty reply %q", reply)
		}
		return 0
	}
	data, err := m.Data()
	if err != nil {
		t.Fatalf("reply %q: %v", reply, err)
	}
	list, ok := data.([]any)
	if !ok {
		t.Fatalf("reply %q is no list", reply)
	}
	for _, entry := range list {
		checkEntry(t, entry)
	}
	return len(list)
}

// checkEntry sees that a subscriber survives an entry: that it would be a good announcement.
func checkEntry(t *testing.T, entry any) {
	t.Helper()
	m, err := message.New("/address/x", "info", entry)
	if err != nil {
		t.Fatalf("entry %v: %v", entry, err)
	}
	if _, err := discovery.ParseAnnouncement(m); err != nil {
		t.Fatalf("entry %s: %v", m, err)
	}
	o := entry.(*message.Object)
	if status, _ := o.Get("status"); status != true {
		t.Fatalf("entry %s: status", m)
	}
	if _, ok := o.Get("receive_time"); !ok {
		t.Fatalf("entry %s: no receive_time", m)
	}
}

func FuzzAnnouncement(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add([]byte(s))
	}
	n, k := fuzzed(f)
	from := registry.Source{Addr: netip.MustParseAddr("10.0.0.2")}
	f.Fuzz(func(t *testing.T, frame []byte) {
		ctx, now := context.Background(), time.Now()
		nt, err := readAnnouncement(frame, 1, DefaultConfig().MaxRequestBytes, from, "")
		if err != nil {
			if err != errOther {
				n.refused.add(from, err)
			}
			return
		}
		if err := k.note(ctx, nt, now); err != nil {
			t.Fatal(err)
		}
		uri := nt.publisher.URI
		if !nt.withdraw {
			addition, err := nt.addition()
			if err != nil {
				t.Fatal(err)
			}
			m, err := message.Decode(addition)
			if err != nil {
				t.Fatalf("addition %q: %v", addition, err)
			}
			if a, err := discovery.ParseAnnouncement(m); err != nil || a.URI != uri {
				t.Fatalf("addition %q: %v", addition, err)
			}
		}
		for _, version := range []message.Version{message.V101, message.V12} {
			reply, found := n.appendReply(nil, "", version, true)
			if checkReply(t, reply, version) != found {
				t.Fatalf("%d entries announced, reply %q", found, reply)
			}
		}
		if err := k.expire(ctx, now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if _, ok := n.registry.Next(); ok {
			t.Fatal("the table is not empty after an hour")
		}
	})
}

func FuzzRequest(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add([]byte(s), 1)
	}
	n, k := fuzzed(f)
	for _, s := range fuzzSeeds {
		if nt, err := readAnnouncement([]byte(s), 1, 1024, registry.Source{}, ""); err == nil && !nt.withdraw {
			if err := k.note(context.Background(), nt, time.Now()); err != nil {
				f.Fatal(err)
			}
		}
	}
	f.Fuzz(func(t *testing.T, frame []byte, parts int) {
		_, version, _ := readLookup(frame, parts, DefaultConfig().MaxRequestBytes)
		version = cmp.Or(version, message.V101) // a blank where the version should be
		checkReply(t, n.answer(nil, transport.Request{Body: frame, Parts: parts}, parts%2 == 0), version)
	})
}
