package discovery

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/multicast"
)

// Two public keys, of the examples in ZeroMQ RFC 32 and of libzmq's manual.
var (
	keyOne = mustKey("Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID")
	keyTwo = mustKey("rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7")
)

func mustKey(text string) curve.PublicKey {
	key, err := curve.ParsePublicKey(text)
	if err != nil {
		panic(err)
	}
	return key
}

// What is claimed goes over the wire, with the rest of the extra keys, and leaves the announcement that it is added to as it was.
func TestClaimsTravel(t *testing.T) {
	t.Parallel()
	a := viirs.clone()
	a.Extra = message.NewObject(message.Member{Key: "site", Value: "nrk"})
	before := a.Object().String()
	second := a.WithSameAs("tcp://10.0.0.7:9010", keyOne).WithServerKey(keyTwo)
	if after := a.Object().String(); after != before {
		t.Errorf("it became %s", after)
	}
	m, err := second.Message(TypeInfo, message.Encoder{})
	must(t, err)
	got, err := ParseAnnouncement(decode(t, string(m.Bytes())))
	must(t, err)
	uri, key := got.SameAs()
	if uri != "tcp://10.0.0.7:9010" || key != keyOne || got.ServerKey() != keyTwo {
		t.Errorf("same as %q with %v, server key %v", uri, key, got.ServerKey())
	}
	if site, _ := got.Extra.Get("site"); site != "nrk" {
		t.Errorf("the other extra key is %v", site)
	}
	want := `"site": "nrk", "same_as_key": "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", "same_as": "tcp://10.0.0.7:9010", ` +
		`"server_key": "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"}`
	if !strings.HasSuffix(string(m.RawData()), want) {
		t.Errorf("sent %s\nwant %s at the end", m.RawData(), want)
	}
}

// A claim that is none counts as not there, and is no reason to refuse an announcement.
func TestClaimsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, data := range []string{
		`"server_key": "short", "same_as": "tcp://h:1", "same_as_key": "short"`,
		`"server_key": 5, "same_as": [], "same_as_key": {}`,
		`"server_key": null, "same_as": "tcp://h:1"`,
		`"server_key": "0000000000000000000000000000000000000000"`,
		`"x": 1`,
	} {
		a, err := ParseAnnouncement(decode(t, head+` application/json {"URI": "tcp://h:2", "service": ["x"], `+data+`}`))
		must(t, err)
		uri, key := a.SameAs()
		if uri != "" || !key.IsZero() || !a.ServerKey().IsZero() {
			t.Errorf("%s: same as %q with %v, server key %v", data, uri, key, a.ServerKey())
		}
	}
	if k := (Announcement{}).ServerKey(); !k.IsZero() {
		t.Errorf("no extra keys at all: %v", k)
	}
}

// Claims give way to what must fit, but for the one without which subscribers would connect twice.
func TestClaimsAndDatagrams(t *testing.T) {
	t.Parallel()
	var dropped, refused bool
	for n := range 40 {
		a := viirs.clone()
		a.Services = manyAliases(n)
		first := a.WithServerKey(keyOne)
		if _, err := a.fitted(message.Encoder{}); err != nil {
			break // too long already
		}
		if _, err := first.fitted(message.Encoder{}); err != nil {
			t.Errorf("%d aliases: %v", n, err)
		}
		second, err := a.WithSameAs(a.URI, keyOne).WithServerKey(keyTwo).fitted(message.Encoder{})
		if err != nil {
			refused = true
			continue
		}
		if size, err := second.size(message.Encoder{}); err != nil || size > multicast.MaxSend {
			t.Errorf("%d aliases: %d bytes, %v", n, size, err)
		}
		if _, key := second.SameAs(); key != keyOne {
			t.Errorf("%d aliases: the key of the first socket is left out", n)
		}
		dropped = dropped || second.ServerKey().IsZero()
	}
	if !dropped || !refused {
		t.Errorf("dropped %v, refused %v: want both to happen", dropped, refused)
	}
}

// When the host moves, the first socket moves with the second.
func TestSameAsMovesWithTheHost(t *testing.T) {
	t.Parallel()
	a := viirs.clone()
	a.URI = "tcp://127.0.0.1:9011"
	moved := a.WithSameAs("tcp://127.0.0.1:9010", keyOne).onHost("10.0.0.9")
	uri, key := moved.SameAs()
	if moved.URI != "tcp://10.0.0.9:9011" || uri != "tcp://10.0.0.9:9010" || key != keyOne {
		t.Errorf("moved to %s, same as %s", moved.URI, uri)
	}
	if got := withHost("ipc:///run/x", "10.0.0.9"); got != "ipc:///run/x" {
		t.Errorf("a path became %s", got)
	}
	if got := withHost("tcp://127.0.0.1:1", netip.MustParseAddr("2001:db8::1").String()); got != "tcp://[2001:db8::1]:1" {
		t.Errorf("IPv6: %s", got)
	}
}

// A publisher that claims another key than before is told of again.
func TestFollowerTellsOfChangedClaims(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		a := startNameserver(t, n, hostA)
		_, c := follow(t, followerConfig(t, n, "x"))
		synctest.Wait()
		claiming := func(more string) string {
			return `{"URI": "tcp://h:1", "service": ["x"], "backend": "secure_zmq"` + more + `}`
		}
		for _, step := range []struct {
			claims string
			want   []string
		}{
			{"", []string{"+tcp://h:1"}},
			{`, "server_key": "` + keyOne.String() + `"`, []string{"+tcp://h:1"}},
			{`, "server_key": "` + keyOne.String() + `", "site": "nrk"`, nil},
			{`, "server_key": "` + keyTwo.String() + `"`, []string{"+tcp://h:1"}},
			{`, "server_key": "` + keyTwo.String() + `", "same_as_key": "` + keyOne.String() + `"`, []string{"+tcp://h:1"}},
			{`, "server_key": "nonsense"`, []string{"+tcp://h:1"}},
			{`, "server_key": "other nonsense"`, nil},
		} {
			a.publish(claiming(step.claims))
			c.check(t, "claims"+step.claims, step.want...)
		}
	})
}

// The reason why a nameserver gives no answer is told where there is one, with what to look at.
func TestNoAnswerForWantOfAHandshake(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		ns := startNameserver(t, n, hostA, listed("tcp://h:1", "x"))
		cfg := lookupConfig(t, n)
		cfg.Nameservers = cfg.Nameservers[:1]
		cfg.Options.ClientKey = newPair(t)
		cfg.Nameservers[0].Backend = "secure_zmq"
		cfg.Nameservers[0].ServerKeys = curve.NewPublicKeys(keyOne)
		log, logs := logged()
		cfg.Logger = log
		_, err := Lookup(t.Context(), cfg, "x")
		for _, want := range []string{"no answer within ", "handshake: one side is secure and the other plain", "; the peer may be plain"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want it to tell of %q", err, want)
			}
		}
		if err != nil && strings.Contains(err.Error(), "check that a nameserver runs there") {
			t.Errorf("got %v: it does run there", err)
		}

		announcer, err := NewAnnouncer(AnnouncerConfig{
			Announcement: viirs, Transport: cfg.Transport, Options: cfg.Options, Nameservers: cfg.Nameservers, Logger: log,
		})
		must(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		must(t, announcer.Run(ctx))
		lines := logs.FilterMessage("announcements do not get through").All()
		if len(lines) != 1 {
			t.Fatalf("logged %q", texts(logs))
		}
		if hint, _ := lines[0].ContextMap()["hint"].(string); !strings.Contains(hint, "the peer may be plain") {
			t.Errorf("logged %v", lines[0].ContextMap())
		}
		if got := ns.questions(); got != nil {
			t.Errorf("asked %q", got)
		}
	})
}

func newPair(t *testing.T) curve.KeyPair {
	t.Helper()
	cert, err := curve.Generate()
	must(t, err)
	return cert.KeyPair
}

func TestClaimsOfEqualAnnouncements(t *testing.T) {
	t.Parallel()
	a, b := Entry{Announcement: viirs.WithServerKey(keyOne)}, Entry{Announcement: viirs.clone().WithServerKey(keyOne)}
	if diff := cmp.Diff(essence(a), essence(b)); diff != "" {
		t.Errorf("(-one +other):\n%s", diff)
	}
}
