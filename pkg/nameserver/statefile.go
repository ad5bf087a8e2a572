package nameserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/registry"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// The file of what is listed is JSON, one object on a line: a header, the entries in order of first announcement, and an end. doc/systemd.md
// describes it for people.
const (
	stateFormat  = "posttroll nameserver state"
	stateVersion = 1
)

// Ways in the state. Whether a host is this one is seen when it is read.
const (
	viaMulticast = "multicast"
	viaDirect    = "direct"
)

// stateHeader is the first line.
type stateHeader struct {
	Format  string            `json:"format"`
	Version int               `json:"version"`
	Saved   time.Time         `json:"saved"`
	Backend transport.Backend `json:"backend"` // of the nameserver, and of entries that say nothing of it
}

// endMember begins the last line; without it the file is torn.
const endMember = `{"entries": `

// stateLine is what stands of an entry before its own JSON, which is the last member of the object, as lookups give it, without the time. It is
// not for encoding/json: bare words of Python, as NaN, may stand in it.
type stateLine struct {
	Heard     time.Time  `json:"heard"` // last
	From      netip.Addr `json:"from"`
	Key       string     `json:"key,omitempty"` // the name of the client's key
	Via       string     `json:"via"`
	Name      string     `json:"name,omitempty"` // where it is not "address"
	Secure    bool       `json:"secure,omitempty"`
	Withdrawn bool       `json:"withdrawn,omitempty"`
}

// entryMember is where the entry begins. Within a text its quotes would be escaped.
const entryMember = `, "entry": `

// usualName is what all that deployed publishers send are listed as.
const usualName = "address"

// appendHeader appends the first line.
func appendHeader(dst []byte, now time.Time, backend transport.Backend) []byte {
	return fmt.Appendf(dst, `{"format": %q, "version": %d, "saved": %q, "backend": %q}`+"\n", stateFormat, stateVersion, stateTime(now), backend)
}

// appendEnd appends the last line.
func appendEnd(dst []byte, entries int) []byte {
	return fmt.Appendf(dst, "%s%d}\n", endMember, entries)
}

func stateTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// appendStateLine appends an entry.
func appendStateLine(dst []byte, s registry.Saved) []byte {
	dst = append(dst, `{"heard": "`...)
	dst = append(dst, stateTime(s.Announced)...)
	dst = append(dst, `", "via": "`...)
	if s.Way == registry.Direct {
		dst = append(dst, viaDirect...)
	} else {
		dst = append(dst, viaMulticast...)
	}
	dst = append(dst, '"')
	if s.Source.Addr.IsValid() {
		dst = appendText(dst, "from", s.Source.Addr.String())
	}
	if s.Source.Client != "" {
		dst = appendText(dst, "key", s.Source.Client)
	}
	if s.Name != usualName {
		dst = appendText(dst, "name", s.Name)
	}
	if s.Secure {
		dst = append(dst, `, "secure": true`...)
	}
	if s.Withdrawn {
		dst = append(dst, `, "withdrawn": true`...)
	}
	dst = append(dst, entryMember...)
	dst = append(dst, s.Data...)
	return append(dst, "}}\n"...)
}

// appendText appends a member of an object.
func appendText(dst []byte, key, value string) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic("nameserver: JSON of a text: " + err.Error())
	}
	dst = append(dst, `, "`...)
	dst = append(dst, key...)
	dst = append(dst, `": `...)
	return append(dst, text...)
}

// Reasons for passing over an entry of the state, besides those for refusing an announcement.
const (
	reasonNoLine       = "not_a_line"
	reasonBackend      = "backend" // what its backend is cannot be told any more
	reasonListed       = "listed_twice"
	reasonInconsistent = "inconsistent" // secure by one word and plain by the other
)

// parseStateLine reads an entry by the rules for announcements, so that nothing is listed that could not be announced. limit is the length of an
// entry, from the header of the file, and assumed what publishers are that announce no backend.
func parseStateLine(text []byte, limit int, from stateHeader, cfg *Config, assumed transport.Backend) (registry.Saved, error) {
	head, entry, ok := bytes.Cut(text, []byte(entryMember))
	entry, closed := bytes.CutSuffix(entry, []byte("}"))
	if !ok || !closed {
		return registry.Saved{}, refuse(reasonNoLine, "no entry in the line")
	}
	var line stateLine
	if err := json.Unmarshal(append(bytes.Clone(head), '}'), &line); err != nil {
		return registry.Saved{}, refuse(reasonNoLine, "%w", err)
	}
	name := usualName
	if line.Name != "" {
		name = line.Name
	}
	frame := fmt.Appendf(nil, "%s/%s/- info - 2000-01-01T00:00:00+00:00 %s %s %s", message.Magic, name, message.V12, message.MIMEJSON, entry)
	source := registry.Source{Addr: line.From, Client: line.Key}
	nt, err := readAnnouncement(frame, 1, limit, source, "")
	if errors.Is(err, errOther) {
		return registry.Saved{}, refuse(reasonNoLine, "name %q is of no announcement", name)
	}
	if err != nil {
		return registry.Saved{}, err
	}
	if _, named := nt.data.Get(keyBackend); !named {
		if from.Backend != cfg.Backend {
			return registry.Saved{}, refuse(reasonBackend, "%s says nothing of its backend, and the nameserver had another one", nt.publisher.URI)
		}
		if nt, err = readAnnouncement(frame, 1, limit, source, assumed); err != nil {
			return registry.Saved{}, err
		}
	}
	if nt.publisher.Secure != line.Secure {
		return registry.Saved{}, refuse(reasonInconsistent, "%s is secure by one word of the line and plain by another", nt.publisher.URI)
	}
	if line.Via == viaDirect {
		nt.publisher.Way = registry.Direct
	}
	return registry.Saved{Publisher: nt.publisher, Announced: line.Heard, Withdrawn: line.Withdrawn}, nil
}
