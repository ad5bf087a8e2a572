package security_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// site is a host with a secure server.
type site struct {
	keys    string // with pairs of all
	root    string
	clients string // root/clients
	alice   curve.PublicKey
	bob     curve.PublicKey
}

func newSite(t *testing.T) site {
	t.Helper()
	keys, root := t.TempDir(), t.TempDir()
	makeKey(t, keys, "server")
	return site{keys, root, filepath.Join(root, "clients"), makeKey(t, keys, "alice"), makeKey(t, keys, "bob")}
}

func (s site) config() security.Config {
	return security.Config{ServerSecretKeyFile: curve.SecretPath(s.keys, "server"), ClientsPublicKeysDirectory: s.clients}
}

func (s site) gate(t *testing.T) transport.Gate {
	t.Helper()
	return open(t, s.config()).Server(transport.Secure).Gate
}

// Each step changes the folder in a way that operators and their tools do, and is followed by what it makes of alice.
func TestFolderIsFollowed(t *testing.T) {
	t.Parallel()
	type step struct {
		do   func(t *testing.T, s site)
		want transport.Verdict
	}
	in := admittedAs("alice")
	mkdir := step{func(t *testing.T, s site) { must(t, os.MkdirAll(s.clients, 0o755)) }, refusedKey}
	admit := step{func(t *testing.T, s site) { admitKey(t, s.keys, "alice", s.clients) }, in}
	tests := map[string][]step{
		"a key comes, goes and comes": {mkdir, admit,
			{func(t *testing.T, s site) { must(t, os.Remove(curve.PublicPath(s.clients, "alice"))) }, refusedKey}, admit},
		"by ptkeys, which renames": {mkdir,
			{func(t *testing.T, s site) {
				admitKey(t, s.keys, "alice", s.root)
				must(t, os.Rename(curve.PublicPath(s.root, "alice"), curve.PublicPath(s.clients, "alice")))
			}, in}},
		"under another name": {mkdir, admit,
			{func(t *testing.T, s site) {
				must(t, os.Rename(curve.PublicPath(s.clients, "alice"), curve.PublicPath(s.clients, "ada")))
			}, admittedAs("ada")}},
		"a file is replaced by another key": {mkdir, admit,
			{func(t *testing.T, s site) {
				admitKey(t, s.keys, "bob", s.root)
				must(t, os.Rename(curve.PublicPath(s.root, "bob"), curve.PublicPath(s.clients, "alice")))
			}, refusedKey}},
		"a file turns bad and good": {mkdir, admit,
			{func(t *testing.T, s site) { write(t, curve.PublicPath(s.clients, "alice"), "nonsense") }, refusedKey}, admit},
		"a link to nowhere": {mkdir, admit,
			{func(t *testing.T, s site) {
				must(t, os.Remove(curve.PublicPath(s.clients, "alice")), os.Symlink("nowhere", curve.PublicPath(s.clients, "alice")))
			}, refusedKey}},
		"the folder goes, comes empty, is filled": {mkdir, admit,
			{func(t *testing.T, s site) { must(t, os.RemoveAll(s.clients)) }, refusedGate}, mkdir, admit},
		"the folder is moved away and back": {mkdir, admit,
			{func(t *testing.T, s site) { must(t, os.Rename(s.clients, s.clients+"-away")) }, refusedGate},
			{func(t *testing.T, s site) { must(t, os.Rename(s.clients+"-away", s.clients)) }, in},
			{func(t *testing.T, s site) { must(t, os.Remove(curve.PublicPath(s.clients, "alice"))) }, refusedKey}, admit},
		"the folder is swapped by rename": {mkdir, admit,
			{func(t *testing.T, s site) {
				must(t, os.Rename(s.clients, s.clients+"-old"), os.Mkdir(s.clients+"-new", 0o755), os.Rename(s.clients+"-new", s.clients))
			}, refusedKey}, admit},
		"the folder is a link that is swapped": {
			{func(t *testing.T, s site) {
				must(t, os.Mkdir(s.clients+"-1", 0o755), os.Mkdir(s.clients+"-2", 0o755), os.Symlink("clients-1", s.clients))
				admitKey(t, s.keys, "alice", s.clients+"-2")
			}, refusedKey},
			{func(t *testing.T, s site) {
				must(t, os.Symlink("clients-2", s.clients+"-new"), os.Rename(s.clients+"-new", s.clients))
			}, in},
			{func(t *testing.T, s site) { must(t, os.Remove(curve.PublicPath(s.clients+"-2", "alice"))) }, refusedKey}},
		"where the link of the folder leads is moved away": {
			{func(t *testing.T, s site) {
				must(t, os.Mkdir(s.clients+"-1", 0o755), os.Symlink("clients-1", s.clients))
				admitKey(t, s.keys, "alice", s.clients)
			}, in},
			{func(t *testing.T, s site) { must(t, os.Rename(s.clients+"-1", s.clients+"-2")) }, refusedGate}},
		"as Kubernetes mounts a ConfigMap": {
			{func(t *testing.T, s site) {
				must(t, os.MkdirAll(filepath.Join(s.clients, "..1"), 0o755), os.Mkdir(filepath.Join(s.clients, "..2"), 0o755),
					os.Symlink("..1", filepath.Join(s.clients, "..data")), os.Symlink("..data/alice.key", curve.PublicPath(s.clients, "alice")))
				admitKey(t, s.keys, "alice", filepath.Join(s.clients, "..1"))
				admitKey(t, s.keys, "bob", filepath.Join(s.clients, "..2"))
			}, in},
			{func(t *testing.T, s site) {
				must(t, os.Symlink("..2", filepath.Join(s.clients, "..tmp")),
					os.Rename(filepath.Join(s.clients, "..tmp"), filepath.Join(s.clients, "..data")))
			}, refusedKey}},
		"the folder above goes and comes": {mkdir, admit,
			{func(t *testing.T, s site) { must(t, os.Rename(s.root, s.root+"-away")) }, refusedGate},
			{func(t *testing.T, s site) { must(t, os.Rename(s.root+"-away", s.root)) }, in}},
		"a file stands in the folder's place": {mkdir, admit,
			{func(t *testing.T, s site) { must(t, os.RemoveAll(s.clients)); write(t, s.clients, "") }, refusedGate},
			{func(t *testing.T, s site) { must(t, os.Remove(s.clients), os.Mkdir(s.clients, 0o755)) }, refusedKey}, admit},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			wait := follow(t, s.gate(t), s.alice)
			wait(refusedGate)
			for i, step := range steps {
				t.Logf("step %d", i+1)
				step.do(t, s)
				wait(step.want)
			}
		})
	}
}

// Folders above that are missing too are followed as they come.
func TestFolderBelowMissingFolders(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.clients = filepath.Join(s.root, "a", "b", "clients")
	wait := follow(t, s.gate(t), s.alice)
	for _, dir := range []string{"a", "a/b", "a/b/clients"} {
		must(t, os.Mkdir(filepath.Join(s.root, dir), 0o755))
	}
	wait(refusedKey)
	admitKey(t, s.keys, "alice", s.clients)
	wait(admittedAs("alice"))
}

// A link on the way to the folder that is swapped leads to another folder, whose keys count at once.
func TestFolderBehindLinkThatIsSwapped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	at := func(name string) string { return filepath.Join(s.root, name) }
	must(t, os.MkdirAll(at("1/keys/clients"), 0o755), os.MkdirAll(at("2/keys/clients"), 0o755), os.Symlink("1", at("current")))
	admitKey(t, s.keys, "alice", at("1/keys/clients"))
	s.clients = at("current/keys/clients")
	wait := follow(t, s.gate(t), s.alice)
	wait(admittedAs("alice"))
	must(t, os.Symlink("2", at("new")), os.Rename(at("new"), at("current")))
	wait(refusedKey)
	admitKey(t, s.keys, "alice", at("2/keys/clients"))
	wait(admittedAs("alice"))
}

// Both rules must be kept.
func TestGateByKeyAndAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	must(t, os.Mkdir(s.clients, 0o755))
	admitKey(t, s.keys, "alice", s.clients)
	cfg := s.config()
	cfg.AuthorizedClientAddresses = []string{"10.0.0.1"}
	sec := open(t, cfg)
	secure, plain := sec.Server(transport.Secure).Gate, sec.Server(transport.Plain).Gate
	for name, test := range map[string]struct {
		gate transport.Gate
		call transport.Caller
		want transport.Verdict
	}{
		"both":                {secure, caller("10.0.0.1", s.alice), admittedAs("alice")},
		"key alone":           {secure, caller("10.0.0.2", s.alice), refusedAddress},
		"address alone":       {secure, caller("10.0.0.1", s.bob), refusedKey},
		"neither":             {secure, caller("10.0.0.2", s.bob), refusedAddress},
		"no key":              {secure, caller("10.0.0.1", curve.PublicKey{}), refusedKey},
		"plain":               {plain, caller("10.0.0.1", curve.PublicKey{}), admitted},
		"plain, elsewhere":    {plain, caller("10.0.0.2", curve.PublicKey{}), refusedAddress},
		"plain tells no name": {plain, caller("10.0.0.1", s.alice), admitted},
	} {
		if diff := cmp.Diff(test.want, test.gate.Judge(test.call)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What changes is logged once, by name and fingerprint, and what is bad with its path.
func TestFolderLog(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	must(t, os.Mkdir(s.clients, 0o755))
	admitKey(t, s.keys, "alice", s.clients)
	core, logs := observer.New(zapcore.DebugLevel)
	sec := openWith(t, s.config(), security.Options{Logger: zap.New(core)})
	alice, bob := follow(t, sec.Server(transport.Secure).Gate, s.alice), follow(t, sec.Server(transport.Secure).Gate, s.bob)

	admitKey(t, s.keys, "bob", s.clients)
	bob(admittedAs("bob"))
	must(t, os.Link(curve.PublicPath(s.clients, "alice"), curve.PublicPath(s.clients, "ada")))
	alice(admittedAs("ada"))
	must(t, os.Remove(curve.PublicPath(s.clients, "ada")))
	alice(admittedAs("alice"))
	write(t, curve.PublicPath(s.clients, "alice"), "nonsense")
	alice(refusedKey)
	must(t, os.Remove(curve.PublicPath(s.clients, "bob")))
	bob(refusedKey)
	must(t, os.RemoveAll(s.clients))
	bob(refusedGate)
	must(t, os.Mkdir(s.clients+"-new", 0o777), os.Chmod(s.clients+"-new", 0o777), os.Rename(s.clients+"-new", s.clients))
	bob(refusedKey)
	must(t, sec.Close())

	type line struct{ level, message, client, fingerprint, path, other string }
	text := func(fields map[string]any, name string) string {
		value, _ := fields[name].(string)
		return value
	}
	var got []line
	for _, e := range logs.All() {
		fields := e.ContextMap()
		got = append(got, line{e.Level.String(), e.Message, text(fields, "client"), text(fields, "fingerprint"), text(fields, "path"), text(fields, "still_admitted_as")})
	}
	want := []line{
		{"info", "clients' keys read", "", "", s.clients, ""},
		{"info", "client's key added", "bob", s.bob.Fingerprint(), "", ""},
		{"info", "client's key added", "ada", s.alice.Fingerprint(), "", ""},
		{"info", "client's key removed", "ada", s.alice.Fingerprint(), "", "alice"},
		{"error", "client's key file admits nobody", "", "", curve.PublicPath(s.clients, "alice"), ""},
		{"info", "client's key removed", "alice", s.alice.Fingerprint(), "", ""},
		{"info", "client's key removed", "bob", s.bob.Fingerprint(), "", ""},
		{"error", "clients' folder is not there: nobody is admitted by key", "", "", s.clients, ""},
		{"info", "clients' keys read", "", "", s.clients, ""},
		{"warn", "everybody can put keys into the clients' folder", "", "", s.clients, ""},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(line{})); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}
