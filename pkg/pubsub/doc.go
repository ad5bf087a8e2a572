// Package pubsub is what applications import: publishers that announce themselves, subscribers that find them, and listeners
// with a queue.
//
// A program makes one [Node]: it holds the transport, the settings and the logger that everything made from it
// shares. The smallest program that publishes, errors left out:
//
//	tr, err := zmq.New(zmq.Options{})
//	node, err := pubsub.New(pubsub.Options{Transport: tr})
//	pub, err := node.Publisher(pubsub.PublisherOptions{Name: "a_service"})
//	err = pub.Publish(ctx, "/counter", "info", "1")
//
// And the smallest that subscribes to it, wherever it runs and whenever it starts:
//
//	sub, err := node.Subscriber(pubsub.SubscriberOptions{Services: []string{"a_service"}})
//	for msg, err := range sub.Messages(ctx) {
//		...
//	}
//
// # Settings
//
// Nothing here reads the environment or a file. Settings of the program (ports, multicast group, keep-alive, backend, message version)
// go into [Settings], as fields or by [ParseSettings] from values under the names that Python posttroll uses; package config collects those
// from files and POSTTROLL_* variables. They count when a socket is made: [Node.With] makes a node
// with others. What a program has in a configuration file of its own for one publisher or subscriber, under the keys of Python
// posttroll, is read by [ParsePublisherOptions] and [ParseSubscriberOptions].
//
// # Encryption
//
// Keys, and who may connect to publishers, come from [Options.Security], which the program opens from the same settings:
//
//	cfg, err := pubsub.ParseSecurity(values)
//	sec, err := security.Open(cfg, security.Options{Logger: log})
//	tr, err := zmq.New(zmq.Options{Logger: log}) // it logs who is let in, and who is not and why
//	node, err := pubsub.New(pubsub.Options{Transport: tr, Settings: settings, Security: sec, Logger: log})
//
// Publishers are plain or secure as [Settings].Backend or [PublisherOptions].Backend say. A subscriber connects to each as its announcement or [Address]
// says, to plain and secure ones at once; Settings.Backend says how it asks nameservers, and counts for those that do not tell. What a secure
// publisher or subscriber lacks is transport.ErrNoKeys, with the names of the settings. A publisher that does not let us in is no error, as it may later: it
// is logged once with the reason, counted in [SubscriberStats] and told to [SubscriberOptions].Events. [Publisher.Clients] are those who
// are connected, by the names of their keys.
//
// A publisher that changes its server key serves the present and the next one for a while, on two sockets; subscribers here connect to one of them
// (doc/security.md).
//
// # Delivery
//
// Delivery is at most once, as that of ZeroMQ. What is sent before a subscriber is connected is lost for that one:
// [Publisher.WaitSubscribed] waits for as many as are needed. A subscriber that can't keep up fills its queue, then the publisher's
// queue for it, and then messages are lost for it, and only there: nothing is dropped between the subscriber's socket and the program.
// The publisher sees that and tells of it, in the log and in [Publisher.Stats] and [Publisher.Clients]; how much is lost is an estimate.
//
// A publisher can keep what it has sent for those who come later: the last message of each subject ([LastMessage]), or the last messages in their
// order, on a port of their own ([Replay]). A subscriber drops what comes twice, as from two relays side by side, when [SubscriberOptions].Duplicates is
// set, and connects anew to publishers that are silent for longer than their heartbeats promise when SilenceFactor is.
//
// A subject that has no leading slash goes out as pytroll:/subject. Topics get the magic and a slash in front, so none matches it but
// those that spell the magic out: pytroll:/subject, or pytroll:/ for everything (see [message.Topic]).
//
// # Concurrency
//
// All methods may be called concurrently, but for [Subscriber.Receive] and [Subscriber.Messages]: one goroutine at a time
// receives. Whoever makes a publisher, subscriber or listener closes it; Close waits until nothing of it runs any more. The
// transport is closed last, by who made it, and then its keys.
//
// The protocol is described in doc/protocol.md, sections 2, 3, 5 and 6.
package pubsub
