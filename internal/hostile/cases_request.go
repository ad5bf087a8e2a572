package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// noMessages are frames that are no messages, or none that anybody should have to read. They are sent as requests, as announcements and by publishers.
var noMessages = []text{
	{"nothing", ""},
	{"a-byte", "\x00"},
	{"text", "hello"},
	{"http", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"the-magic-alone", "pytroll:/"},
	{"other-case-of-the-magic", "PYTROLL://oper/ns request " + head + `{"service": "x"}`},
	{"too-few-words", "pytroll://oper/ns request u@h"},
	{"blanks", "pytroll:/" + strings.Repeat(" ", 5000)},
	{"odd-blanks", "pytroll://oper/ns\u2028request\u0085u@h\u30002024-05-17\x1cv1.01\x1fx"},
	{"magic-over-and-over", strings.Repeat("pytroll:/ ", 1000)},
	{"not-utf8", strings.Repeat("\xff", 1000)},
	{"not-utf8-in-the-subject", "pytroll://address/\xff info " + head + `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"]}`},
	{"not-utf8-in-the-data", announceHead + `{"URI": "tcp://127.0.0.1:1", "service": ["hostile` + "\xf6" + `"]}`},
	{"a-cut-character", announceHead + `{"URI": "tcp://127.0.0.1:1", "service": ["hostile` + "\xe2\x82"},
	{"overlong-utf8", announceHead + `{"URI": "tcp://127.0.0.1:1", "service": ["hostile` + "\xc0\xaf" + `"]}`},
	{"a-surrogate-in-utf8", announceHead + `{"URI": "tcp://127.0.0.1:1", "service": ["hostile` + "\xed\xa0\x80" + `"]}`},
	{"nul-bytes", "pytroll://oper/ns\x00 request\x00 " + head + "\x00"},
	{"bad-time", `pytroll://address/x info u@h yesterday v1.01 application/json {"URI": "tcp://127.0.0.1:1", "service": ["hostile"]}`},
	{"time-of-month-13", `pytroll://address/x info u@h 2024-13-17T09:41:12 v1.01 application/json {"URI": "tcp://127.0.0.1:1", "service": ["hostile"]}`},
	{"time-without-end", `pytroll://address/x info u@h 2024-05-17T09:41:12.` + strings.Repeat("1", 5000) + ` v1.01 application/json {}`},
	{"newer-version", `pytroll://address/x info u@h 2024-05-17T09:41:12 v2.0 application/json {"URI": "tcp://127.0.0.1:1", "service": ["hostile"]}`},
	{"unknown-mime-type", `pytroll://address/x info u@h 2024-05-17T09:41:12 v1.01 text/html <p>`},
	{"mime-type-without-data", `pytroll://address/x info u@h 2024-05-17T09:41:12 v1.01 application/json`},
	{"blank-behind-the-version", `pytroll://address/x info u@h 2024-05-17T09:41:12 v1.01 `},
	{"no-data", `pytroll://address/x info u@h 2024-05-17T09:41:12 v1.01`},
	{"text-as-data", `pytroll://address/x info u@h 2024-05-17T09:41:12 v1.01 text/ascii URI service`},
	{"octets-as-data", `pytroll://address/x info u@h 2024-05-17T09:41:12 v1.01 binary/octet-stream {"URI": "tcp://127.0.0.1:1"}`},
	{"a-list", announceHead + `["URI", "service"]`},
	{"a-number", announceHead + `17`},
	{"null", announceHead + `null`},
	{"nan", announceHead + `NaN`},
	{"broken-json", announceHead + `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"]`},
	{"json-and-more", announceHead + `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"]}}`},
	{"deep-lists", announceHead + nested(7000)},
	{"deep-objects", announceHead + nestedObjects(2500)},
	{"deep-and-open", announceHead + strings.Repeat("[", 14000)},
	{"a-number-of-4301-digits", announceHead + `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"], "a": ` + strings.Repeat("1", 4301) + `}`},
}

// requests are messages with which a nameserver of Python ends, or sticks.
var requests = []text{
	{"no-service", requestHead + `{"Service": "x"}`},
	{"service-null", requestHead + `{"service": null}`},
	{"service-number", requestHead + `{"service": 1e400}`},
	{"service-list", requestHead + `{"service": ["flow"]}`},
	{"service-object", requestHead + `{"service": {"flow": 1}}`},
	{"service-date", requestHead + `{"service": "2024-01-01"}`},
	{"service-surrogate", requestHead + `{"service": "\ud800"}`},
	{"service-control-characters", requestHead + `{"service": "\u001b[2J\r\n\u0000"}`},
	{"service-twice", requestHead + `{"service": 1, "service": "hostile"}`},
	{"service-of-15-kilobytes", requestHead + `{"service": "` + strings.Repeat("x", 15_000) + `"}`},
	{"many-keys", requestHead + "{" + many(1000, `"k%d": 1, `) + `"service": "hostile"}`},
	{"deep-for-python", requestHead + `{"service": "hostile", "a": ` + nested(900) + `}`},
	{"v1.2-bad-time", `pytroll://oper/ns request u@h yesterday v1.2 application/json {"service": "x"}`},
	{"version-like-text", "pytroll://oper/ns request u@h 2024-05-17T09:41:12 \xff\xfe application/json {}"},
	{"as-announcement", announceHead + `{"URI": 17, "service": "hostile"}`},
	{"service-of-a-date-beyond-the-end-of-time", requestHead + `{"service": "9999-12-31T23:59:59.999999-23:59"}`},
	{"service-of-a-date-before-the-beginning", requestHead + `{"service": "0001-01-01T00:00:00+23:59"}`},
	{"service-true", requestHead + `{"service": true}`},
	{"service-nan", requestHead + `{"service": NaN}`},
	{"service-of-1000-levels", requestHead + `{"service": ` + nested(1000) + `}`},
	{"version-of-10-kilobytes", "pytroll://oper/ns request u@h 2024-05-17T09:41:12 v1.0" + strings.Repeat("1", 10_000) + ` application/json {"service": "hostile"}`},
	{"version-of-control-characters", "pytroll://oper/ns request u@h 2024-05-17T09:41:12 v1.0\x1b[2J" + ` application/json {"service": "hostile"}`},
	{"sender-not-utf8", "pytroll://oper/ns request \xff@\xfe 2024-05-17T09:41:12 v1.01 " + `application/json {"service": "hostile"}`},
	{"type-not-utf8", "pytroll://oper/ns \xff u@h 2024-05-17T09:41:12 v1.01 " + `application/json {"service": "hostile"}`},
	{"time-not-utf8", "pytroll://oper/ns request u@h \xff v1.01 " + `application/json {"service": "hostile"}`},
	{"mime-not-utf8", "pytroll://oper/ns request u@h 2024-05-17T09:41:12 v1.01 " + "\xff" + ` {"service": "hostile"}`},
	{"key-not-utf8", requestHead + "{\"service\": \"hostile\", \"\xff\": 1}"},
	{"10000-services", requestHead + `{"service": [` + strings.TrimSuffix(strings.Repeat(`"x", `, 2500), ", ") + `]}`},
	{"above-the-limit", requestHead + `{"service": "` + strings.Repeat("x", 20_000) + `"}`},
}

// requestCases are sent as a request to every socket that answers: lookups, and registrations, which are announcements. Each is answered: a lookup with a
// message of type info, a registration with "ok".
func requestCases() []testCase {
	all := table("request", replying, slices.Concat(noMessages, requests), (*attack).mustAnswer)
	return append(all,
		testCase{name: "request/a-megabyte", at: replying, run: func(a *attack) error {
			return orCut(a.mustAnswer(strings.Repeat("x", 1<<20)))
		}},
		testCase{name: "request/above-what-sockets-take", at: replying, run: func(a *attack) error {
			p, err := a.connect()
			if err != nil {
				return err
			}
			return orCut(p.send(0, strings.Repeat("x", 65<<20)))
		}},
		testCase{name: "request/all-services-a-thousand-times", at: called("lookup", "lookup-curve"), run: func(a *attack) error {
			p, err := a.connect()
			if err != nil {
				return err
			}
			for range 1000 {
				answer, err := p.request(requestHead + `{"service": ""}`)
				if err != nil {
					return err
				}
				if !strings.Contains(answer, serviceGo) {
					return fmt.Errorf("answered with %.100q", answer)
				}
			}
			return nil
		}},
		testCase{name: "request/gone-before-the-answer", at: replying, run: func(a *attack) error {
			for range 200 {
				conn, err := a.dial()
				if err != nil {
					return err
				}
				p, err := a.over(conn)
				if err != nil {
					return err
				}
				if err := p.sendMany(2, func(i int) (byte, string) { return flagMore * byte(1-i), strings.Repeat("hello", i) }); err != nil {
					return err
				}
				if err := conn.Close(); err != nil {
					return err
				}
			}
			return nil
		}},
	)
}

// orCut takes being cut off for a right answer.
func orCut(err error) error {
	if isCut(err) {
		return nil
	}
	return err
}

// mustAnswer sends a request that is no good and checks that it is answered as such.
func (a *attack) mustAnswer(body string) error {
	p, err := a.connect()
	if err != nil {
		return err
	}
	answer, err := p.request(body)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	return a.isAnswer(answer)
}

// isAnswer checks that a peer of 2022 can live with an answer, and that it is given nothing.
func (a *attack) isAnswer(answer string) error {
	if strings.HasPrefix(a.at.name, "register") {
		if answer != "ok" {
			return fmt.Errorf("registration answered with %.100q", answer)
		}
		return a.w.isUnknown(a, "hostile")
	}
	m, err := message.Decode([]byte(answer))
	if err != nil || m.Type() != "info" || len(m.RawData()) > 0 {
		return fmt.Errorf("lookup answered with %.100q", answer)
	}
	return nil
}
