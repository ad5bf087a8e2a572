package main

import (
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// selection says which messages a command receives.
type selection struct {
	services, topics, addresses, nameservers, types []string
}

func (s *selection) flags(f *pflag.FlagSet) {
	f.StringArrayVarP(&s.services, "service", "s", nil, "`NAME` or alias of publishers; may be repeated")
	f.StringArrayVarP(&s.topics, "topic", "t", nil, "`BEGINNING` of the subjects wanted; may be repeated (default: everything)")
	f.StringArrayVarP(&s.addresses, "address", "a", nil, "`URI` of a publisher, as tcp://host:9010; may be repeated")
	f.StringArrayVarP(&s.nameservers, "nameserver", "n", nil, "`HOST` of a nameserver; may be repeated (default localhost)")
	f.StringSliceVar(&s.types, "type", nil, "only messages of these `TYPES`, as file,dataset")
}

// check finds what is wrong usage.
func (s *selection) check() error {
	return errors.Join(checkAddresses(s.addresses), checkNameservers(s.nameservers))
}

// subscriber returns the options of a subscriber to it. Without services and addresses it is everything that a nameserver knows.
func (s *selection) subscriber() pubsub.SubscriberOptions {
	o := pubsub.SubscriberOptions{
		Addresses:   pubsub.URIs(s.addresses...),
		Services:    s.services,
		Nameservers: s.nameservers,
		Topics:      s.topics,
	}
	if len(s.services) == 0 && (len(s.addresses) == 0 || len(s.nameservers) > 0) {
		o.Services = []string{pubsub.AllServices}
	}
	if len(s.topics) == 0 {
		o.Topics = []string{message.Magic}
	}
	if len(s.types) > 0 {
		o.Filter = func(m *message.Message) bool { return slices.Contains(s.types, m.Type()) }
	}
	return o
}

// silenceHint says where to look when nothing came.
func (s *selection) silenceHint() string {
	if len(s.addresses) > 0 && len(s.nameservers) == 0 && len(s.services) == 0 {
		return "--verbose shows whether the publisher is connected; a topic is the beginning of a subject, as /viirs"
	}
	return "ptctl services shows the publishers that the nameserver knows; a topic is the beginning of a subject, as /viirs"
}

// receive opens the network and a subscriber to what is selected for do. Timeout is how long the subscriber waits for a message; 0: for ever.
func (s *session) receive(cmd *cobra.Command, wanted *selection, timeout time.Duration, do func(*pubsub.Subscriber) error) (err error) {
	node, network, err := s.open(cmd.ErrOrStderr(), false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, network.Close()) }()
	o := wanted.subscriber()
	o.Timeout = timeout
	sub, err := node.Subscriber(o)
	if err != nil {
		return keysMissing(err)
	}
	defer func() { err = errors.Join(err, sub.Close()) }()
	return do(sub)
}
