package interop

import (
	"os"
	"path/filepath"
	"testing"
)

// The backends, as they are set.
const (
	plain  = "unsecure_zmq"
	secure = "secure_zmq"
)

// keyring is a folder with the pairs "server" and "client", and the folder "clients", of those who are admitted: the client.
type keyring string

// keys makes a keyring whose pairs are made by ptkeys, or by pyzmq as posttroll-generate-keys makes them.
func (m *machine) keys(t *testing.T, server, client speaker) keyring {
	t.Helper()
	k := keyring(filepath.Join(m.dir, "keys"))
	clients := k.file("clients")
	if err := os.MkdirAll(clients, 0o755); err != nil {
		t.Fatal(err)
	}
	m.pair(t, server, k, "server")
	m.pair(t, client, k, "client")
	m.admit(t, k, "client", k.file("client.key"))
	return k
}

// admit puts a client's public key into the folder of those who are admitted.
func (m *machine) admit(t *testing.T, k keyring, name, public string) {
	t.Helper()
	if out, err := m.program("ptkeys", "authorize", public, "--name", name, "-d", k.file("clients")).CombinedOutput(); err != nil {
		t.Fatalf("admit %s: %v: %s", name, err, out)
	}
}

// pair makes a pair of keys.
func (m *machine) pair(t *testing.T, maker speaker, k keyring, name string) {
	t.Helper()
	cmd := m.program("ptkeys", "generate", name, "-d", string(k))
	if maker != ours {
		cmd = m.peer(t, "certificates.py", string(k), name)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", cmd, err, out)
	}
	// pyzmq's are as the umask has them, which ours would refuse.
	if err := os.Chmod(k.file(name+".key_secret"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (k keyring) file(name string) string { return filepath.Join(string(k), name) }

// server are the settings of what binds sockets.
func (k keyring) server(backend string) []string {
	return []string{
		"POSTTROLL_BACKEND=" + backend,
		"POSTTROLL_SERVER_SECRET_KEY_FILE=" + k.file("server.key_secret"),
		"POSTTROLL_CLIENTS_PUBLIC_KEYS_DIRECTORY=" + k.file("clients"),
	}
}

// client are the settings of what connects.
func (k keyring) client(backend string) []string {
	return []string{
		"POSTTROLL_BACKEND=" + backend,
		"POSTTROLL_CLIENT_SECRET_KEY_FILE=" + k.file("client.key_secret"),
		"POSTTROLL_SERVER_PUBLIC_KEY_FILE=" + k.file("server.key"),
	}
}
