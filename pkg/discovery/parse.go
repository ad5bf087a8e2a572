package discovery

import (
	"cmp"
	"errors"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// IsAnnouncement tells whether m is meant as an announcement: its subject begins with /address, in any
// case, and its type is info or withdraw. Nameservers ignore everything else.
func IsAnnouncement(m *message.Message) bool {
	s := m.Subject()
	return len(s) >= len(subjectPrefix) && strings.EqualFold(s[:len(subjectPrefix)], subjectPrefix) &&
		(m.Type() == TypeInfo || m.Type() == TypeWithdraw)
}

// ParseAnnouncement reads and checks an announcement. It refuses, with a
// [*RefusedError], what a Python subscriber or nameserver would die of if it
// were handed on: a URI that cannot be connected to, a service that is
// no text or list of texts, an unknown backend, a version that is no text.
//
// The older forms without version and backend are taken. The oldest, whose URI has no scheme
// ("host:port"), is refused: nobody can connect to it, and what the socket of such a peer speaks is not told.
//
// Keys that it does not know are kept in Extra, status, name and receive_time among
// them; of a key that stands there twice the last value counts.
func ParseAnnouncement(m *message.Message) (Announcement, error) {
	if !IsAnnouncement(m) {
		return Announcement{}, refuse(ReasonOther, "subject %s, type %s", quoted(m.Subject()), quoted(m.Type()))
	}
	if err := m.CheckStrict(); err != nil {
		return Announcement{}, refuse(ReasonNotStrict, "%w", err)
	}
	o, err := objectOf(m)
	if err != nil {
		return Announcement{}, err
	}
	a, err := parseObject(o, func() []string { return exactServices(m) })
	if err != nil {
		return Announcement{}, err
	}
	a.Name = announcedName(m.Subject())
	return a, nil
}

// announcedServices are the services of an announcement or an entry as they were written.
type announcedServices struct {
	Service []string `json:"service"`
}

// exactServices returns the service list of an announcement as it was written, nil where it is no list of texts.
func exactServices(m *message.Message) []string {
	var data announcedServices
	if m.Unmarshal(&data) != nil {
		return nil
	}
	return data.Service
}

// objectOf returns the data of m, which must be an object.
func objectOf(m *message.Message) (*message.Object, error) {
	data, err := m.Data()
	if err != nil {
		return nil, refuse(ReasonData, "%w", err)
	}
	o, ok := data.(*message.Object)
	if !ok {
		return nil, refuse(ReasonData, "the data is no object but %s", kindOf(data))
	}
	return o, nil
}

// announcedName is what stands behind /address/ in subject.
func announcedName(subject string) string {
	name, _ := strings.CutPrefix(subject[len(subjectPrefix):], "/")
	return name
}

// parseObject reads the keys of an announcement or of a nameserver's entry. The service list as it was written is
// asked for only where the decoded one is not exact.
func parseObject(o *message.Object, exact func() []string) (Announcement, error) {
	var a Announcement
	err := parseURI(&a, o)
	if err == nil {
		err = cmp.Or(parseService(&a, o, exact), parseVersion(&a, o), parseBackend(&a, o))
	}
	if err != nil {
		if refused, ok := errors.AsType[*RefusedError](err); ok {
			refused.URI = a.URI
		}
		return Announcement{}, err
	}
	for k, v := range o.All() {
		switch k {
		case keyURI, keyService, keyVersion, keyBackend:
		default:
			if a.Extra == nil {
				a.Extra = new(message.Object)
			}
			a.Extra.Set(k, v)
		}
	}
	return a, nil
}

func parseURI(a *Announcement, o *message.Object) error {
	v, ok := o.Get(keyURI)
	if !ok {
		return refuse(ReasonURI, "URI is missing")
	}
	uri, ok := v.(string)
	if !ok {
		return refuse(ReasonURI, "URI is no text but %s", quoted(v))
	}
	ep, err := transport.ConnectEndpoint(uri)
	switch {
	case err != nil:
		return refuse(ReasonURI, "URI cannot be connected to: %w", err)
	case ep.Scheme() == "inproc":
		// It would be a socket of the program that reads this, and one that is never secured.
		return refuse(ReasonURI, "URI is that of a socket within a program")
	}
	a.URI = uri
	return nil
}

// parseService takes a text or a list of texts.
//
// A text that looks like a date is a datetime to Python peers. In a list that harms nobody, and the text
// itself is kept here, which the reference cannot. Alone it would end a Python subscriber, which looks for parts of it.
func parseService(a *Announcement, o *message.Object, exact func() []string) error {
	v, ok := o.Get(keyService)
	if !ok {
		return refuse(ReasonService, "service is missing")
	}
	switch v := v.(type) {
	case string:
		a.Services, a.ServiceText = []string{v}, true
		return nil
	case message.Time:
		return refuse(ReasonService, "service is a date alone; only in a list is it a name")
	case []any:
		return parseServices(a, v, exact)
	default:
		return refuse(ReasonService, "service is no text or list of texts but %s", quoted(v))
	}
}

func parseServices(a *Announcement, list []any, exact func() []string) error {
	var dates bool
	a.Services = make([]string, len(list))
	for i, v := range list {
		switch v := v.(type) {
		case string:
			a.Services[i] = v
		case message.Time:
			a.Services[i], dates = v.String(), true
		default:
			return refuse(ReasonService, "service has an element that is no text but %s", quoted(v))
		}
	}
	if !dates {
		return nil
	}
	if names := exact(); len(names) == len(list) {
		a.Services = names
	}
	return nil
}

func parseVersion(a *Announcement, o *message.Object) error {
	v, ok := o.Get(keyVersion)
	if !ok {
		return nil
	}
	s, ok := v.(string)
	if !ok {
		return refuse(ReasonVersion, "supported_message_version is no text but %s", quoted(v))
	}
	a.SupportedVersion = message.Version(s)
	return nil
}

func parseBackend(a *Announcement, o *message.Object) error {
	v, ok := o.Get(keyBackend)
	if !ok {
		return nil
	}
	s, ok := v.(string)
	if !ok {
		return refuse(ReasonBackend, "backend is no text but %s", quoted(v))
	}
	b, err := transport.ParseBackend(s)
	if err != nil {
		return refuse(ReasonBackend, "%w", err)
	}
	a.Backend = b
	return nil
}
