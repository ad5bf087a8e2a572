package interop

import (
	"fmt"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// backends say how each of the three speaks.
type backends struct{ nameserver, publisher, subscriber string }

func (b backends) String() string {
	short := map[string]string{plain: "plain", secure: "secure"}
	return fmt.Sprintf("nameserver %s, publisher %s, subscriber %s", short[b.nameserver], short[b.publisher], short[b.subscriber])
}

// TestSecureCombinations mixes programs and backends. The nameserver always has keys, so that it serves secure lookups beside the plain ones.
// Missing are plain subscribers of secure publishers: those of Python end when they hear of one (TestMigration has them).
func TestSecureCombinations(t *testing.T) {
	t.Parallel()
	for _, speak := range []backends{
		{secure, secure, secure},
		{plain, secure, secure},
		{plain, plain, secure},
		{secure, plain, secure},
		{secure, plain, plain},
	} {
		for mix := range 8 {
			pick := func(bit int) speaker {
				if mix&bit == 0 {
					return ours
				}
				return "1.16"
			}
			c := secureCombination{backends: speak, nameserver: pick(1), publisher: pick(2), subscriber: pick(4)}
			t.Run(fmt.Sprint(speak, "/", c.programs()), func(t *testing.T) {
				t.Parallel()
				c.run(t)
			})
		}
	}
}

// TestSecure113 has 1.13, where the backend of a program is that of all its sockets: its nameserver answers encrypted on 5557, and
// its publishers announce no backend.
func TestSecure113(t *testing.T) {
	t.Parallel()
	for mix := 1; mix < 8; mix++ {
		pick := func(bit int) speaker {
			if mix&bit == 0 {
				return ours
			}
			return "1.13"
		}
		c := secureCombination{backends: backends{secure, secure, secure}, nameserver: pick(1), publisher: pick(2), subscriber: pick(4)}
		t.Run(c.programs(), func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}

type secureCombination struct {
	backends                          backends
	nameserver, publisher, subscriber speaker
}

func (c secureCombination) programs() string {
	return fmt.Sprintf("nameserver=%s/publisher=%s/subscriber=%s", c.nameserver, c.publisher, c.subscriber)
}

// run has a subscriber find its first publisher by lookup, and the second, that starts later, by the feed if there is one for it.
func (c secureCombination) run(t *testing.T) {
	m := newMachine(t)
	k := m.keys(t, c.subscriber, c.nameserver)
	m.nameserver(t, c.nameserver, multicast, k.server(c.backends.nameserver)...)
	first := publication{name: "first", services: []string{"service"}, announced: multicast, datetimes: true}
	second := publication{name: "second", services: []string{"other", "service"}, announced: multicast}

	m.publisher(t, c.publisher, first, k.server(c.backends.publisher)...)
	sub := m.subscriber(t, c.subscriber, "service", "localhost", c.subscriberSettings(k)...)
	awaitMessage(t, sub, first)
	if !c.hasFeed() {
		return
	}
	m.publisher(t, c.publisher, second, k.server(c.backends.publisher)...)
	awaitMessage(t, sub, second)
}

// subscriberSettings are what doc/security.md says that a subscriber must set.
func (c secureCombination) subscriberSettings(k keyring) []string {
	env := k.client(c.backends.subscriber)
	if c.backends.subscriber == plain {
		return env
	}
	switch {
	case c.nameserver == "1.13" && c.subscriber == ours:
		env = append(env, "POSTTROLL_SECURE_ZMQ_NAMESERVER_PORT=5557")
	case c.nameserver == ours && c.subscriber == "1.13":
		env = append(env, "POSTTROLL_NAMESERVER_PORT=5558")
	}
	if c.nameserver == ours && c.subscriber != ours && c.backends.nameserver == plain {
		env = append(env, "POSTTROLL_ADDRESS_PUBLISH_PORT=16544")
	}
	return env
}

// hasFeed tells whether the nameserver has a change feed in the subscriber's backend. Ours, when it is plain, has both.
func (c secureCombination) hasFeed() bool {
	return c.backends.nameserver == c.backends.subscriber || c.nameserver == ours && c.backends.nameserver == plain
}

// TestOldPublishers has secure subscribers follow plain publishers that announce no backend, by our nameserver for both kinds.
func TestOldPublishers(t *testing.T) {
	t.Parallel()
	for _, publisher := range []speaker{"1.11", "1.13"} {
		t.Run(string(publisher), func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			k := m.keys(t, ours, ours)
			m.nameserver(t, ours, multicast, k.server(plain)...)
			first := publication{name: "first", services: []string{"service"}, announced: multicast}
			second := publication{name: "second", services: []string{"service"}, announced: multicast}
			m.publisher(t, publisher, first)
			subs := []*testbed.Process{
				m.subscriber(t, ours, "service", "localhost", k.client(secure)...),
				m.subscriber(t, "1.16", "service", "localhost", append(k.client(secure), "POSTTROLL_ADDRESS_PUBLISH_PORT=16544")...),
			}
			for _, sub := range subs {
				awaitMessage(t, sub, first)
			}
			m.publisher(t, publisher, second)
			for _, sub := range subs {
				awaitMessage(t, sub, second)
			}
		})
	}
}
