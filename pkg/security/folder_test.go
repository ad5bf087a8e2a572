package security_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// makeKey writes NAME.key and NAME.key_secret and returns the public key.
func makeKey(t *testing.T, directory, name string) curve.PublicKey {
	t.Helper()
	if err := os.MkdirAll(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	cert, err := curve.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if err := cert.WritePair(directory, name, curve.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	return cert.Public
}

// admitKey copies NAME.key of keys into the clients' folder.
func admitKey(t *testing.T, keys, name, clients string) {
	t.Helper()
	text, err := os.ReadFile(curve.PublicPath(keys, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(curve.PublicPath(clients, name), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// open opens a Security that the test closes.
func open(t *testing.T, cfg security.Config) *security.Security {
	t.Helper()
	s, err := security.Open(cfg, security.Options{Logger: zaptest.NewLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// follow returns a function that waits until the verdict on a key is want.
func follow(t *testing.T, gate transport.Gate, key curve.PublicKey) func(want transport.Verdict) {
	t.Helper()
	changed := make(chan struct{}, 1)
	stop := gate.Watch(func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	t.Cleanup(stop)
	return func(want transport.Verdict) {
		t.Helper()
		limit := time.After(10 * time.Second)
		for {
			got := gate.Judge(transport.Caller{Key: key})
			if got == want {
				return
			}
			select {
			case <-changed:
			case <-limit:
				t.Fatalf("verdict: got %+v, want %+v", got, want)
			}
		}
	}
}

func admittedAs(name string) transport.Verdict {
	return transport.Verdict{Admitted: true, Identity: name}
}

var (
	strange    = transport.Verdict{Reason: transport.RefusedKey}
	unreadable = transport.Verdict{Reason: transport.RefusedGate}
)

func TestFolderIsWatched(t *testing.T) {
	t.Parallel()
	keys, clients := t.TempDir(), t.TempDir()
	makeKey(t, keys, "server")
	alice := makeKey(t, keys, "alice")
	s := open(t, security.Config{ServerSecretKeyFile: curve.SecretPath(keys, "server"), ClientsPublicKeysDirectory: clients})
	wait := follow(t, s.Server(transport.Secure).Gate, alice)
	wait(strange)
	admitKey(t, keys, "alice", clients)
	wait(admittedAs("alice"))
	if err := os.Remove(curve.PublicPath(clients, "alice")); err != nil {
		t.Fatal(err)
	}
	wait(strange)

	admitKey(t, keys, "alice", clients)
	wait(admittedAs("alice"))
	moved := filepath.Join(t.TempDir(), "away")
	if err := os.Rename(clients, moved); err != nil {
		t.Fatal(err)
	}
	wait(unreadable)
	if err := os.Rename(moved, clients); err != nil {
		t.Fatal(err)
	}
	wait(admittedAs("alice"))
}
