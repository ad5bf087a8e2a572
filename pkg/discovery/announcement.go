package discovery

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Types of announcement messages (doc/protocol.md, section 3).
const (
	TypeInfo = "info"
	// TypeWithdraw says that the publisher stops. Python peers ignore it.
	TypeWithdraw = "withdraw"
)

// Keys of an announcement's data.
const (
	keyURI     = "URI"
	keyService = "service"
	keyVersion = "supported_message_version"
	keyBackend = "backend"
)

// subjectPrefix is how the subject of every announcement begins, in any case.
const subjectPrefix = "/address"

// Announcement is what a publisher tells about itself (doc/protocol.md,
// section 3). It is a value: the functions of this package never change one
// that they are given.
type Announcement struct {
	// Name of the publisher; the subject is /address/<name>. Not empty, without
	// white space and control characters when it is sent.
	Name string
	// URI is where the publisher can be connected to, e.g. tcp://10.0.0.7:9010.
	URI string
	// Services are its name and aliases.
	Services []string
	// ServiceText says that the service came as one text and not as a list: then
	// Services has that one element, and parts of it match (see
	// [Announcement.Offers]).
	ServiceText bool
	// SupportedVersion is the newest message version that a reader of the
	// publisher's messages must know; empty: not told, as by peers before 1.14.
	SupportedVersion message.Version
	// Backend is how the publisher speaks; empty: not told, as by peers before 1.14.
	Backend transport.Backend
	// Extra are further keys, in their order. They are kept and passed on; nil: none.
	Extra *message.Object
}

// Offers tells whether a is a publisher of service, as nameservers decide it:
// the empty service means all; otherwise service is an element of the list, or,
// where the announcement has a text, a part of that text.
func (a Announcement) Offers(service string) bool {
	switch {
	case service == "":
		return true
	case a.ServiceText:
		return len(a.Services) == 1 && strings.Contains(a.Services[0], service)
	default:
		return slices.Contains(a.Services, service)
	}
}

// Address returns where and how a is to be connected to. The backend given here counts when a
// names none; empty, it is [transport.Plain].
func (a Announcement) Address(backend transport.Backend) (transport.Address, error) {
	ep, err := transport.ConnectEndpoint(a.URI)
	if err != nil {
		return transport.Address{}, err
	}
	if a.Backend != "" {
		backend = a.Backend
	}
	return transport.Address{Endpoint: ep, Backend: backend}.Normal(), nil
}

// Object returns the data of the announcement as it is sent: the keys in the order in
// which deployed peers write them, then Extra. The object is the caller's.
func (a Announcement) Object() *message.Object {
	o := new(message.Object)
	o.Set(keyURI, a.URI)
	o.Set(keyService, a.serviceValue())
	if a.SupportedVersion != "" {
		o.Set(keyVersion, string(a.SupportedVersion))
	}
	if a.Backend != "" {
		o.Set(keyBackend, string(a.Backend))
	}
	if a.Extra != nil {
		for k, v := range a.Extra.All() {
			if _, own := o.Get(k); !own {
				o.Set(k, v)
			}
		}
	}
	return o
}

// serviceValue is the value of the service key: a text or a list of texts.
func (a Announcement) serviceValue() any {
	if a.ServiceText && len(a.Services) == 1 {
		return a.Services[0]
	}
	list := make([]any, len(a.Services))
	for i, s := range a.Services {
		list[i] = s
	}
	return list
}

// Message encodes a as an announcement of the given type. It is written in v1.01, which every
// deployed peer reads, unless enc says otherwise.
func (a Announcement) Message(typ string, enc message.Encoder) (*message.Message, error) {
	f, err := a.fields(typ, enc)
	if err != nil {
		return nil, err
	}
	m, err := enc.Encode(f)
	if err != nil {
		return nil, fmt.Errorf("announcement of %q: %w", a.Name, err)
	}
	return m, nil
}

// fields checks a and returns what is to be encoded.
func (a Announcement) fields(typ string, enc message.Encoder) (message.Fields, error) {
	if err := checkName(a.Name); err != nil {
		return message.Fields{}, err
	}
	version := enc.Version
	if version == "" {
		version = message.V101
	}
	return message.Fields{
		Subject: subjectPrefix + "/" + a.Name,
		Type:    typ,
		Version: version,
		Data:    a.Object(),
	}, nil
}

// check reports why a cannot be announced.
func (a Announcement) check() error {
	if err := checkName(a.Name); err != nil {
		return err
	}
	ep, err := transport.ConnectEndpoint(a.URI)
	if err != nil {
		return fmt.Errorf("address of publisher %q: %w", a.Name, err)
	}
	if host, err := netip.ParseAddr(ep.Host()); err == nil && host.IsUnspecified() {
		return fmt.Errorf("address of publisher %q: %s is where it binds; announce the address at which others reach it", a.Name, ep)
	}
	if a.Backend != "" {
		if _, err := transport.ParseBackend(string(a.Backend)); err != nil {
			return fmt.Errorf("publisher %q: %w", a.Name, err)
		}
	}
	for _, s := range a.Services {
		if !utf8.ValidString(s) {
			return fmt.Errorf("alias %q of publisher %q: is not UTF-8", s, a.Name)
		}
	}
	return nil
}

// checkName refuses names that cannot stand in a subject. A slash can: sites name publishers after their topics.
func checkName(name string) error {
	if name == "" {
		return errors.New("name of a publisher: is empty")
	}
	if !utf8.ValidString(name) {
		return fmt.Errorf("publisher name %q: is not UTF-8", name)
	}
	i := strings.IndexFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	if i < 0 {
		return nil
	}
	r, _ := utf8.DecodeRuneInString(name[i:])
	return fmt.Errorf("publisher name %q: contains %q; the name becomes part of a message's subject, "+
		"so use letters, digits, '-', '_', '.' or '/'", name, r)
}

// clone returns a copy of a that shares nothing that can change.
func (a Announcement) clone() Announcement {
	a.Services = slices.Clone(a.Services)
	if a.Extra != nil {
		a.Extra = a.Extra.Clone()
	}
	return a
}
