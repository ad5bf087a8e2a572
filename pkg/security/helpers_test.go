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
	write(t, curve.PublicPath(clients, name), string(text))
}

// write puts a file in its place whole, so that nobody sees a part of it.
func write(t *testing.T, path, text string) {
	t.Helper()
	part := filepath.Join(filepath.Dir(path), ".part")
	must(t, os.WriteFile(part, []byte(text), 0o644), os.Rename(part, path))
}

// must fails the test on any error.
func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// open opens a Security that is closed at the end of the test.
func open(t *testing.T, cfg security.Config) *security.Security {
	t.Helper()
	return openWith(t, cfg, security.Options{Logger: zaptest.NewLogger(t)})
}

func openWith(t *testing.T, cfg security.Config, opts security.Options) *security.Security {
	t.Helper()
	s, err := security.Open(cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, s.Close()) })
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
	admitted       = transport.Verdict{Admitted: true}
	refusedKey     = transport.Verdict{Reason: transport.RefusedKey}
	refusedAddress = transport.Verdict{Reason: transport.RefusedAddress}
	refusedGate    = transport.Verdict{Reason: transport.RefusedGate}
)
