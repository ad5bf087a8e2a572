package main

import "fmt"

// socket is one that strangers reach.
type socket struct {
	name string
	// kind is the type of ZeroMQ socket that it is, or another protocol.
	kind   string
	secure bool
	port   func(ports) int
	owner  func(*world) *process
}

const (
	kindReply   = "REP"
	kindPublish = "PUB"
	kindUDP     = "udp"
	kindHTTP    = "http"
	kindControl = "control"
	kindSource  = "source" // no socket that listens: what connects to publishers
	kindStart   = "start"  // a program that is started with a bad file
	kindTool    = "tool"   // a program that asks a nameserver, and ends
)

// sockets are all that a world has.
var sockets = []socket{
	{"lookup", kindReply, false, func(p ports) int { return p.lookup }, theNameserver},
	{"lookup-curve", kindReply, true, func(p ports) int { return p.secureLookup }, theNameserver},
	{"register", kindReply, false, func(p ports) int { return p.register }, theNameserver},
	{"register-curve", kindReply, true, func(p ports) int { return p.secureRegister }, theNameserver},
	{"multicast", kindUDP, false, func(p ports) int { return p.register }, theNameserver},
	{"feed", kindPublish, false, func(p ports) int { return p.feed }, theNameserver},
	{"feed-curve", kindPublish, true, func(p ports) int { return p.secureFeed }, theNameserver},
	{"sink", kindPublish, false, func(p ports) int { return p.sink }, theRelay},
	{"sink-last", kindPublish, false, func(p ports) int { return p.rules }, theRelay},
	{"sink-replay", kindPublish, false, func(p ports) int { return p.replay }, theRelay},
	{"sink-curve", kindPublish, true, func(p ports) int { return p.secureSink }, theRelay},
	{"http", kindHTTP, false, func(p ports) int { return p.http }, theRelay},
	{"https", kindHTTP, true, func(p ports) int { return p.https }, theNameserver},
	{"control", kindControl, false, nil, theRelay},
	{"sources", kindSource, false, unreached, theRelay},
	{"sources-curve", kindSource, true, unreached, theRelay},
	{"nameserverd-start", kindStart, false, unreached, theNameserver},
	{"ptrelay-start", kindStart, false, unreached, theNameserver},
	{"ptctl-lookup", kindTool, false, unreached, theNameserver},
	{"ptctl-services", kindTool, false, unreached, theNameserver},
	{"ptctl-events", kindTool, false, unreached, theNameserver},
	{"ptctl-record", kindTool, false, unreached, theNameserver},
	{"ptctl-subscribe", kindTool, false, unreached, theNameserver},
	{"ptctl-publish", kindPublish, false, func(p ports) int { return p.publish }, func(w *world) *process { return w.publisher }},
	{"ptctl-publish-curve", kindPublish, true, func(p ports) int { return p.securePublish }, func(w *world) *process { return w.securePublisher }},
	{"pubsub-publish", kindPublish, false, func(p ports) int { return p.peer }, func(w *world) *process { return w.goPeer }},
}

// unreached is the port of what nobody connects to.
func unreached(ports) int { return 0 }

func theNameserver(w *world) *process { return w.nameserver }
func theRelay(w *world) *process      { return w.relay }

// pick returns the sockets for which want is true.
func pick(want func(socket) bool) (picked []socket) {
	for _, s := range sockets {
		if want(s) {
			picked = append(picked, s)
		}
	}
	return picked
}

// called returns the sockets of these names.
func called(names ...string) (picked []socket) {
	for _, name := range names {
		found := pick(func(s socket) bool { return s.name == name })
		if len(found) != 1 {
			panic("hostile: no socket " + name)
		}
		picked = append(picked, found...)
	}
	return picked
}

// The sockets that many cases are for.
var (
	listening  = pick(func(s socket) bool { return s.kind == kindReply || s.kind == kindPublish })
	plainReply = pick(func(s socket) bool { return s.kind == kindReply && !s.secure })
	replying   = pick(func(s socket) bool { return s.kind == kindReply })
	publishing = pick(func(s socket) bool { return s.kind == kindPublish })
	plain      = pick(func(s socket) bool { return (s.kind == kindReply || s.kind == kindPublish) && !s.secure })
	encrypted  = pick(func(s socket) bool { return (s.kind == kindReply || s.kind == kindPublish) && s.secure })
)

// address is where the stranger dials.
func (s socket) address(w *world) (network, address string) {
	if s.kind == kindControl {
		return "unix", w.control()
	}
	return "tcp", fmt.Sprintf("%s:%d", home, s.port(w.ports))
}

// peerKind is the type of ZeroMQ socket that talks to this one.
func (s socket) peerKind() string {
	if s.kind == kindPublish {
		return "SUB"
	}
	return "REQ"
}
