package interop

import (
	"os"
	"testing"
)

// TestAdmission has clients of both kinds wait outside of our servers until their key is added, lose the connection when it is removed, and come
// back when it is added again. Nobody is restarted.
func TestAdmission(t *testing.T) {
	t.Parallel()
	for _, who := range []speaker{ours, "1.13", "1.16"} {
		t.Run(string(who), func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			k := m.keys(t, ours, who)
			env := k.client(secure)
			if who == "1.13" {
				env = append(env, "POSTTROLL_NAMESERVER_PORT=5558")
			}
			m.revoke(t, k)
			quick := append(k.server(secure), "POSTTROLL_HANDSHAKE_INTERVAL=1s")
			nameserver := m.nameserver(t, ours, multicast, quick...)
			pub := publication{name: "publisher", services: []string{"service"}, announced: multicast}
			publisher := m.publisher(t, ours, pub, append(quick, "POSTTROLL_MESSAGE_VERSION=v1.01")...)

			sub := m.subscriber(t, who, "service", "localhost", env...)
			nameserver.WaitLine(0, "client refused", "key_not_admitted")
			m.admit(t, k, "client", k.file("client.key"))
			publisher.WaitLine(0, "client admitted", `"client": "client"`)
			awaitMessage(t, sub, pub)

			m.revoke(t, k)
			publisher.WaitLine(0, "client cut", `"client": "client"`)
			publisher.WaitLine(0, "client refused", "key_not_admitted") // it has tried again
			m.admit(t, k, "client", k.file("client.key"))
			awaitMessageFrom(t, sub, len(sub.Lines()), pub)
		})
	}
}

// revoke takes the client's key out of the folder of those who are admitted.
func (m *machine) revoke(t *testing.T, k keyring) {
	t.Helper()
	if out, err := m.program("ptkeys", "revoke", "client", "-d", k.file("clients")).CombinedOutput(); err != nil {
		t.Fatalf("revoke: %v: %s", err, out)
	}
}

// TestRefusedByPython has our subscriber come back to a publisher in Python that refused it in words, after which libzmq's own
// clients give up, once that was restarted with the key.
func TestRefusedByPython(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	k := m.keys(t, "1.16", ours)
	nobody := k.file("nobody")
	if err := os.Mkdir(nobody, 0o755); err != nil {
		t.Fatal(err)
	}
	m.nameserver(t, ours, multicast, k.server(secure)...)
	pub := publication{name: "publisher", services: []string{"service"}, announced: multicast, port: 9010}
	publisher := m.publisher(t, "1.16", pub, append(k.server(secure), "POSTTROLL_CLIENTS_PUBLIC_KEYS_DIRECTORY="+nobody)...)
	sub := m.subscriber(t, ours, "service", "localhost", k.client(secure)...)
	sub.WaitLine(0, "handshake with publisher failed", "refused")
	m.end(t, publisher)
	m.publisher(t, "1.16", pub, k.server(secure)...)
	awaitMessage(t, sub, pub)
}
