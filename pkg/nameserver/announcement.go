package nameserver

import (
	"errors"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/registry"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// announcementDepth is how deep the data of an announcement may be nested. That of deployed publishers is two levels deep; the limit
// keeps what is listed far from where Python's reader gives up.
const announcementDepth = 32

// Keys of an entry, besides those of an announcement (doc/protocol.md, section 4).
const (
	keyURI         = "URI"
	keyService     = "service"
	keyBackend     = "backend"
	keyStatus      = "status"
	keyName        = "name"
	keyReceiveTime = "receive_time" // written by the registry
	keyUnconfirmed = "unconfirmed"  // as well
)

// errOther says that a message is good and no announcement: it is none of the nameserver's business.
var errOther = errors.New("no announcement")

// notice is an announcement, or a withdrawal, that was understood.
type notice struct {
	known     bool // said before, with the publisher's Mark: nothing was read but the address, the data are still to be understood
	echo      bool // an announcement of our own that the group brought back, and nothing else
	withdraw  bool
	publisher registry.Publisher // of a withdrawal: URI, Services and Source alone
	message   *message.Message   // as it came
	data      *message.Object    // its data, with status
}

// readAnnouncement understands a frame of at most limit bytes. assumed is the backend of publishers that announce none; empty: nothing is said of
// it. The error is errOther, or one that asRefusal gives its reason.
func readAnnouncement(frame []byte, parts, limit int, from registry.Source, assumed transport.Backend) (notice, error) {
	m, err := readHeader(frame, parts, limit)
	if err != nil {
		return notice{}, err
	}
	return understand(m, from, assumed)
}

// readHeader checks what can be told without a look at the data.
func readHeader(frame []byte, parts, limit int) (*message.Message, error) {
	switch {
	case parts != 1:
		return nil, refuse(reasonMultipart, "message of %d frames", parts)
	case len(frame) > limit:
		return nil, refuse(reasonTooLong, "announcement of %d bytes, and %d are looked at", len(frame), limit)
	}
	return message.Decoder{MaxSize: limit, MaxDepth: announcementDepth}.Decode(frame)
}

// understand reads the rest.
func understand(m *message.Message, from registry.Source, assumed transport.Backend) (notice, error) {
	if !discovery.IsAnnouncement(m) {
		return notice{}, errOther
	}
	a, err := discovery.ParseAnnouncement(m)
	if err != nil {
		return notice{}, err
	}
	if m.Type() == discovery.TypeWithdraw {
		p := registry.Publisher{URI: strings.Clone(a.URI), Services: registry.Services{Names: a.Services, Text: a.ServiceText}, Source: from}
		return notice{withdraw: true, publisher: p, message: m}, nil
	}
	return newNotice(m, a, from, assumed)
}

// newNotice makes the entry of an announcement.
func newNotice(m *message.Message, a discovery.Announcement, from registry.Source, assumed transport.Backend) (notice, error) {
	data, err := m.Data()
	if err != nil {
		return notice{}, err
	}
	object, ok := data.(*message.Object)
	if !ok {
		panic("nameserver: an announcement was parsed whose data is no object")
	}
	// Names that look like dates stay as they were announced.
	object.Set(keyService, serviceValue(a.Services, a.ServiceText))
	object.Set(keyStatus, true)
	if a.Backend == "" && assumed != "" {
		object.Set(keyBackend, string(assumed))
	}

	entry := object.Clone()
	entry.Set(keyName, listedName(m.Subject()))
	entry.Delete(keyReceiveTime)
	entry.Delete(keyUnconfirmed)
	encoded, naive, err := encodeEntry(entry)
	if err != nil {
		return notice{}, err
	}
	return notice{
		publisher: registry.Publisher{
			URI:       strings.Clone(a.URI), // who keeps it keeps not the whole frame
			Name:      listedName(m.Subject()),
			Services:  registry.Services{Names: a.Services, Text: a.ServiceText},
			Data:      encoded,
			NaiveData: naive,
			Secure:    a.Backend == transport.Secure,
			Source:    from,
		},
		message: m,
		data:    object,
	}, nil
}

// listedName is the name in an entry: the word behind the first slash of the subject, which is "address" in all that deployed
// publishers send.
func listedName(subject string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(subject, "/"), "/")
	return name
}

// encodeEntry returns an entry without its closing brace, and the same with naive times, or nil where that is no different.
func encodeEntry(entry *message.Object) (encoded, naive []byte, err error) {
	if encoded, err = message.AppendJSON(nil, entry); err != nil {
		return nil, nil, err
	}
	if naive, err = message.AppendJSONVersion(nil, entry, message.V101); err != nil {
		return nil, nil, err
	}
	if len(naive) == len(encoded) { // only offsets can be missing
		naive = nil
	}
	return withoutBrace(encoded), withoutBrace(naive), nil
}

func withoutBrace(object []byte) []byte {
	if object == nil {
		return nil
	}
	return object[:len(object)-1]
}

// serviceValue is the value of the key service.
func serviceValue(names []string, text bool) any {
	if text {
		return names[0]
	}
	return names
}

// addition is what the change feed says of a new publisher: its announcement, unchanged but for the status and the version, which is the
// lowest that can carry it.
func (nt notice) addition() ([]byte, error) {
	m, err := message.Encoder{}.Encode(message.Fields{
		Subject: nt.message.Subject(),
		Type:    discovery.TypeInfo,
		Sender:  nt.message.Sender(),
		Time:    nt.message.Time(),
		Data:    nt.data,
	})
	if err != nil {
		return nil, err
	}
	return m.Bytes(), nil
}

// removal is what the change feed says of one that is gone.
func removal(gone registry.Removal, enc message.Encoder) ([]byte, error) {
	m, err := enc.New("/address/"+gone.Name, discovery.TypeInfo, message.NewObject(
		message.Member{Key: keyStatus, Value: false},
		message.Member{Key: keyURI, Value: gone.URI},
		message.Member{Key: keyService, Value: serviceValue(gone.Services.Names, gone.Services.Text)},
	))
	if err != nil {
		return nil, err
	}
	return m.Bytes(), nil
}
