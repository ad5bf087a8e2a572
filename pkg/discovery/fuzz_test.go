package discovery

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// seeds are what both fuzzers begin with, besides the frames of Python peers.
var seeds = []string{
	head + ` application/json {"URI": "10.0.0.7:9010"}`,
	head + ` application/json {"URI": "tcp://h:1", "service": "x", "backend": "secure_zmq", "a": [1e400, NaN, {"b": "2024-05-17"}]}`,
	head + ` application/json {"URI": "tcp://[::1]:1", "service": ["20260101", "\ud800"], "supported_message_version": "", "URI": "tcp://h:2"}`,
	head + ` application/json [{"URI": "tcp://h:1", "service": ["20260101"]}, {"URI": "tcp://h:2", "service": "x", "status": false}, 7]`,
	head + ` application/json {"URI": "tcp://h:1", "service": ["x"], "backend": "secure_zmq", "same_as_key": "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", "same_as": "tcp://h:2", "server_key": 5}`,
	head + ` application/json {"URI": "tcp://h:1", "service": ["a", "b"], "hops": "09", "relay": "1f3c9a2b.1", "via": ["x.1", "20240517", 7, ["x"]]}`,
	head + ` application/json {"URI": "tcp://h:1", "service": ["a"], "hops": {"a": 1}, "relay": 5, "via": "x"}`,
	head + ` text/ascii x`,
	head,
	"",
}

// checkUsable fails on an announcement that a Python subscriber would not survive.
func checkUsable(t *testing.T, a Announcement) {
	t.Helper()
	if _, err := transport.ConnectEndpoint(a.URI); err != nil {
		t.Errorf("URI %q: %v", a.URI, err)
	}
	if _, err := a.Address(transport.Plain); err != nil {
		t.Errorf("address: %v", err)
	}
	if uri, key := a.SameAs(); key.IsZero() && uri != "" {
		t.Errorf("the same as %q, without its key", uri)
	}
	checkRelaying(t, a)
	if a.Services == nil || a.ServiceText && len(a.Services) != 1 {
		t.Errorf("services %q, text: %v", a.Services, a.ServiceText)
	}
}

// checkRelaying fails on claims of a relay that are beyond their bounds, or are others when they are told again.
func checkRelaying(t *testing.T, a Announcement) {
	t.Helper()
	r := a.Relaying()
	if len(r.ID) > maxRelayID || len(r.Via) > MaxVia || len(r.Hops) > len(a.Services) || r.ID == "" && len(r.Via)+len(r.Hops) > 0 {
		t.Errorf("relaying %+v", r)
	}
	if d := cmp.Diff(r, a.WithRelaying(r).Relaying(), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("told again (-first +again):\n%s", d)
	}
}

func FuzzAnnouncement(f *testing.F) {
	for _, s := range samples(f) {
		f.Add([]byte(s.frame))
	}
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		m, err := message.Decode(frame)
		if err != nil {
			return
		}
		a, err := ParseAnnouncement(m)
		if err != nil {
			if refused, ok := errors.AsType[*RefusedError](err); !ok || refused.Reason == "" || len(err.Error()) > 2000 {
				t.Errorf("refused with %#v", err)
			}
			return
		}
		checkUsable(t, a)
		if fits, err := a.fitted(message.Encoder{}); err == nil {
			_, before := a.SameAs()
			if _, after := fits.SameAs(); after != before {
				t.Errorf("%s\nfits as %+v, which is the same as nothing", frame, fits)
			}
		}
		if checkName(a.Name) != nil {
			return // Python peers announce under such names too
		}
		again, err := a.Message(m.Type(), message.Encoder{Version: message.V12})
		if err != nil {
			t.Fatalf("encode %+v: %v", a, err)
		}
		b, err := ParseAnnouncement(decode(t, again.String()))
		if err != nil {
			t.Fatalf("%s\nencoded as %s\nis refused: %v", frame, again, err)
		}
		if d := cmp.Diff(a, b, compareObjects, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s\nencoded as %s (-first +again):\n%s", frame, again, d)
		}
	})
}

func FuzzReply(f *testing.F) {
	for _, s := range samples(f) {
		f.Add([]byte(s.frame))
	}
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		entries, err := parseReply(t.Context(), frame, func(err error) {
			if err.Error() == "" {
				t.Error("refused without a reason")
			}
		})
		if err != nil && entries != nil {
			t.Errorf("got entries and %v", err)
		}
		for _, e := range entries {
			checkUsable(t, e.Announcement)
		}
		n, ok, err := parseNews(frame)
		if ok && err != nil {
			t.Errorf("got news and %v", err)
		}
		if ok && !n.gone {
			checkUsable(t, n.entry.Announcement)
		}
	})
}
