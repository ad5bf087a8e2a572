package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/discovery"
)

// badAnnouncements are messages, and would end a Python nameserver or those that hear of them. None is listed.
var badAnnouncements = []text{
	{"empty-object", `{}`},
	{"no-uri", `{"service": ["hostile"]}`},
	{"oldest-form", `{"URI": "127.0.0.1:9000"}`},
	{"no-service", `{"URI": "tcp://127.0.0.1:1"}`},
	{"service-null", `{"URI": "tcp://127.0.0.1:1", "service": null}`},
	{"service-number", `{"URI": "tcp://127.0.0.1:1", "service": 17}`},
	{"service-object", `{"URI": "tcp://127.0.0.1:1", "service": {"hostile": 1}}`},
	{"service-list-of-numbers", `{"URI": "tcp://127.0.0.1:1", "service": ["hostile", 17]}`},
	{"service-list-of-lists", `{"URI": "tcp://127.0.0.1:1", "service": [["hostile"]]}`},
	{"uri-number", `{"URI": 17, "service": ["hostile"]}`},
	{"uri-null", `{"URI": null, "service": ["hostile"]}`},
	{"uri-list", `{"URI": ["tcp://127.0.0.1:1"], "service": ["hostile"]}`},
	{"uri-date", `{"URI": "2024-01-01", "service": ["hostile"]}`},
	{"uri-empty", `{"URI": "", "service": ["hostile"]}`},
	{"uri-without-scheme", `{"URI": "127.0.0.1:9000", "service": ["hostile"]}`},
	{"uri-without-port", `{"URI": "tcp://127.0.0.1", "service": ["hostile"]}`},
	{"uri-port-0", `{"URI": "tcp://127.0.0.1:0", "service": ["hostile"]}`},
	{"uri-port-negative", `{"URI": "tcp://127.0.0.1:-1", "service": ["hostile"]}`},
	{"uri-port-of-100-digits", `{"URI": "tcp://127.0.0.1:` + strings.Repeat("9", 100) + `", "service": ["hostile"]}`},
	{"uri-port-a-name", `{"URI": "tcp://127.0.0.1:http", "service": ["hostile"]}`},
	{"uri-with-a-user", `{"URI": "tcp://u:p@127.0.0.1:9000", "service": ["hostile"]}`},
	{"uri-with-a-path", `{"URI": "tcp://127.0.0.1:9000/../x", "service": ["hostile"]}`},
	{"uri-ipv6-without-brackets", `{"URI": "tcp://::1:9000", "service": ["hostile"]}`},
	{"uri-ipv6-not-closed", `{"URI": "tcp://[::1:9000", "service": ["hostile"]}`},
	{"uri-udp", `{"URI": "udp://127.0.0.1:9000", "service": ["hostile"]}`},
	{"uri-vmci", `{"URI": "vmci://1:9000", "service": ["hostile"]}`},
	{"uri-two-of-them", `{"URI": "tcp://127.0.0.1:9000,tcp://127.0.0.1:9001", "service": ["hostile"]}`},
	{"uri-label-of-64-letters", `{"URI": "tcp://` + strings.Repeat("x", 64) + `.example:9000 ", "service": ["hostile"]}`},
	{"uri-port-70000", `{"URI": "tcp://127.0.0.1:70000", "service": ["hostile"]}`},
	{"uri-of-everybody", `{"URI": "tcp://*:9000", "service": ["hostile"]}`},
	{"uri-blank", `{"URI": "tcp://h h:9000", "service": ["hostile"]}`},
	{"uri-nul", `{"URI": "tcp://h\u0000:9000", "service": ["hostile"]}`},
	{"uri-newline", `{"URI": "tcp://127.0.0.1:9000\n", "service": ["hostile"]}`},
	{"uri-with-source-address", `{"URI": "tcp://eth0;127.0.0.1:9000", "service": ["hostile"]}`},
	{"uri-http", `{"URI": "http://127.0.0.1:9000", "service": ["hostile"]}`},
	{"uri-multicast", `{"URI": "epgm://127.0.0.1;239.0.0.1:9000", "service": ["hostile"]}`},
	{"uri-inproc", `{"URI": "inproc://x", "service": ["hostile"]}`},
	{"uri-of-10-kilobytes", `{"URI": "tcp://` + strings.Repeat("x", 10_000) + `:9000", "service": ["hostile"]}`},
	{"uri-surrogate", `{"URI": "tcp://\ud800:9000", "service": ["hostile"]}`},
	{"backend-unknown", `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"], "backend": "carrier_pigeon"}`},
	{"backend-number", `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"], "backend": 1}`},
	{"version-number", `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"], "supported_message_version": 1.2}`},
	{"version-date", `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"], "supported_message_version": "2024-01-01"}`},
	{"version-null", `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"], "supported_message_version": null}`},
	{"extra-that-is-deep", `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"], "a": ` + nested(900) + `}`},
	{"keys-twice", `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"], "URI": 1}`},
}

// oddAnnouncements are listed, and nobody comes to harm.
var oddAnnouncements = []text{
	{"status-false", `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"], "status": false}`},
	{"status-and-name-of-other-kinds", `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"], "status": {}, "name": [], "receive_time": 0}`},
	{"service-many-times", `{"URI": "tcp://127.0.0.1:1", "service": [` + strings.Repeat(`"hostile", `, 60) + `"hostile"]}`},
	{"service-text", `{"URI": "tcp://127.0.0.1:1", "service": "hostile"}`},
	{"service-control-characters", `{"URI": "tcp://127.0.0.1:1", "service": ["hostile", "\u001b[2J\u0000\r\n"]}`},
	{"extra-of-other-kinds", `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"], "": null, "a": [1e400, -Infinity, {"b": "2024-01-01"}]}`},
}

// registering are the sockets that take announcements.
var registering = called("register", "register-curve", "multicast")

// announcementCases are announced in every way.
func announcementCases() []testCase {
	bad := table("announcement", registering, badAnnouncements, func(a *attack, data string) error {
		if err := a.announce(announceHead + data); err != nil {
			return err
		}
		return a.w.isUnknown(a, "hostile")
	})
	odd := table("announcement", registering, oddAnnouncements, func(a *attack, data string) error {
		if err := a.announce(announceHead + data); err != nil {
			return err
		}
		if err := eventually(a, func() error { return a.w.isKnown(a, "hostile") }); err != nil {
			return err
		}
		return a.withdraw(data)
	})
	return append(slices.Concat(bad, odd),
		testCase{name: "announcement/of-another-type", at: registering, run: func(a *attack) error {
			for _, typ := range []string{"infos", "INFO", "beat", "request", "withdraws"} {
				if err := a.announce("pytroll://address/x " + typ + " " + head + `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"]}`); err != nil {
					return err
				}
			}
			return a.w.isUnknown(a, "hostile")
		}},
		testCase{name: "announcement/end-of-somebody-else", at: registering, run: func(a *attack) error {
			for _, port := range []int{a.w.ports.publish, a.w.ports.securePublish, a.w.ports.peer} {
				if err := a.announce(fmt.Sprintf(`pytroll://address/x withdraw %s{"URI": "%s", "service": ["flow"]}`, head, at(port))); err != nil {
					return err
				}
			}
			return a.w.isKnown(a, serviceCtl)
		}},
		testCase{name: "announcement/in-the-place-of-somebody-else", at: registering, run: func(a *attack) error {
			for range 20 {
				if err := a.announce(fmt.Sprintf(`%s{"URI": "%s", "service": ["hostile"], "supported_message_version": "v9"}`, announceHead, at(a.w.ports.securePublish))); err != nil {
					return err
				}
			}
			return nil
		}},
		testCase{name: "announcement/comes-and-goes-300-times", at: called("register", "multicast"), run: func(a *attack) error {
			const data = `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"]}`
			for range 300 {
				if err := errors.Join(a.announce(announceHead+data), a.withdraw(data)); err != nil {
					return err
				}
			}
			return nil
		}},
	)
}

// announce announces something, and checks that it is answered where that is so.
func (a *attack) announce(frame string) error {
	if a.at.kind == kindUDP {
		return a.datagrams(frame)
	}
	conn, err := a.dial()
	if err != nil {
		return err
	}
	p, err := a.over(conn)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	answer, err := p.request(frame)
	if err == nil && answer != "ok" {
		err = fmt.Errorf("registration answered with %.100q", answer)
	}
	return errors.Join(err, conn.Close())
}

// withdraw takes an announcement back, and leaves time for it by asking.
func (a *attack) withdraw(data string) error {
	if err := a.announce("pytroll://address/x " + discovery.TypeWithdraw + " " + head + data); err != nil {
		return err
	}
	return eventually(a, func() error { return a.w.isUnknown(a, "hostile") })
}

// datagrams sends datagrams to the port that announcements come to. They are not to the group, but received all the same.
func (a *attack) datagrams(bodies ...string) error {
	conn, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.ParseIP(stranger)}, &net.UDPAddr{IP: net.ParseIP(home), Port: a.at.port(a.w.ports)})
	if err != nil {
		return err
	}
	for _, body := range bodies {
		if _, err := conn.Write([]byte(body)); err != nil {
			return errors.Join(err, conn.Close())
		}
	}
	return conn.Close()
}

// isUnknown checks that nobody offers a service.
func (w *world) isUnknown(ctx context.Context, service string) error {
	return errors.Join(w.finds(ctx, w.ports.lookup, false, service, nil), w.finds(ctx, w.ports.secureLookup, true, service, nil))
}

// isKnown checks that somebody does.
func (w *world) isKnown(ctx context.Context, service string) error {
	answer, err := w.ask(ctx, w.ports.secureLookup, true, requestHead+`{"service": "`+service+`"}`)
	if err == nil && !strings.Contains(answer, `"URI"`) {
		err = fmt.Errorf("lookup of %s answered with %q", service, answer)
	}
	return err
}
