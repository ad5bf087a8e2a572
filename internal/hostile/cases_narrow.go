package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"syscall"
)

// narrowCases take the descriptors of a nameserver and a relay that may have few. What had connected before goes on, others get in as far as there is room, and
// all is as before when they have gone.
func narrowCases() []testCase {
	at := called("lookup", "lookup-curve", "register", "register-curve", "feed", "feed-curve", "https", "sink", "sink-last", "sink-replay", "sink-curve", "http", "control")
	var secure, plain []socket
	for _, s := range at {
		switch {
		case s.kind == kindHTTP || s.kind == kindControl:
		case s.secure:
			secure = append(secure, s)
		default:
			plain = append(plain, s)
		}
	}
	known := aspects{flow: true, multicast: true}
	var all []testCase
	for _, c := range []struct {
		name      string
		at        []socket
		hosts     int
		slow      bool
		says      string
		letIn     bool
		meanwhile aspects
	}{
		{"filled-by-one-host", at, 1, false, "", false, everything},
		{"filled-by-four-hosts", at, 4, false, "", false, known},
		{"filled-by-four-hosts-whom-newcomers-outlast", at, 4, true, "", false, everything}, // they are cut when they have said nothing for a while
		{"greeted-by-one-host", slices.Concat(plain, secure), 1, true, greeting(1, "NULL"), false, everything},
		{"greeted-by-four-hosts", slices.Concat(plain, secure), 4, true, greeting(1, "NULL"), false, known},
		{"let-in-from-one-host", plain, 1, false, greeting(1, "NULL"), true, everything},
		{"let-in-from-four-hosts", plain, 4, false, greeting(1, "NULL"), true, known},
	} {
		all = append(all, testCase{name: "narrow/" + c.name, at: c.at, narrow: true, slow: c.slow, meanwhile: &c.meanwhile, run: func(a *attack) error {
			if c.letIn {
				return a.fill(c.hosts, c.says+ready(a.at.peerKind()))
			}
			return a.fill(c.hosts, c.says)
		}})
	}
	return all
}

// fill makes twice as many connections as the program may have, from several hosts.
func (a *attack) fill(hosts int, bytes string) error {
	network, address := a.at.address(a.w)
	for i := range 2 * narrowFiles {
		dialer := net.Dialer{}
		if network == "tcp" {
			dialer.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(66+i%hosts))}
		}
		conn, err := dialer.DialContext(a, network, address)
		if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EAGAIN) || errors.Is(err, os.ErrDeadlineExceeded) {
			continue // there is no room where it would wait
		}
		if err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
		a.hold(conn)
		if err := said(conn, bytes); err != nil {
			return err
		}
	}
	return nil
}
