package curve_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/curve"
)

// python runs a script with arguments and returns what it prints.
func python(t *testing.T, script string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), testbed.Python(t), append([]string{"-c", script}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestPyzmqReadsOurs has pyzmq read our files and derive the public key itself.
func TestPyzmqReadsOurs(t *testing.T) {
	t.Parallel()
	for name, metadata := range map[string]curve.Metadata{
		"plain":     nil,
		"described": {{curve.OwnerName, "Åda # of SMHI"}, {curve.CommentName, `a "quoted" = thing`}, {"x", "public-key = y"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cert := generate(t)
			cert.Metadata = metadata
			if err := cert.WritePair(dir, "a name", curve.WriteOptions{}); err != nil {
				t.Fatal(err)
			}
			got := python(t, `
import sys, zmq, zmq.auth
d = sys.argv[1]
public, none = zmq.auth.load_certificate(d + '/a name.key')
both, secret = zmq.auth.load_certificate(d + '/a name.key_secret')
assert none is None
assert public == both == zmq.curve_public(secret)
assert zmq.auth.load_certificates(d) == {public: True}
print(public.decode())
`, dir)
			if got != cert.Public.String() {
				t.Errorf("got %s, want %s", got, cert.Public)
			}
		})
	}
}

// TestWeReadPyzmqs has pyzmq make files now, beside those in testdata.
func TestWeReadPyzmqs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	python(t, `
import os, sys, zmq.auth
os.umask(0o077)
zmq.auth.create_certificates(sys.argv[1], 'alice', {'owner': 'Ada'})
`, dir)
	pair, err := curve.ReadPair(curve.SecretPath(dir, "alice"), curve.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	clients, err := curve.ReadClients(dir)
	if err != nil {
		t.Fatal(err)
	}
	if name, ok := clients.Identity(pair.Public); !ok || name != "alice" {
		t.Errorf("got %q, %v", name, ok)
	}
	if got := python(t, `
import sys, zmq.auth
print(zmq.auth.load_certificate(sys.argv[1])[0].decode())
`, filepath.Join(dir, "alice.key")); got != pair.Public.String() {
		t.Errorf("got %s, pyzmq reads %s", pair.Public, got)
	}
}
