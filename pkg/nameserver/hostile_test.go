package nameserver_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func nested(levels int) string {
	return strings.Repeat(`{"a": `, levels) + "1" + strings.Repeat("}", levels)
}

// hostileFrames are no messages, or none that anybody should have to read.
var hostileFrames = []struct{ name, frame string }{
	{"nothing", ""},
	{"a byte", "\x00"},
	{"text", "hello"},
	{"HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
	{"the magic alone", "pytroll:/"},
	{"magic of another case", "PYTROLL://x info u@h 2024-05-17T09:41:12 v1.01"},
	{"too few words", "pytroll://x info u@h"},
	{"blanks", "pytroll:/" + strings.Repeat(" ", 500)},
	{"not UTF-8", "pytroll://address/\xff info " + head + `{"URI": "tcp://h:1", "service": ["x"]}`},
	{"not UTF-8 in the data", "pytroll://address/x info " + head + `{"URI": "tcp://h:1", "service": ["` + "\xf6" + `"]}`},
	{"ISO 8859-1 all over", strings.Repeat("\xe5", 300)},
	{"bad time", `pytroll://address/x info u@h yesterday v1.01 application/json {"URI": "tcp://h:1", "service": ["x"]}`},
	{"newer version", `pytroll://address/x info u@h 2024-05-17T09:41:12 v2.0 application/json {"URI": "tcp://h:1", "service": ["x"]}`},
	{"unknown MIME type", `pytroll://address/x info u@h 2024-05-17T09:41:12 v1.01 text/html <p>`},
	{"MIME type without data", `pytroll://address/x info u@h 2024-05-17T09:41:12 v1.01 application/json`},
	{"a blank behind the version", `pytroll://address/x info u@h 2024-05-17T09:41:12 v1.01 `},
	{"no data", `pytroll://address/x info u@h 2024-05-17T09:41:12 v1.01`},
	{"text as data", `pytroll://address/x info u@h 2024-05-17T09:41:12 v1.01 text/ascii URI service`},
	{"octets as data", `pytroll://address/x info u@h 2024-05-17T09:41:12 v1.01 binary/octet-stream {"URI": "tcp://h:1"}`},
	{"a list as data", `pytroll://address/x info ` + head + `["URI", "service"]`},
	{"a number as data", `pytroll://address/x info ` + head + `17`},
	{"null as data", `pytroll://address/x info ` + head + `null`},
	{"broken JSON", `pytroll://address/x info ` + head + `{"URI": "tcp://h:1", "service": ["x"]`},
	{"deep JSON", `pytroll://address/x info ` + head + nested(3000)},
	{"deep JSON in a service", `pytroll://address/x info ` + head + `{"URI": "tcp://h:1", "service": ["x"], "a": ` + nested(300) + `}`},
	{"a space in the subject", `pytroll://address/my publisher info ` + head + `{"URI": "tcp://h:1", "service": ["x"]}`},
}

// hostileAnnouncements are messages, and still would end a Python nameserver or its clients.
var hostileAnnouncements = []struct{ name, data string }{
	{"empty object", `{}`},
	{"no URI", `{"service": ["x"]}`},
	{"the oldest form", `{"URI": "h:9000"}`},
	{"no service", `{"URI": "tcp://h:1"}`},
	{"service null", `{"URI": "tcp://h:1", "service": null}`},
	{"service a number", `{"URI": "tcp://h:1", "service": 17}`},
	{"service an object", `{"URI": "tcp://h:1", "service": {"x": 1}}`},
	{"service a list of numbers", `{"URI": "tcp://h:1", "service": ["x", 17]}`},
	{"service a list of lists", `{"URI": "tcp://h:1", "service": [["x"]]}`},
	{"service a date", `{"URI": "tcp://h:1", "service": "2024-01-01"}`},
	{"URI a number", `{"URI": 17, "service": ["x"]}`},
	{"URI null", `{"URI": null, "service": ["x"]}`},
	{"URI a list", `{"URI": ["tcp://h:1"], "service": ["x"]}`},
	{"URI a date", `{"URI": "2024-01-01", "service": ["x"]}`},
	{"URI empty", `{"URI": "", "service": ["x"]}`},
	{"URI without scheme", `{"URI": "h:9000", "service": ["x"]}`},
	{"URI without port", `{"URI": "tcp://h", "service": ["x"]}`},
	{"URI with port 0", `{"URI": "tcp://h:0", "service": ["x"]}`},
	{"URI with a large port", `{"URI": "tcp://h:70000", "service": ["x"]}`},
	{"URI of everybody", `{"URI": "tcp://*:9000", "service": ["x"]}`},
	{"URI with a blank", `{"URI": "tcp://h h:9000", "service": ["x"]}`},
	{"URI with a NUL", `{"URI": "tcp://h\u0000:9000", "service": ["x"]}`},
	{"URI of another kind", `{"URI": "http://h:9000", "service": ["x"]}`},
	{"unknown backend", `{"URI": "tcp://h:1", "service": ["x"], "backend": "carrier_pigeon"}`},
	{"backend no text", `{"URI": "tcp://h:1", "service": ["x"], "backend": 1}`},
	{"version no text", `{"URI": "tcp://h:1", "service": ["x"], "supported_message_version": 1.2}`},
	{"version a date", `{"URI": "tcp://h:1", "service": ["x"], "supported_message_version": "2024-01-01"}`},
}

// TestHostileAnnouncements sends everything by both ways. Nothing is listed or published, and a good publisher is found afterwards.
func TestHostileAnnouncements(t *testing.T) {
	t.Parallel()
	type hostile struct{ name, frame string }
	var all []hostile
	for _, f := range hostileFrames {
		all = append(all, hostile{f.name, f.frame})
	}
	for _, a := range hostileAnnouncements {
		all = append(all, hostile{a.name, `pytroll://address/x info ` + head + a.data})
	}
	for _, h := range all {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			inSite(t, quiet(nil), func(t *testing.T, s *site) {
				s.register(hostA, h.frame)
				s.register(hostA, h.frame)
				refused := uint64(2)
				if len(h.frame) <= 1024 {
					s.multicast(hostB, h.frame)
					refused++
				}
				stats := s.server.Stats()
				var counted uint64
				for _, n := range stats.Refused {
					counted += n
				}
				check(t, "refused", counted, refused)
				// Once for each source.
				check(t, "warnings", len(s.logs.FilterMessage("announcement refused").All()), int(refused)-1)
				s.multicast(hostA, announcement(uriA, "x"))
				check(t, "listed", s.listed("x"), []string{uriA})
				check(t, "all", s.listed(""), []string{uriA})
				check(t, "feed", s.feed.changes(t), []string{"+" + uriA})
			})
		})
	}
}

// TestHostileRequests are answered with the empty reply.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	const v101, v12 = "pytroll://oper/ns info SENDER TIME v1.01", "pytroll://oper/ns info SENDER TIME+00:00 v1.2"
	type hostile struct{ name, frame, want string }
	var all []hostile
	for _, f := range hostileFrames {
		all = append(all, hostile{f.name, f.frame, v101})
	}
	in12 := "pytroll://oper/ns request " + headV12
	all = append(all, []hostile{
		{"v1.2, no data", "pytroll://oper/ns request u@h 2024-05-17T09:41:12+00:00 v1.2", v12},
		{"v1.2, text", "pytroll://oper/ns request u@h 2024-05-17T09:41:12+00:00 v1.2 text/ascii x", v12},
		{"v1.2, empty object", in12 + `{}`, v12},
		{"v1.2, no service", in12 + `{"Service": "x"}`, v12},
		{"v1.2, service null", in12 + `{"service": null}`, v12},
		{"v1.2, service a number", in12 + `{"service": 1}`, v12},
		{"v1.2, service a list", in12 + `{"service": ["x"]}`, v12},
		{"v1.2, service an object", in12 + `{"service": {}}`, v12},
		{"v1.2, broken JSON", in12 + `{"service": "x"`, v12},
		{"v1.2, deep JSON", in12 + `{"service": "x", "a": ` + nested(3000) + `}`, v12},
		{"v1.2, deep JSON for Python", in12 + `{"service": "x", "a": ` + nested(400) + `}`, v12},
		{"v1.2, bad time", `pytroll://oper/ns request u@h yesterday v1.2 application/json {"service": "x"}`, v12},
		{"v1.2, unknown MIME type", `pytroll://oper/ns request u@h 2024-05-17T09:41:12 v1.2 text/html <p>`, v12},
		{"v1.2, a blank behind it", `pytroll://oper/ns request u@h 2024-05-17T09:41:12 v1.2 `, v12},
		{"v1.2, too long", in12 + `{"service": "` + strings.Repeat("x", 20_000) + `"}`, v12},
		{"too long", strings.Repeat("x", 20_000), v101},
		{"version that is no text at all", "pytroll://oper/ns request u@h 2024-05-17T09:41:12 \xff\xfe", v101},
	}...)
	for _, h := range all {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			inSite(t, quiet(nil), func(t *testing.T, s *site) {
				s.multicast(hostA, announcement(uriA, "x"))
				got := s.request(hostB, lookups, h.frame)
				check(t, "reply", stable(got), h.want)
				check(t, "lookups", s.server.Stats().Lookups, uint64(1))
				check(t, "warnings", len(s.logs.FilterMessage("lookup refused").All()), 1)
				check(t, "afterwards", s.listed("x"), []string{uriA})
			})
		})
	}
}

// TestLongestRequest: what is longer than anything that may be looked at is not taken in at all, so that those who send it can't fill the memory or take up the time of others.
func TestLongestRequest(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		for _, to := range []struct{ uri, want string }{
			{lookups, "pytroll://oper/ns info SENDER TIME v1.01"},
			{register, "ok"},
		} {
			check(t, to.uri, stable(s.request(hostA, to.uri, strings.Repeat("x", 32<<10))), to.want)
			if answer, err := s.ask(hostA, address(t, to.uri), strings.Repeat("x", 32<<10+1), transport.SocketOptions{}); err == nil {
				t.Errorf("%s: got %q for a byte more, want no answer", to.uri, answer)
			}
		}
		s.multicast(hostA, announcement(uriA, "x"))
		check(t, "afterwards", s.listed("x"), []string{uriA})
	})
}

// TestMultipart is answered too: the protocol knows one frame alone.
func TestMultipart(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		for _, to := range []struct{ uri, want string }{
			{lookups, "pytroll://oper/ns info SENDER TIME v1.01"},
			{register, "ok"},
		} {
			frames := [][]byte{[]byte(announcement(uriA, "x")), []byte("more")}
			answer, err := s.peers[hostA].transport.RequestParts(t.Context(), address(t, to.uri), frames)
			if err != nil {
				t.Fatal(err)
			}
			check(t, to.uri, stable(string(answer)), to.want)
		}
		check(t, "listed", s.listed(""), []string{})
	})
}

// TestManyHostileSources shows that the log and the memory behind it are bounded.
func TestManyHostileSources(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		for i := range 50 {
			s.register(hostA, fmt.Sprint("garbage ", i))
		}
		check(t, "warnings", len(s.logs.FilterMessage("announcement refused").All()), 1)
		time.Sleep(time.Hour)
		s.register(hostA, "garbage")
		logged := s.logs.FilterMessage("announcement refused").All()
		check(t, "warnings an hour later", len(logged), 2)
		check(t, "count", logged[1].ContextMap()["count"], any(uint64(49)))
	})
}

func TestRestrictToLocalhost(t *testing.T) {
	t.Parallel()
	cfg := quiet(func(c *nameserver.Config) { c.RestrictToLocalhost, c.FeedAnnounceInterval = true, 2*time.Second })
	inSite(t, cfg, func(t *testing.T, s *site) {
		s.multicast(hostA, announcement(uriA, "x"))
		s.multicast(serverHost, announcement("tcp://10.0.0.1:9000", "x"))
		for _, host := range []string{"127.0.0.1", "[::1]"} {
			reply := s.request(serverHost, "tcp://"+host+":5557", `pytroll://oper/ns request `+head+`{"service": "x"}`)
			if strings.Contains(reply, uriA) || !strings.Contains(reply, "tcp://10.0.0.1:9000") {
				t.Errorf("asked at %s: got %s", host, reply)
			}
			check(t, "registered at "+host, s.request(serverHost, "tcp://"+host+":21200", announcement("tcp://10.0.0.1:9001", "y")), "ok")
		}
		reply := s.request(serverHost, "tcp://127.0.0.1:5557", `pytroll://oper/ns request `+head+`{"service": "address_receiver"}`)
		if !strings.Contains(reply, `"tcp://127.0.0.1:16543"`) {
			t.Errorf("the feed is listed as %s", reply)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := s.peers[hostA].transport.Request(ctx, address(t, lookups), nil, transport.SocketOptions{}); err == nil {
			t.Error("another host was answered")
		}
		check(t, "refused", s.server.Stats().Refused, map[string]uint64{"foreign_host": 1})
		for {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			body, _, err := s.peers[hostB].group.Receive(ctx)
			cancel()
			if err != nil {
				break
			}
			if strings.Contains(string(body), "address_receiver") {
				t.Errorf("announced to the network: %s", body)
			}
		}
	})
}
