package pubsub

import (
	"errors"
	"fmt"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// CheckPublisher tells whether the options are good and all keys there for a publisher, as [Node.Publisher] would. It reads key files, but binds and
// announces nothing.
func (n *Node) CheckPublisher(o PublisherOptions) error {
	o = o.withDefaults(n.settings)
	if err := errors.Join(n.checkRestricted(), o.check(n.settings)); err != nil {
		return err
	}
	endpoint, err := transport.ParseEndpoint(o.Address)
	if err != nil {
		return err
	}
	_, err = n.server(o.Backend, endpoint, o.ServerSecretKeyFile)
	_, _, nextErr := n.nextServer(o, endpoint)
	if o.announced() && len(o.Nameservers) > 0 {
		_, tellErr := n.nameservers(o.Nameservers, n.settings.registerPort(), n.settings.AnnounceBackend)
		nextErr = errors.Join(nextErr, tellErr)
	}
	return errors.Join(err, nextErr)
}

// CheckSubscriber is CheckPublisher for a subscriber. Keys of publishers that are yet to be found can't be looked for.
func (n *Node) CheckSubscriber(o SubscriberOptions) error {
	if o.Backend == "" {
		o.Backend = n.settings.Backend
	}
	var errs []error
	for _, addr := range o.Addresses {
		to, err := n.peer(addr, o.Backend)
		if err == nil {
			err = n.checkClientKeys(to)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", addr.URI, err))
		}
	}
	if len(o.Services) > 0 {
		_, err := n.lookup(o.Nameservers)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
