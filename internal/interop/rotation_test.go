package interop

import (
	"encoding/json"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// TestServerKeyChange has our nameserver and publisher serve a key and the next one, with subscribers that know the old, the new, or both. Each
// gets each message once; and nobody is restarted when the servers have the new key alone, but those who knew only the old one.
func TestServerKeyChange(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	k := m.keys(t, ours, "1.16")
	m.pair(t, ours, k, "next")
	overlap := append(k.server(secure), "POSTTROLL_NEXT_SERVER_SECRET_KEY_FILE="+k.file("next.key_secret"))
	afterwards := append(k.server(secure), "POSTTROLL_SERVER_SECRET_KEY_FILE="+k.file("next.key_secret"))
	before := k.client(secure)
	changed := append(k.client(secure), "POSTTROLL_SERVER_PUBLIC_KEY_FILE="+k.file("next.key"),
		"POSTTROLL_SECURE_ZMQ_NAMESERVER_PORT=5559", "POSTTROLL_ADDRESS_PUBLISH_PORT=16545")
	both := append(k.client(secure), "POSTTROLL_SERVER_PUBLIC_KEYS=*="+k.file("next.key"))

	pub := publication{name: "rotating", services: []string{"service"}, announced: multicast, port: 9010}
	nameserver := m.nameserver(t, ours, multicast, overlap...)
	publisher := m.publisher(t, ours, pub, overlap...)
	subs := map[string]*testbed.Process{
		"python, old key": m.subscriber(t, "1.16", "service", "localhost", before...),
		"python, new key": m.subscriber(t, "1.16", "service", "localhost", changed...),
		"ours, both keys": m.subscriber(t, ours, "service", "localhost", both...),
	}
	for name, sub := range subs {
		t.Log(name)
		next := 0
		for range 20 {
			next = awaitMessageFrom(t, sub, next, pub)
		}
		checkOnce(t, name, sub)
	}

	m.end(t, publisher)
	m.end(t, nameserver)
	m.nameserver(t, ours, multicast, afterwards...)
	m.publisher(t, ours, pub, afterwards...)
	for _, name := range []string{"python, new key", "ours, both keys"} {
		t.Log(name, "when the old key is gone")
		awaitMessageFrom(t, subs[name], len(subs[name].Lines()), pub)
	}
}

// checkOnce checks that no message has come twice, and none is missing.
func checkOnce(t *testing.T, name string, sub *testbed.Process) {
	t.Helper()
	last := 0
	for _, line := range sub.Lines() {
		var got received
		if json.Unmarshal([]byte(line), &got) != nil || got.Data.Number == 0 {
			continue // it says something else
		}
		if last != 0 && got.Data.Number != last+1 {
			t.Errorf("%s: message %d came after %d", name, got.Data.Number, last)
		}
		last = got.Data.Number
	}
}
