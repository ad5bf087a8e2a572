package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
)

// asking are the tools that ask nameservers, each in a process of its own for a case. The figures are those of the world's nameserver, which has no part in it.
var asking = pick(func(s socket) bool { return s.kind == kindTool })

// following are those that follow a change feed.
var following = called("ptctl-events", "ptctl-record", "ptctl-subscribe")

const replyHead = "pytroll://oper/ns info " + head

// badReplies are answers to a lookup in which there is no publisher.
var badReplies = []text{
	{"empty", ""},
	{"no-message", "ok"},
	{"not-utf8", replyHead + "[\"\xff\"]"},
	{"nul", "\x00"},
	{"five-elements", "pytroll://oper/ns info u@h 2024-05-17T09:41:12 v1.01"},
	{"of-another-subject", "pytroll://x file " + head + "[]"},
	{"error", "pytroll://oper/ns err " + head + `"no"`},
	{"text", replyHead + `"hello"`},
	{"object", replyHead + `{"URI": "tcp://127.0.0.1:1"}`},
	{"number", replyHead + "17"},
	{"list-of-numbers", replyHead + "[1, 2, 3]"},
	{"list-of-nothing", replyHead + "[null, null]"},
	{"list-of-lists", replyHead + "[[], [[]]]"},
	{"list-of-texts", replyHead + `["tcp://127.0.0.1:1"]`},
	{"list-of-empty-objects", replyHead + "[" + strings.Repeat("{}, ", 1000) + "{}]"},
	{"deep", replyHead + nested(100_000)},
	{"deep-objects", replyHead + "[" + nestedObjects(50_000) + "]"},
	{"cut-off", replyHead + `[{"URI": "tcp://127.0`},
	{"version-of-the-future", "pytroll://oper/ns info u@h 2024-05-17T09:41:12 v9.9 application/json []"},
}

// nameserverCases are nameservers that mean no good.
func nameserverCases() []testCase {
	handshakes := table("nameserver", asking, rogueBytes, func(a *attack, bytes string) error {
		_, err := a.askRogue(func(conn net.Conn) error { _, err := io.WriteString(conn, bytes); return err }, nil)
		return err
	})
	handshakes = oneIn(6, handshakes) // each is a wait, and the library is the one that server/* is done to
	findsNothing := func(a *attack, reply string) error {
		r, err := a.askRogue(a.replies(0, reply), nil)
		if err == nil && strings.Contains(r.output, "tcp://") {
			err = fmt.Errorf("found %q", r.output)
		}
		return err
	}
	replies := append(table("reply", asking, badReplies, findsNothing),
		large("reply/30-megabytes", asking, func() string { return replyHead + `["` + strings.Repeat("x", 30<<20) + `"]` }, findsNothing))
	var entries []text
	for _, bad := range badAnnouncements {
		entries = append(entries, text{"entry-" + bad.name, replyHead + "[" + bad.bytes + `, {"URI": "tcp://127.0.0.66:9", "service": ["flow"]}]`})
	}
	bad := table("reply", called("ptctl-lookup", "ptctl-services"), entries, func(a *attack, reply string) error {
		r, err := a.askRogue(a.replies(0, reply), nil)
		if err == nil && !strings.Contains(r.output, "127.0.0.66:9") {
			err = fmt.Errorf("the good entry beside it was not found: %q, and %.300q", r.output, r.errors)
		}
		return err
	})
	return slices.Concat(handshakes, oneIn(3, replies), oneIn(4, bad), oneIn(2, replyStreams()), oneIn(2, feedCases())) // each is the run of a program
}

// askRogue runs the tool against a nameserver of which lookups get this treatment, and followers of its change feed that one; nil: there is none.
func (a *attack) askRogue(lookup, feed func(net.Conn) error) (toolResult, error) {
	port := func(treat func(net.Conn) error) (int, error) {
		if treat == nil {
			return 1, nil // at which nobody is
		}
		r, err := a.serve(treat)
		if err != nil {
			return 0, err
		}
		return r.port(), nil
	}
	lookupPort, err1 := port(lookup)
	feedPort, err2 := port(feed)
	if err := errors.Join(err1, err2); err != nil {
		return toolResult{}, err
	}
	r, err := a.runTool(fmt.Sprint("POSTTROLL_NAMESERVER_PORT=", lookupPort), fmt.Sprint("POSTTROLL_ADDRESS_PUBLISH_PORT=", feedPort))
	return r, errors.Join(err, a.release())
}

// replies answers each request with these frames behind the delimiter, of which flags are those of the last.
func (a *attack) replies(flags byte, frames ...string) func(net.Conn) error {
	return func(conn net.Conn) error {
		p, err := a.letIn(conn, "ROUTER")
		if err != nil {
			return err
		}
		for {
			if _, err := p.reply(); err != nil {
				return err
			}
			if err := p.send(flagMore, ""); err != nil {
				return err
			}
			for i, body := range frames {
				more := byte(flagMore)
				if i == len(frames)-1 {
					more = flags
				}
				if err := p.send(more, body); err != nil {
					return err
				}
			}
		}
	}
}

// replyStreams are replies of other than two frames, many, or none.
func replyStreams() []testCase {
	replies := func(name string, at []socket, treat func(a *attack) func(net.Conn) error) testCase {
		return testCase{name: "reply/" + name, at: at, run: func(a *attack) error {
			_, err := a.askRogue(treat(a), nil)
			return err
		}}
	}
	stream := func(name string, times int, one func(i int) (byte, string)) testCase {
		return replies(name, asking, func(a *attack) func(net.Conn) error {
			return func(conn net.Conn) error {
				p, err := a.letIn(conn, "ROUTER")
				if err != nil {
					return err
				}
				if _, err := p.reply(); err != nil {
					return err
				}
				return p.sendMany(times, one)
			}
		})
	}
	const nothing = replyHead + "[]"
	return []testCase{
		replies("never", asking, func(a *attack) func(net.Conn) error {
			return func(conn net.Conn) error { _, err := a.letIn(conn, "ROUTER"); return err }
		}),
		replies("of-a-publisher", asking, func(a *attack) func(net.Conn) error {
			return func(conn net.Conn) error { _, err := a.letIn(conn, "PUB"); return err }
		}),
		replies("not-ended", asking, func(a *attack) func(net.Conn) error { return a.replies(flagMore, nothing) }),
		replies("of-three-frames", asking, func(a *attack) func(net.Conn) error { return a.replies(0, nothing, nothing, "") }),
		stream("without-delimiter", 1, func(int) (byte, string) { return 0, nothing }),
		stream("delimiter-alone", 1, func(int) (byte, string) { return 0, "" }),
		stream("twice", 4, func(i int) (byte, string) { return flagMore * byte(1-i%2), strings.Repeat(nothing, i%2) }),
		stream("endless-small-frames", 200_000, func(int) (byte, string) { return flagMore, "x" }),
		stream("endless-large-frames", 200, func(int) (byte, string) { return flagMore, strings.Repeat("x", 1<<20) }),
		stream("100000-times", 200_000, func(i int) (byte, string) { return flagMore * byte(1-i%2), strings.Repeat(nothing, i%2) }),
		stream("pings-in-a-flood", 50_000, func(int) (byte, string) { return flagCommand, "\x04PING\x00\x00hello" }),
		{name: "reply/gone-before-the-answer", at: asking, run: func(a *attack) error {
			_, err := a.askRogue(func(conn net.Conn) error {
				p, err := a.letIn(conn, "ROUTER")
				if err != nil {
					return err
				}
				_, err = p.reply()
				return errors.Join(orCut(err), reset(conn))
			}, nil)
			return err
		}},
		{name: "reply/30000-entries", at: called("ptctl-services", "ptctl-lookup"), run: func(a *attack) error {
			reply := replyHead + "[" + strings.TrimSuffix(manyEntries(30_000), ", ") + "]"
			r, err := a.askRogue(a.replies(0, reply), nil)
			if n := strings.Count(r.output, "tcp://"); err == nil && n != 30_000 {
				err = fmt.Errorf("showed %d of 30000; said %.300q", n, r.errors)
			}
			return err
		}},
		{name: "reply/5000-publishers-that-are-not-there", at: called("ptctl-subscribe", "ptctl-record"), run: func(a *attack) error {
			_, err := a.askRogue(a.replies(0, replyHead+"["+strings.TrimSuffix(manyEntries(5000), ", ")+"]"), nil)
			return err
		}},
	}
}

// manyEntries are so many publishers of the service that all want, with a comma behind each. They are at an address at which nobody is.
func manyEntries(n int) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, `{"URI": "tcp://127.1.%d.%d:%d", "service": ["flow", "x-%d"], "status": true}, `, i>>8&0xff, i&0xff, 9+i>>16, i)
	}
	return all.String()
}

// feedCases are change feeds that mean no good, of a nameserver that knows nobody.
func feedCases() []testCase {
	feed := func(name string, times int, one func(i int) (byte, string)) testCase {
		return testCase{name: "feed/" + name, at: following, run: func(a *attack) error {
			_, err := a.askRogue(a.replies(0, replyHead+"[]"), func(conn net.Conn) error {
				p, err := a.letIn(conn, "PUB")
				if err != nil {
					return err
				}
				return p.sendMany(times, one)
			})
			return err
		}}
	}
	same := func(body string) func(int) (byte, string) { return func(int) (byte, string) { return 0, body } }
	change := func(i int, status bool) string {
		return fmt.Sprintf(`%s{"URI": "tcp://127.1.%d.%d:%d", "service": ["flow"], "status": %t}`, announceHead, i>>8&0xff, i&0xff, 9+i>>16, status)
	}
	all := []testCase{
		feed("junk", 50_000, same("junk")),
		feed("not-utf8", 10_000, same("pytroll://address/x info "+head+"\"\xff\"")),
		feed("deep", 10, same(announceHead+nested(100_000))),
		feed("10-megabytes", 3, func(int) (byte, string) { return 0, announceHead + `{"URI": "` + strings.Repeat("x", 10<<20) + `"}` }),
		feed("same-publisher-50000-times", 50_000, same(change(1, true))),
		feed("same-end-50000-times", 50_000, same(change(1, false))),
		feed("comes-and-goes-20000-times", 20_000, func(i int) (byte, string) { return 0, change(1, i%2 == 0) }),
		feed("20000-publishers", 20_000, func(i int) (byte, string) { return 0, change(i, true) }),
		feed("100000-ends", 100_000, func(i int) (byte, string) { return 0, change(i, false) }),
		feed("status-of-other-kinds", 4, func(i int) (byte, string) {
			return 0, announceHead + `{"URI": "tcp://127.1.0.1:9", "service": ["flow"], "status": ` + []string{"null", `"true"`, "[]", "1e400"}[i] + "}"
		}),
		feed("endless-frames", 100_000, func(int) (byte, string) { return flagMore, "x" }),
		feed("other-messages", 50_000, same("pytroll://x file "+head+"{}")),
	}
	return append(all, testCase{name: "feed/bad-entries-and-a-good-one", at: called("ptctl-events"), run: func(a *attack) error {
		r, err := a.askRogue(a.replies(0, replyHead+"[]"), func(conn net.Conn) error {
			p, err := a.letIn(conn, "PUB")
			if err != nil {
				return err
			}
			for _, bad := range badAnnouncements {
				if bad.name == "extra-that-is-deep" {
					continue // who follows does not pass it on, so it does no harm
				}
				if err := p.send(0, announceHead+strings.TrimSuffix(bad.bytes, "}")+`, "status": true}`); err != nil {
					return err
				}
			}
			return p.send(0, announceHead+`{"URI": "tcp://127.0.0.66:9", "service": ["flow"], "status": true}`)
		})
		if n := strings.Count(r.output, "tcp://"); err == nil && (n != 1 || !strings.Contains(r.output, "tcp://127.0.0.66:9")) {
			err = fmt.Errorf("told of %q, want the good one; said %.300q", r.output, r.errors)
		}
		return err
	}})
}
