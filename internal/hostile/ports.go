package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// ports are those of the sockets of a world.
type ports struct {
	lookup, secureLookup     int
	feed, secureFeed         int
	register, secureRegister int // the first is that of datagrams too
	sink, rules, secureSink  int
	replay                   int
	http, https              int // of the relay, and of the nameserver
	publish, securePublish   int
	peer                     int
}

// Ports that are given out: below those that systems take for connections (32768 and up on Linux).
const (
	minPort = 20000
	maxPort = 32768
)

// freePorts chooses ports at which nobody is, for TCP and UDP.
func freePorts() (p ports, err error) {
	taken := make(map[int]bool)
	for _, port := range []*int{
		&p.lookup, &p.secureLookup, &p.feed, &p.secureFeed, &p.register, &p.secureRegister, &p.sink, &p.rules, &p.secureSink,
		&p.replay, &p.http, &p.https, &p.publish, &p.securePublish, &p.peer,
	} {
		if *port, err = freePort(taken); err != nil {
			return p, err
		}
	}
	return p, nil
}

func freePort(taken map[int]bool) (int, error) {
	for range 100 {
		port := minPort + rand.IntN(maxPort-minPort)
		if !taken[port] && try(port) == nil {
			taken[port] = true
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port in [%d, %d)", minPort, maxPort)
}

// try binds a port and frees it again.
func try(port int) error {
	l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		return err
	}
	u, err := net.ListenPacket("udp", fmt.Sprintf(":%d", port))
	if err != nil {
		return errors.Join(err, l.Close())
	}
	return errors.Join(l.Close(), u.Close())
}
