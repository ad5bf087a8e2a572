package discovery

import (
	"net"
	"strconv"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Extra keys in the announcements of secure publishers (doc/protocol.md, section 5). Python peers ignore them.
const (
	// keyServerKey is the public key of the socket, as Z85 text.
	keyServerKey = "server_key"
	// keySameAs is, on a second socket of a publisher that changes its key, the URI of the first one, and keySameAsKey the public key of
	// that. Both send the same.
	keySameAs    = "same_as"
	keySameAsKey = "same_as_key"
)

// WithServerKey returns a with the public key of its socket, which helps subscribers to say what they lack. Who receives it must not trust it: it
// comes by a way that anybody can write to. It is there to be compared with keys that were configured.
func (a Announcement) WithServerKey(key curve.PublicKey) Announcement {
	return a.withExtra(message.Member{Key: keyServerKey, Value: key.String()})
}

// WithSameAs returns a as the announcement of the second socket of a publisher whose first one is at uri with that key. Subscribers
// that have the first key then leave the second socket alone, and receive nothing twice. So an announcement in which the key has no place does
// not leave it out: making an [Announcer] of it is an error.
func (a Announcement) WithSameAs(uri string, key curve.PublicKey) Announcement {
	return a.withExtra(message.Member{Key: keySameAsKey, Value: key.String()}, message.Member{Key: keySameAs, Value: uri})
}

// ServerKey returns the public key that a claims for its socket; zero where it claims none.
func (a Announcement) ServerKey() curve.PublicKey { return a.extraKey(keyServerKey) }

// SameAs returns the URI and the public key of the first socket of the publisher whose second one a announces. The key is zero where a announces no
// second one; the URI is empty also where it did not fit a datagram.
func (a Announcement) SameAs() (uri string, key curve.PublicKey) {
	key = a.extraKey(keySameAsKey)
	if key.IsZero() {
		return "", key
	}
	return a.extraText(keySameAs), key
}

func (a Announcement) withExtra(members ...message.Member) Announcement {
	a = a.clone()
	if a.Extra == nil {
		a.Extra = new(message.Object)
	}
	for _, m := range members {
		a.Extra.Set(m.Key, m.Value)
	}
	return a
}

func (a Announcement) extraText(key string) string {
	if a.Extra == nil {
		return ""
	}
	v, _ := a.Extra.Get(key)
	text, _ := v.(string)
	return text
}

// extraKey reads a public key. What is none counts as not there.
func (a Announcement) extraKey(key string) curve.PublicKey {
	k, err := curve.ParsePublicKey(a.extraText(key))
	if err != nil {
		return curve.PublicKey{}
	}
	return k
}

// lastDroppable is the extra key that is left out next of a datagram; none: the rest has to go out.
func (a Announcement) lastDroppable() (last string, ok bool) {
	if a.Extra == nil {
		return "", false
	}
	for k := range a.Extra.All() {
		if k != keySameAsKey && k != keyHops { // names without their hops would go round in rings of relays
			last, ok = k, true
		}
	}
	return last, ok
}

// onHost returns a for a publisher whose host has another address than before. The first socket of the publisher has moved with the second.
func (a Announcement) onHost(host string) Announcement {
	a = a.clone()
	a.URI = withHost(a.URI, host)
	if first := a.extraText(keySameAs); first != "" {
		a.Extra.Set(keySameAs, withHost(first, host))
	}
	return a
}

// withHost replaces the host in a tcp URI. What is none stays as it is.
func withHost(uri, host string) string {
	ep, err := transport.ParseEndpoint(uri)
	if err != nil || ep.Scheme() != "tcp" {
		return uri
	}
	return "tcp://" + net.JoinHostPort(host, strconv.Itoa(ep.Port()))
}

// claims are what subscribers act upon in the extra keys.
func (a Announcement) claims() []string {
	uri, key := a.SameAs()
	relay := a.Relaying()
	said := []string{a.ServerKey().String(), uri, key.String(), relay.ID, hopsText(a.Services, relay.Hops), strconv.Itoa(len(relay.Via))}
	return append(said, relay.Via...)
}
