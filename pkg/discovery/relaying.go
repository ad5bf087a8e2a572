package discovery

import (
	"slices"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// Extra keys in the announcements of relays (doc/protocol.md, section 3.4). Python peers ignore them.
const (
	// keyRelay is what the announcing sink of a relay is called.
	keyRelay = "relay"
	// keyVia are the sinks of other relays through which everything that this one sends has come.
	keyVia = "via"
	// keyHops is a text of digits, one for each service: the number of relays between this one and the publisher that has the name.
	keyHops = "hops"
)

// Bounds of what is read of them; what goes beyond is passed over.
const (
	// MaxVia is the number of sinks in [Relaying].Via.
	MaxVia = 6
	// MaxHops is the number of relays that a name is carried over; a text has one digit for it.
	MaxHops = 9

	maxRelayID = 24
)

// Relaying is what a sink of a relay tells of what it carries. Anybody can claim anything in it: it is there to spare relays
// useless connections, and nothing else may rest on it.
type Relaying struct {
	// ID is unique for the sink: letters, digits, '.' and '-', at most 24. Empty: the publisher is no relay, or does not tell.
	ID string
	// Via are sinks of other relays through which everything has come that this sink sends, in any order; [MaxVia] at most.
	Via []string
	// Hops are, of services that come from other relays, the number of relays between the publisher of that name and this one, 1 to [MaxHops].
	Hops map[string]int
}

// WithRelaying returns a with what r tells, in place of what it told before. Hops of other names than its services are left out.
func (a Announcement) WithRelaying(r Relaying) Announcement {
	a = a.clone()
	for _, key := range []string{keyHops, keyRelay, keyVia} {
		if a.Extra != nil {
			a.Extra.Delete(key)
		}
	}
	var members []message.Member
	if hops := hopsText(a.Services, r.Hops); hops != "" {
		members = append(members, message.Member{Key: keyHops, Value: hops})
	}
	if r.ID != "" {
		members = append(members, message.Member{Key: keyRelay, Value: r.ID})
	}
	if len(r.Via) > 0 {
		via := make([]any, 0, MaxVia)
		for _, id := range r.Via[:min(len(r.Via), MaxVia)] {
			via = append(via, id)
		}
		members = append(members, message.Member{Key: keyVia, Value: via})
	}
	if len(members) == 0 {
		return a
	}
	return a.withExtra(members...)
}

// hopsText is one digit for each service; empty when all are 0.
func hopsText(services []string, hops map[string]int) string {
	digits := make([]byte, len(services))
	far := false
	for i, s := range services {
		n := min(max(hops[s], 0), MaxHops)
		digits[i] = byte('0' + n)
		far = far || n > 0
	}
	if !far {
		return ""
	}
	return string(digits)
}

// Relaying returns what a claims of a relay. What is no such claim, or too long for one, counts as not there.
func (a Announcement) Relaying() Relaying {
	if a.Extra == nil {
		return Relaying{}
	}
	r := Relaying{ID: a.extraText(keyRelay)}
	if !isRelayID(r.ID) {
		return Relaying{}
	}
	r.Via = a.via()
	if digits := a.extraText(keyHops); len(digits) == len(a.Services) && isDigits(digits) {
		r.Hops = make(map[string]int)
		for i, s := range a.Services {
			if n := int(digits[i] - '0'); n > 0 {
				r.Hops[s] = n
			}
		}
	}
	return r
}

func (a Announcement) via() []string {
	v, _ := a.Extra.Get(keyVia)
	list, _ := v.([]any)
	var via []string
	for _, v := range list[:min(len(list), MaxVia)] {
		if id, ok := v.(string); ok && isRelayID(id) && !slices.Contains(via, id) {
			via = append(via, id)
		}
	}
	return via
}

func isRelayID(s string) bool {
	return s != "" && len(s) <= maxRelayID && !strings.ContainsFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		return !letter && (r < '0' || r > '9') && r != '.' && r != '-'
	})
}

func isDigits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}
