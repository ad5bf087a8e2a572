package nameserver

import (
	"bytes"
	"crypto/sha256"
	"time"
	"unicode/utf8"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/registry"
)

// Nearly all announcements say what their publisher has said before, and differ in their time alone. Those are recognised by a hash of everything else, which the
// table keeps with the entry: it costs less than half of reading them, and no memory but that of the hash.

// uriMember is how the address stands in announcements of all deployed publishers. It is only where to look: the hash has to match as well.
var uriMember = []byte(`"URI": "`)

// recognise tells whether m, whose header was read, has been said before. What it returns has the source, the way and the mark of m in any case.
func (n *Nameserver) recognise(m *message.Message, from registry.Source, way registry.Way) (notice, bool) {
	nt := notice{message: m, publisher: registry.Publisher{Source: from, Way: way, Mark: markOf(m)}}
	uri := addressIn(m)
	nt.known = n.registry.Marked(uri, nt.publisher.Mark)
	return nt, nt.known
}

// markOf is the mark of an announcement; none for one that is not UTF-8, where the same bytes can mean different texts.
func markOf(m *message.Message) registry.Mark {
	if !utf8.Valid(m.Bytes()) {
		return registry.Mark{}
	}
	space := make([]byte, 0, 1024) // for all that are sent
	for _, field := range [...]string{m.Subject(), m.Type(), m.Sender(), string(m.Version()), m.MIME()} {
		space = append(append(space, field...), ' ') // which is in none of them
	}
	sum := sha256.Sum256(append(space, m.RawData()...))
	return registry.Mark(sum[:len(registry.Mark{})])
}

// addressIn is where the address is, if the announcement is written as usual.
func addressIn(m *message.Message) []byte {
	_, rest, _ := bytes.Cut(m.RawData(), uriMember)
	uri, _, _ := bytes.Cut(rest, []byte{'"'})
	return uri
}

// renew carries out nt, which was recognised. It is false when the table has changed since, and nt has to be read.
func (k *keeper) renew(nt notice, now time.Time) bool {
	p := nt.publisher
	if !k.n.registry.RenewMarked(addressIn(nt.message), p.Mark, p.Source, p.Way, now) {
		return false
	}
	k.n.prober.announced(p, false, now)
	return true
}
