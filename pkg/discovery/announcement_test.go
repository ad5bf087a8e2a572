package discovery

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func TestAnnouncementMessage(t *testing.T) {
	t.Parallel()
	full := Announcement{
		Name: "viirs", URI: "tcp://10.0.0.7:9010", Services: []string{"viirs", "VIIRS L1"},
		SupportedVersion: message.V12, Backend: transport.Plain,
	}
	extra := full
	extra.Extra = message.NewObject(message.Member{Key: "site", Value: "nrk"}, message.Member{Key: "URI", Value: "not this one"})
	tests := []struct {
		name string
		in   Announcement
		typ  string
		enc  message.Encoder
		want string // head less sender and time, and data
	}{
		{"as the reference", full, TypeInfo, message.Encoder{},
			`pytroll://address/viirs info v1.01 application/json {"URI": "tcp://10.0.0.7:9010", "service": ["viirs", "VIIRS L1"], ` +
				`"supported_message_version": "v1.2", "backend": "unsecure_zmq"}`},
		{"version from the settings", full, TypeInfo, message.Encoder{Version: message.V12},
			`pytroll://address/viirs info v1.2 application/json {"URI": "tcp://10.0.0.7:9010", "service": ["viirs", "VIIRS L1"], ` +
				`"supported_message_version": "v1.2", "backend": "unsecure_zmq"}`},
		{"extra keys last, and not over ours", extra, TypeInfo, message.Encoder{},
			`pytroll://address/viirs info v1.01 application/json {"URI": "tcp://10.0.0.7:9010", "service": ["viirs", "VIIRS L1"], ` +
				`"supported_message_version": "v1.2", "backend": "unsecure_zmq", "site": "nrk"}`},
		{"the old form", Announcement{Name: "x", URI: "tcp://h:1"}, TypeWithdraw, message.Encoder{},
			`pytroll://address/x withdraw v1.01 application/json {"URI": "tcp://h:1", "service": []}`},
		{"service as a text", Announcement{Name: "x", URI: "tcp://h:1", Services: []string{"a b"}, ServiceText: true}, TypeInfo, message.Encoder{},
			`pytroll://address/x info v1.01 application/json {"URI": "tcp://h:1", "service": "a b"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, err := tt.in.Message(tt.typ, tt.enc)
			must(t, err)
			f := strings.SplitN(m.String(), " ", 7)
			got := strings.Join([]string{f[0], f[1], f[4], f[5], f[6]}, " ")
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("message (-want +got):\n%s", d)
			}
		})
	}
}

func TestNamesThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"":         "is empty",
		"a b":      `contains ' '`,
		"a\u00a0b": `contains '\u00a0'`,
		"a\x1cb":   `contains '\x1c'`,
		"a\nb":     `contains '\n'`,
		"a\xff":    "is not UTF-8",
	} {
		_, err := Announcement{Name: name, URI: "tcp://h:1"}.Message(TypeInfo, message.Encoder{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("name %q: got %v, want an error with %s", name, err, want)
		}
	}
	for _, name := range []string{"viirs", "norrköping", "a.b-c_d:e", "VIIRS(1)", "segment/SDR"} {
		if _, err := (Announcement{Name: name, URI: "tcp://h:1"}).Message(TypeInfo, message.Encoder{}); err != nil {
			t.Errorf("name %q: %v", name, err)
		}
	}
}

func TestOffers(t *testing.T) {
	t.Parallel()
	list := Announcement{Services: []string{"viirs", "sdr"}}
	text := Announcement{Services: []string{"viirs-sdr"}, ServiceText: true}
	tests := []struct {
		a       Announcement
		service string
		want    bool
	}{
		{list, "", true}, {list, "sdr", true}, {list, "sd", false}, {list, "viirs-sdr", false},
		{text, "", true}, {text, "sdr", true}, {text, "sd", true}, {text, "x", false},
		{Announcement{}, "", true}, {Announcement{}, "x", false},
	}
	for _, tt := range tests {
		if got := tt.a.Offers(tt.service); got != tt.want {
			t.Errorf("%q (text: %v) offers %q: got %v", tt.a.Services, tt.a.ServiceText, tt.service, got)
		}
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	tests := []struct {
		uri      string
		own, def transport.Backend
		want     transport.Backend
		bad      bool
	}{
		{"tcp://h:1", "", "", transport.Plain, false},
		{"tcp://h:1", "", transport.Secure, transport.Secure, false},
		{"tcp://h:1", transport.Plain, transport.Secure, transport.Plain, false},
		{"h:1", "", "", "", true},
	}
	for _, tt := range tests {
		got, err := Announcement{URI: tt.uri, Backend: tt.own}.Address(tt.def)
		if (err != nil) != tt.bad || got.Backend != tt.want || !tt.bad && got.Endpoint.String() != tt.uri {
			t.Errorf("%+v: got %v, %v", tt, got, err)
		}
	}
}
