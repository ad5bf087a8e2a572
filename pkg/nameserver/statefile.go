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

// The file of what is listed is JSON, one object on a line: a header, the entries in order of first announcement, and an end. doc/nameserver.md
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

// stateEnd is the last line; without it the file is torn.
type stateEnd struct {
	Entries *int `json:"entries"`
}

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

// appendJSONLine appends v and the end of the line.
func appendJSONLine(dst []byte, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return dst, err
	}
	return append(append(dst, b...), '\n'), nil
}

// appendStateLine appends an entry.
func appendStateLine(dst []byte, s registry.Saved) ([]byte, error) {
	line := stateLine{
		Heard: s.Announced.UTC().Truncate(time.Microsecond), From: s.Source.Addr, Key: s.Source.Client, Via: viaMulticast, Secure: s.Secure,
		Withdrawn: s.Withdrawn,
	}
	if s.Way == registry.Direct {
		line.Via = viaDirect
	}
	if s.Name != usualName {
		line.Name = s.Name
	}
	b, err := json.Marshal(line)
	if err != nil {
		return dst, err
	}
	dst = append(dst, b[:len(b)-1]...)
	dst = append(dst, entryMember...)
	dst = append(dst, s.Data...)
	return append(dst, "}}\n"...), nil
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
