// Package discovery is how posttroll programs find each other: publishers
// announce themselves, nameservers are asked, and subscribers follow what changes.
//
// An [Announcer] tells of a publisher again and again, by multicast or to nameservers that it is given, and
// withdraws it when it stops. [Lookup] asks nameservers once, or until one names a publisher. A [Follower] keeps
// a subscriber informed. Programs mostly meet them behind package pubsub. The smallest use:
//
//	ns, err := discovery.NameserverAddress("localhost", discovery.DefaultNameserverPort)
//	...
//	cfg := discovery.LookupConfig{Transport: tr, Nameservers: []transport.Address{ns}}
//	entries, err := discovery.Lookup(ctx, cfg, "viirs")
//
// [ParseAnnouncement] is what a nameserver does first with everything that it receives: what it lets through, no
// deployed subscriber dies of.
//
// Several nameservers are equals. A publisher registers with each on its own, so that a dead one delays nobody; a lookup asks all at
// once and unites the answers; and a publisher counts as gone only when none of them lists it (see [Follower]).
//
// Announcements prove nothing: anybody can make them. What a secure publisher claims of its server key ([Announcement.ServerKey], [Announcement.SameAs]) is
// there to be compared with keys that were configured; how nameservers and feeds are spoken to is in their [transport.Address].
//
// Functions may be called concurrently. What has a Run method runs while that does: it starts nothing before, and nothing
// of it is left afterwards. Nothing here closes a transport or a group that it was given.
//
// The wire format is described in doc/protocol.md, sections 3 to 5.
package discovery
