package pubsub

import (
	"fmt"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Address is where a publisher can be connected to.
type Address struct {
	// URI is a ZeroMQ endpoint, as tcp://host:9010 or ipc:///run/x.
	URI string
	// Backend says how the publisher speaks. Default: as the subscriber.
	Backend transport.Backend
	// SupportedVersion is the newest message version that its messages need, if that is known. An address that needs
	// a newer one than [message.Current] is refused.
	SupportedVersion message.Version
}

// URIs returns addresses of publishers that speak as the subscriber does.
func URIs(uris ...string) []Address {
	addrs := make([]Address, len(uris))
	for i, uri := range uris {
		addrs[i].URI = uri
	}
	return addrs
}

// peer checks a and returns what the transport connects to.
func (a Address) peer(def transport.Backend) (transport.Address, error) {
	endpoint, err := transport.ConnectEndpoint(a.URI)
	if err != nil {
		return transport.Address{}, err
	}
	if err := checkVersion(a.SupportedVersion); err != nil {
		return transport.Address{}, fmt.Errorf("%s: %w", a.URI, err)
	}
	backend := a.Backend
	if backend == "" {
		backend = def
	}
	if _, err := transport.ParseBackend(string(backend)); err != nil {
		return transport.Address{}, fmt.Errorf("%s: %w", a.URI, err)
	}
	return transport.Address{Endpoint: endpoint, Backend: backend}.Normal(), nil
}

// checkVersion refuses what is newer than what we read. Versions are compared as text.
func checkVersion(v message.Version) error {
	if v > message.Current {
		return fmt.Errorf("its message version %.40q is newer than %s", string(v), string(message.Current))
	}
	return nil
}
