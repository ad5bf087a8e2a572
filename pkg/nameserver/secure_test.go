package nameserver_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// The secure ports of a site.
const (
	secureLookups  = "tcp://10.0.0.1:5558"
	secureFeed     = "tcp://10.0.0.1:16544"
	secureRegister = "tcp://10.0.0.1:21201"
	nextLookups    = "tcp://10.0.0.1:5559"
	nextFeed       = "tcp://10.0.0.1:16545"
	nextRegister   = "tcp://10.0.0.1:21202"
)

func secureBackend(c *nameserver.Config) { c.Backend = transport.Secure }

// secured is the announcement of a publisher that speaks secure.
func secured(uri string, services ...string) string {
	return strings.TrimSuffix(announcement(uri, services...), "}") + `, "backend": "secure_zmq"}`
}

func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	all, plain := []string{uriA, uriB}, []string{uriA}
	for _, backend := range []transport.Backend{transport.Plain, transport.Secure} {
		cfg := quiet(func(c *nameserver.Config) { c.Backend = backend })
		inSecureSite(t, cfg, k.open(k.withNext), func(t *testing.T, s *site) {
			s.multicast(hostA, announcement(uriA, "x"))
			s.multicast(hostB, secured(uriB, "x"))
			for _, tt := range []struct {
				name, uri, server, client string
				want                      []string // nil: no answer
			}{
				{"plain", lookups, "", "", plain},
				{"with key", secureLookups, "server", "alice", all},
				{"with another key", secureLookups, "server", "bob", all},
				{"with a strange key", secureLookups, "server", "mallory", nil},
				{"without key on the secure port", secureLookups, "", "", nil},
				{"with key on the plain port", lookups, "server", "alice", nil},
				{"of another server", secureLookups, "mallory", "alice", nil},
				{"of the next server key on the port of this one", secureLookups, "next", "alice", nil},
				{"with the next server key", nextLookups, "next", "alice", all},
				{"with the next server key, strange", nextLookups, "next", "mallory", nil},
				{"of this server key on the next port", nextLookups, "server", "alice", nil},
				{"without key on the next port", nextLookups, "", "", nil},
			} {
				got, answered := k.listed(s, hostA, tt.uri, tt.server, tt.client)
				if answered != (tt.want != nil) {
					t.Errorf("%s: answered: %v", tt.name, answered)
				}
				check(t, tt.name, got, tt.want)
			}
		})
	}
}

func TestRegistrationsWithKeys(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	inSecureSite(t, quiet(nil), k.open(k.withNext), func(t *testing.T, s *site) {
		for _, tt := range []struct {
			uri, server, client string
			want                bool
		}{
			{secureRegister, "server", "alice", true},
			{nextRegister, "next", "bob", true},
			{secureRegister, "server", "mallory", false},
			{nextRegister, "next", "mallory", false},
			{secureRegister, "", "", false},
			{nextRegister, "", "", false},
		} {
			answer, err := s.ask(hostA, k.address(tt.uri, tt.server), announcement("tcp://10.0.0.2:9000", tt.client+"s"), k.options(tt.client))
			if (err == nil) != tt.want || tt.want && answer != "ok" {
				t.Errorf("%s as %q: got %q, %v", tt.uri, tt.client, answer, err)
			}
		}
		check(t, "listed", s.listed(""), []string{"tcp://10.0.0.2:9000"})
		stats := s.server.Stats()
		check(t, "announcements", stats.Announcements, uint64(2))
		check(t, "by client", stats.AnnouncementsBy, map[string]uint64{"alice": 1, "bob": 1})
	})
}

// TestIdentities: who asked and who announced is in the log and in the counters.
func TestIdentities(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	inSecureSite(t, quiet(nil), k.open(nil), func(t *testing.T, s *site) {
		to := k.address(secureRegister, "server")
		for _, frame := range []string{secured(uriA, "x"), "rubbish"} {
			if _, err := s.ask(hostA, to, frame, k.options("alice")); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait() // the answer comes first
		for range 2 {
			k.listed(s, hostB, secureLookups, "server", "bob")
		}
		if _, err := s.ask(hostB, k.address(secureLookups, "server"), "rubbish", k.options("bob")); err != nil {
			t.Fatal(err)
		}
		s.listed("")
		k.listed(s, hostB, secureLookups, "server", "mallory")

		stats := s.server.Stats()
		check(t, "lookups", stats.Lookups, uint64(4))
		check(t, "by client", stats.LookupsBy, map[string]uint64{"bob": 3})
		check(t, "announcements by client", stats.AnnouncementsBy, map[string]uint64{"alice": 2})
		check(t, "admitted", stats.Access.ByClient, map[string]uint64{"alice": 2, "bob": 3})
		check(t, "strangers", stats.Access.Refused[transport.RefusedKey] > 0, true)
		if line := stats.String(); !strings.Contains(line, " refused") || !strings.Contains(line, "connection") {
			t.Errorf("status line %q", line)
		}

		for _, tt := range []struct {
			message string
			want    map[string]any
		}{
			{"publisher added", map[string]any{"uri": uriA, "service": []any{"x"}, "peer": hostA.String(), "client": "alice", "backend": "secure_zmq"}},
			{"announcement refused", map[string]any{"peer": hostA.String(), "client": "alice", "cause": "not_a_message"}},
			{"lookup refused", map[string]any{"peer": hostB.String(), "client": "bob", "cause": "not_a_message"}},
			{"lookup answered", map[string]any{"peer": hostB.String(), "client": "bob", "service": "", "count": int64(1)}},
		} {
			lines := s.logs.FilterMessage(tt.message).All()
			if len(lines) == 0 {
				t.Errorf("%q is not logged", tt.message)
				continue
			}
			got := lines[0].ContextMap()
			delete(got, "error")
			check(t, tt.message, got, tt.want)
		}
	})
}

// feeds are subscribers of all ports of the change feed.
func (k *keyring) feeds(s *site, ports map[string]transport.Address) (changes func(t *testing.T) map[string][]string, closing func()) {
	recorders := map[string]*recorder{}
	for name, to := range ports {
		recorders[name] = s.follow(hostB, to, k.options("alice"))
	}
	synctest.Wait()
	changes = func(t *testing.T) map[string][]string {
		t.Helper()
		got := map[string][]string{}
		for name, r := range recorders {
			got[name] = r.changes(t)
		}
		return got
	}
	return changes, func() {
		for _, r := range recorders {
			r.close()
		}
	}
}

// TestMovingPublisher is one that goes to CURVE and back under the same URI. Python subscribers pass over additions of what they know, so
// each one has to hear a removal first, and plain ones nothing behind it.
func TestMovingPublisher(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	is := func(plain, secure string) map[string][]string {
		return map[string][]string{"plain": strings.Fields(plain), "secure": strings.Fields(secure), "next": strings.Fields(secure)}
	}
	for _, show := range []bool{false, true} {
		t.Run(fmt.Sprint("show ", show), func(t *testing.T) {
			t.Parallel()
			cfg := quiet(func(c *nameserver.Config) { c.ShowSecureEntries = show })
			inSecureSite(t, cfg, k.open(k.withNext), func(t *testing.T, s *site) {
				changes, closing := k.feeds(s, map[string]transport.Address{
					"plain":  k.address(feedURI, ""),
					"secure": k.address(secureFeed, "server"),
					"next":   k.address(nextFeed, "next"),
				})
				defer closing()
				shown := func(hidden, shown string) string {
					if show {
						return shown
					}
					return hidden
				}
				const add, remove, both = "+" + uriA, "-" + uriA, "-" + uriA + " +" + uriA
				step := func(what, frame string, want map[string][]string) {
					t.Helper()
					s.multicast(hostA, frame)
					check(t, what, changes(t), want)
				}
				step("plain", announcement(uriA, "x"), is(add, add))
				step("plain to secure", secured(uriA, "x"), is(shown(remove, both), both))
				step("secure again", secured(uriA, "x"), is("", ""))
				step("secure to plain", announcement(uriA, "x"), is(shown(add, both), both))
				step("withdrawn", withdrawal(uriA, "x"), is("", ""))
				step("back as secure", secured(uriA, "x"), is(shown(remove, both), both))
				check(t, "changed", s.server.Stats().Changed, uint64(3))
				check(t, "log", s.logged(zap.InfoLevel)[3:], []string{
					"publisher added", "publisher is secure now", "publisher is plain now", "publisher withdrawn",
				})
				s.multicast(hostA, withdrawal(uriA, "x"))
				time.Sleep(time.Minute)
				synctest.Wait()
				check(t, "gone", changes(t), is(shown("", remove), remove))
			})
		})
	}
}

// TestRemovalNamesOldServices: subscribers of what a publisher offered before it moved are the ones that have to leave it.
func TestRemovalNamesOldServices(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		s.multicast(hostA, announcement(uriA, "before"), secured(uriA, "after"))
		frames := s.feed.take()
		if len(frames) != 2 {
			t.Fatalf("feed: got %q", frames)
		}
		check(t, "data", string(decode(t, frames[1]).RawData()), `{"status": false, "URI": "`+uriA+`", "service": ["before"]}`)
	})
}

// TestHiddenAgain: what plain subscribers were told of is told gone to them, though it would not be told of any more.
func TestHiddenAgain(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(func(c *nameserver.Config) { c.ShowSecureEntries = true }), func(t *testing.T, s *site) {
		s.multicast(hostA, secured(uriA, "x"))
		if _, err := s.server.Reload(quiet(nil)); err != nil {
			t.Fatal(err)
		}
		s.multicast(hostB, secured(uriB, "x"))
		check(t, "listed", s.listed(""), []string{})
		time.Sleep(time.Minute)
		s.multicast(hostB, secured(uriB, "x")) // two hosts that fell silent at once would be kept
		time.Sleep(11 * time.Minute)
		check(t, "feed", s.feed.changes(t), []string{"+" + uriA, "-" + uriA, "-" + uriB})
	})
}

// TestForeignChange: nobody else can move a publisher to the other backend, or what came with a key.
func TestForeignChange(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	inSecureSite(t, quiet(nil), k.open(nil), func(t *testing.T, s *site) {
		s.multicast(hostA, announcement(uriA, "x"))
		s.multicast(hostB, secured(uriA, "x"))
		check(t, "still plain", s.listed("x"), []string{uriA})
		check(t, "feed", s.feed.changes(t), []string{"+" + uriA})

		// One with a key may, and from then on only such.
		register := func(frame string) {
			t.Helper()
			if _, err := s.ask(hostB, k.address(secureRegister, "server"), frame, k.options("alice")); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		register(secured(uriA, "x"))
		check(t, "secure", s.listed("x"), []string{})
		s.multicast(hostA, announcement(uriA, "x"), secured(uriA, "y"), withdrawal(uriA, "x"))
		check(t, "feed", s.feed.changes(t), []string{"-" + uriA})
		check(t, "refused", s.server.Stats().Refused, map[string]uint64{"foreign_change": 3, "foreign_withdrawal": 1})
		check(t, "warnings", len(s.logged(zap.WarnLevel)), 3)
		got, _ := k.listed(s, hostB, secureLookups, "server", "bob")
		check(t, "listed", got, []string{uriA})
	})
}

// TestSecureBackend: the change feed is encrypted on its usual port, and announced so.
func TestSecureBackend(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	cfg := quiet(func(c *nameserver.Config) {
		c.Backend, c.FeedAnnounceInterval = transport.Secure, 2*time.Second
	})
	inSecureSite(t, cfg, k.open(nil), func(t *testing.T, s *site) {
		changes, closing := k.feeds(s, map[string]transport.Address{"secure": k.address(feedURI, "server")})
		defer closing()
		s.multicast(hostA, announcement(uriA, "x"), secured(uriB, "x"))
		check(t, "plain", s.feed.take(), []string{})
		check(t, "secure", changes(t), map[string][]string{"secure": {"+" + uriA, "+" + uriB}})
		check(t, "plain lookup", s.listed("address_receiver"), []string{})
		got, _ := k.listed(s, hostA, secureLookups, "server", "alice")
		check(t, "secure lookup", got, []string{feedURI, uriA, uriB})
		for _, c := range s.server.Followers() {
			check(t, "follower", c.Identity+" at "+c.Addr.Addr().String(), "alice at "+hostB.String())
		}
		check(t, "followers", len(s.server.Followers()), 1)
		ports := s.server.Endpoints()
		check(t, "another feed", len(ports.Secure.Feed)+len(ports.Next.Feed), 0)
		// A stranger that follows costs those who do nothing.
		strange := s.follow(hostA, k.address(feedURI, "server"), k.options("mallory"))
		defer strange.close()
		s.multicast(hostA, secured("tcp://10.0.0.2:9001", "x"))
		check(t, "strange", strange.take(), []string{})
		check(t, "secure", changes(t), map[string][]string{"secure": {"+tcp://10.0.0.2:9001"}})
	})
}

// TestOtherNameservers are told of the change feed encrypted.
func TestOtherNameservers(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	first := k.open(func(c *security.Config) {
		c.ClientSecretKeyFile = curve.SecretPath(k.dir, "alice")
		c.ServerPublicKeys = []string{hostA.String() + "=" + curve.PublicPath(k.dir, "next")}
	})
	second := k.open(func(c *security.Config) { c.ServerSecretKeyFile = curve.SecretPath(k.dir, "next") })
	cfg := quiet(func(c *nameserver.Config) {
		c.Multicast, c.FeedAnnounceInterval = false, 2*time.Second
		c.AnnounceBackend, c.FeedNameservers = transport.Secure, []string{hostA.String()}
	})
	inSecureSite(t, cfg, first, func(t *testing.T, s *site) {
		other, err := nameserver.New(withoutMulticast(nil), nameserver.Options{Transport: s.peers[hostA].transport, Security: second})
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Listen(t.Context()); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		ctx, stop := context.WithCancel(t.Context())
		go func() { ended <- other.Run(ctx, nameserver.Hooks{}) }()
		time.Sleep(10 * time.Second)
		check(t, "listed there", uris(t, s.request(hostB, "tcp://10.0.0.2:5557", lookup(t, ""))), []string{feedURI})
		by := other.Stats().AnnouncementsBy
		if by["alice"] == 0 || len(by) != 1 {
			t.Errorf("announced by %v", by)
		}
		stop()
		if err := errors.Join(<-ended, other.Close()); err != nil {
			t.Error(err)
		}
	})
}

// TestAddresses: who may connect is asked on every port.
func TestAddresses(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	sec := k.open(func(c *security.Config) { c.AuthorizedClientAddresses = []string{hostA.String(), "127.0.0.1"} })
	inSecureSite(t, quiet(nil), sec, func(t *testing.T, s *site) {
		for _, tt := range []struct{ uri, server, client, frame string }{
			{lookups, "", "", lookup(t, "")},
			{register, "", "", announcement(uriA, "x")},
			{secureLookups, "server", "alice", lookup(t, "")},
			{secureRegister, "server", "alice", announcement(uriA, "x")},
		} {
			if _, err := s.ask(hostA, k.address(tt.uri, tt.server), tt.frame, k.options(tt.client)); err != nil {
				t.Errorf("%s from an authorized host: %v", tt.uri, err)
			}
			if _, err := s.ask(hostB, k.address(tt.uri, tt.server), tt.frame, k.options(tt.client)); err == nil {
				t.Errorf("%s answers other hosts", tt.uri)
			}
		}
		elsewhere := s.follow(hostB, address(t, feedURI), transport.SocketOptions{})
		defer elsewhere.close()
		s.feed.take()
		s.multicast(hostB, announcement(uriB, "x")) // the group is no port
		check(t, "feed", s.feed.changes(t), []string{"+" + uriB})
		check(t, "feed of another host", elsewhere.take(), []string{})
		if n := s.server.Stats().Access.Refused[transport.RefusedAddress]; n < 5 {
			t.Errorf("%d refusals counted", n)
		}
	})
}

func TestKeysThatAreMissing(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	both, next := k.open(nil), k.open(k.withNext)
	withoutFolder := k.open(func(c *security.Config) { c.ClientsPublicKeysDirectory = "" })
	withoutKey := k.open(func(c *security.Config) { c.ServerSecretKeyFile = "" })
	others := func(c *nameserver.Config) {
		c.AnnounceBackend, c.FeedNameservers = transport.Secure, []string{"h", "h:1"}
	}
	onePort := func(c *nameserver.Config) { c.NextLookupPort, c.SecureNameserverPort = 7000, 7000 }
	for _, tt := range []struct {
		name   string
		sec    *security.Security
		change func(*nameserver.Config)
		want   []string // keys
	}{
		{"plain, no keys", nil, nil, nil},
		{"plain, half the keys", withoutFolder, nil, nil},
		{"plain, the other half", withoutKey, nil, nil},
		{"plain", both, nil, nil},
		{"secure", both, secureBackend, nil},
		{"secure, no keys", nil, secureBackend, []string{"backend"}},
		{"secure, no folder", withoutFolder, secureBackend, []string{"backend"}},
		{"secure, no key", withoutKey, secureBackend, []string{"backend"}},
		{"other nameservers", both, others, []string{"feed_nameservers", "feed_nameservers", "feed_nameservers"}},
		{"one port, one of them not bound", both, onePort, nil},
		{"one port for two", next, onePort, []string{"next_lookup_port"}},
		{"a plain port", both, func(c *nameserver.Config) { c.NameserverPort = 5558 }, []string{"secure_zmq_nameserver_port"}},
		{"a plain port, without keys", nil, func(c *nameserver.Config) { c.NameserverPort = 5558 }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := withoutMulticast(tt.change)
			err := cfg.ValidateKeys(tt.sec)
			var keys []string
			if joined, ok := err.(interface{ Unwrap() []error }); ok {
				for _, e := range joined.Unwrap() {
					keys = append(keys, e.(*nameserver.SettingError).Key)
				}
			}
			check(t, "keys", keys, tt.want)
			if tt.want != nil {
				if _, err := nameserver.New(cfg, nameserver.Options{Security: tt.sec}); err == nil {
					t.Error("New takes it")
				}
			}
		})
	}
}

// A nameserver for both kinds says of publishers up to 1.13, which announce no backend, that they are plain: secure subscribers would take them for
// secure. One for a single kind says nothing.
func TestUntoldBackend(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	for _, tt := range []struct {
		name string
		cfg  nameserver.Config
		keys *security.Security
		want bool
	}{
		{"both kinds", quiet(nil), k.open(nil), true},
		{"secure", quiet(secureBackend), k.open(nil), false},
		{"plain", quiet(nil), nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inSecureSite(t, tt.cfg, tt.keys, func(t *testing.T, s *site) {
				s.multicast(hostA, announcement(uriA, "x"))
				answer, err := s.ask(hostA, k.address(lookups, ""), lookup(t, "x"), transport.SocketOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if got := strings.Contains(answer, `"backend": "unsecure_zmq"`); got != tt.want {
					t.Errorf("answer %s: names the backend: %v, want %v", answer, got, tt.want)
				}
			})
		})
	}
}
