package pubsub_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

var (
	allServices = []string{pubsub.AllServices}
	everything  = []string{"pytroll:/"}
)

func TestParseSubscriberOptions(t *testing.T) {
	t.Parallel()
	type options = pubsub.SubscriberOptions
	tests := []struct {
		name string
		in   settings
		want options
	}{
		{"nothing", settings{}, options{Services: allServices, Topics: everything, LookupOnly: true}},
		{"everything of the reference", settings{
			"addresses": []any{"tcp://a:1"}, "nameserver": "ns", "topics": []any{"/a", "b/"}, "services": []any{"viirs", "level 1b"},
			"addr_listener": true, "timeout": 3, "translate": true, "message_filter": nil,
		}, options{
			Addresses: pubsub.URIs("tcp://a:1"), Nameservers: []string{"ns"}, Topics: []string{"/a", "b/"}, Services: []string{"viirs", "level 1b"},
			LookupTimeout: 3 * time.Second, Translate: true,
		}},
		{"everything of ours", settings{"addresses": "tcp://a:1", "nameserver": false, "backend": "secure_zmq", "max_queued": 1 << 20, "receive_timeout": 1.5},
			options{Addresses: pubsub.URIs("tcp://a:1"), Backend: transport.Secure, MaxQueued: 1 << 20, Timeout: 1500 * time.Millisecond}},
		{"duplicates and silence", settings{
			"addresses": "tcp://a:1", "nameserver": false, "duplicates": "fields", "duplicates_fields": "uid, platform.name", "duplicates_window": "90", "silence_factor": "2.5",
		}, options{
			Addresses: pubsub.URIs("tcp://a:1"), SilenceFactor: 2.5,
			Duplicates: &dedup.Config{By: dedup.ByFields, Fields: []string{"uid", "platform.name"}, Window: 90 * time.Second},
		}},
		{"no duplicates and silence", settings{"addresses": "tcp://a:1", "nameserver": false, "duplicates": false, "silence_factor": 0}, options{Addresses: pubsub.URIs("tcp://a:1")}},
		{"addresses alone", settings{"addresses": []any{"tcp://a:1"}, "nameserver": false}, options{Addresses: pubsub.URIs("tcp://a:1")}},
		{"services are not looked at then", settings{"addresses": []any{"tcp://a:1"}, "nameserver": "false", "services": "viirs", "addr_listener": true},
			options{Addresses: pubsub.URIs("tcp://a:1")}},
		{"false without addresses is localhost, as in the reference", settings{"nameserver": []any{false}}, options{Services: allServices, Topics: everything, LookupOnly: true}},
		{"nothing said", settings{"addresses": nil, "nameserver": nil, "topics": nil, "addr_listener": nil, "timeout": nil, "translate": nil},
			options{Services: allServices, Topics: everything, LookupOnly: true}},
		{"no services", settings{"services": nil, "addresses": "tcp://a:1"}, options{Addresses: pubsub.URIs("tcp://a:1"), Topics: everything}},
		{"no services, as a list", settings{"services": []any{}, "addresses": "tcp://a:1"}, options{Addresses: pubsub.URIs("tcp://a:1"), Services: []string{}, Topics: everything}},
		{"all services", settings{"services": "", "addr_listener": "yes"}, options{Services: allServices, Topics: everything}},
		{"one service with a blank", settings{"services": "level 1b"}, options{Services: []string{"level 1b"}, Topics: everything, LookupOnly: true}},
		{"services with commas between", settings{"services": "viirs,level 1b"}, options{Services: []string{"viirs", "level 1b"}, Topics: everything, LookupOnly: true}},
		{"one topic", settings{"topics": "/IMG+SAT/"}, options{Services: allServices, Topics: []string{"/IMG+SAT/"}, LookupOnly: true}},
		{"topics with blanks between", settings{"topics": "/a b"}, options{Services: allServices, Topics: []string{"/a", "b"}, LookupOnly: true}},
		{"topics with commas between", settings{"topics": "/a, /b,"}, options{Services: allServices, Topics: []string{"/a", "/b"}, LookupOnly: true}},
		{"a topic with a comma", settings{"topics": []string{"/a,b"}}, options{Services: allServices, Topics: []string{"/a,b"}, LookupOnly: true}},
		{"the empty topic", settings{"topics": ""}, options{Services: allServices, Topics: []string{""}, LookupOnly: true}},
		{"no topics", settings{"topics": []any{}}, options{Services: allServices, Topics: []string{}, LookupOnly: true}},
		{"several nameservers", settings{"nameserver": "a, tcp://b:5557"}, options{Nameservers: []string{"a", "tcp://b:5557"}, Services: allServices, Topics: everything, LookupOnly: true}},
		{"addresses with blanks between", settings{"addresses": "tcp://a:1 tcp://b:2", "nameserver": "False"}, options{Addresses: pubsub.URIs("tcp://a:1", "tcp://b:2")}},
		{"addresses with backends", settings{"nameserver": false, "addresses": []any{"tcp://a:1", settings{"URI": "tcp://b:2", "backend": "secure_zmq", "service": []any{"x"}}}},
			options{Addresses: []pubsub.Address{{URI: "tcp://a:1"}, {URI: "tcp://b:2", Backend: transport.Secure}}}},
		{"addresses as tables of TOML", settings{"nameserver": false, "addresses": []map[string]any{{"URI": "tcp://b:2"}}}, options{Addresses: pubsub.URIs("tcp://b:2")}},
		{"one address as an object", settings{"nameserver": false, "addresses": settings{"URI": "tcp://b:2", "supported_message_version": "v1.2"}},
			options{Addresses: []pubsub.Address{{URI: "tcp://b:2", SupportedVersion: "v1.2"}}}},
		{"a port is not looked at", settings{"nameserver": false, "addresses": "tcp://a:1", "port": 9000}, options{Addresses: pubsub.URIs("tcp://a:1")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := pubsub.ParseSubscriberOptions(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(options{}, "Filter", "Events")); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseMessageFilter(t *testing.T) {
	t.Parallel()
	got, err := pubsub.ParseSubscriberOptions(settings{"message_filter": func(m *message.Message) bool { return m.Type() == "file" }})
	if err != nil {
		t.Fatal(err)
	}
	m, err := message.New("/a", "file", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Filter(m) {
		t.Error("the filter drops what it should keep")
	}
}

func TestParseSubscriberOptionsRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   settings
		want []string
	}{
		{"a misspelt key", settings{"adresses": "tcp://a:1"}, []string{`unknown key "adresses": did you mean "addresses"?`}},
		{"a key of a publisher", settings{"nameservers": "a"}, []string{`unknown key "nameservers": did you mean "nameserver"?`}},
		{"addresses that are none", settings{"addresses": []any{"host:9000", "tcp://host", "tcp://*:9000", 9000, nil}}, []string{
			"addresses: element 1:", "addresses: element 2:", "addresses: element 3:", "addresses: element 4: URI: want a text, got 9000", "addresses: element 5:",
		}},
		{"an address object without URI", settings{"addresses": settings{"uri": "tcp://a:1"}}, []string{"addresses: element 1: endpoint"}},
		{"an address with an unknown backend", settings{"addresses": settings{"URI": "tcp://a:1", "backend": "tls"}}, []string{`unknown backend "tls"`}},
		{"an address with a version that is no text", settings{"addresses": settings{"URI": "tcp://a:1", "supported_message_version": 1.2}}, []string{"supported_message_version: want a text, got 1.2"}},
		{"a timeout below zero", settings{"timeout": -1}, []string{"timeout: -1s is below zero"}},
		{"a filter by name", settings{"message_filter": "only_files"}, []string{`message_filter: want a func(*message.Message) bool, got "only_files"`}},
		{"an object as topics", settings{"topics": settings{}}, []string{"topics: want a list of texts, got an object"}},
		{"neither true nor false", settings{"translate": "perhaps"}, []string{`translate: want true or false, got "perhaps"`}},
		{"duplicates by nothing that is known", settings{"duplicates": "subject"}, []string{`duplicates: by: "subject" is unknown`}},
		{"duplicates by no fields", settings{"duplicates": "fields"}, []string{"duplicates: fields: is empty"}},
		{"duplicates that are true", settings{"duplicates": true}, []string{"duplicates: want a text, got true"}},
		{"a window without duplicates", settings{"duplicates_window": 3, "duplicates_fields": "a"},
			[]string{"duplicates_window: says nothing without duplicates", "duplicates_fields: says nothing without duplicates"}},
		{"a window that is too long", settings{"duplicates": "uid", "duplicates_window": 1e6}, []string{"duplicates: window: 277h46m40s is out of range"}},
		{"a silence factor that is none", settings{"silence_factor": "never"}, []string{`silence_factor: want a number, got "never"`}},
		{"a silence factor below 1", settings{"silence_factor": 0.5}, []string{"silence_factor: silence factor of 0.5: want 1 to 1000"}},
		{"true as nameserver", settings{"nameserver": true}, []string{"nameserver: want a list of texts, got true"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := pubsub.ParseSubscriberOptions(tt.in)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got\n%v\nwant it to tell of\n%s", err, want)
				}
			}
		})
	}
}
