package main

import (
	"fmt"
	"slices"
	"strings"
)

// datagramCases come to the port of announcements over UDP.
func datagramCases() []testCase {
	at := called("multicast")
	all := oneIn(2, table("datagram", at, noMessages, func(a *attack, body string) error {
		if err := a.datagrams(body); err != nil {
			return err
		}
		return a.w.isUnknown(a, "hostile")
	})) // requests of the same go the same way
	whole := func(size int) string {
		const rest = `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"], "x": ""}`
		return announceHead + strings.Replace(rest, `""`, `"`+strings.Repeat("x", size-len(announceHead)-len(rest))+`"`, 1)
	}
	return slices.Concat(all,
		table("datagram", at, []text{{"1024-bytes", whole(1024)}, {"1025-bytes", whole(1025)}, {"16-kilobytes", whole(16 << 10)}}, func(a *attack, body string) error {
			if err := a.datagrams(body); err != nil {
				return err
			}
			if err := eventually(a, func() error { return a.w.isKnown(a, "hostile") }); err != nil {
				return err
			}
			return a.withdraw(`{"URI": "tcp://127.0.0.1:1", "service": ["hostile"]}`)
		}),
		table("datagram", at, []text{{"above-the-limit", whole(16<<10 + 1)}, {"65507-bytes", whole(65507)}, {"65507-bytes-of-nothing", strings.Repeat("\x00", 65507)}}, func(a *attack, body string) error {
			if err := a.datagrams(body); err != nil {
				return err
			}
			return a.w.isUnknown(a, "hostile")
		}),
		[]testCase{
			{name: "datagram/flood-of-junk", at: at, run: func(a *attack) error { return a.datagrams(slices.Repeat([]string{"junk"}, 50_000)...) }},
			{name: "datagram/flood-of-large-ones", at: at, run: func(a *attack) error {
				return a.datagrams(slices.Repeat([]string{strings.Repeat("x", 60_000)}, 2000)...)
			}},
			{name: "datagram/flood-of-the-same-publisher", at: at, run: func(a *attack) error {
				const data = `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"]}`
				if err := a.datagrams(slices.Repeat([]string{announceHead + data}, 20_000)...); err != nil {
					return err
				}
				return eventually(a, func() error { return a.withdraw(data) })
			}},
			{name: "datagram/ends-of-publishers-that-are-none", at: at, run: func(a *attack) error {
				var all []string
				for i := range 5000 {
					all = append(all, fmt.Sprintf(`pytroll://address/x withdraw %s{"URI": "tcp://127.0.0.1:%d", "service": ["flow"]}`, head, 1+i))
				}
				return a.datagrams(all...)
			}},
		})
}
