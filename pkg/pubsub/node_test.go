package pubsub_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func TestNodeIsChecked(t *testing.T) {
	t.Parallel()
	if _, err := pubsub.New(pubsub.Options{}); err == nil {
		t.Error("without a transport: no error")
	}
	w := newWorld(t)
	bad := pubsub.Settings{Backend: "tls", MessageVersion: "v7", NameserverPort: -1, MinPort: 10, MaxPort: 5, MulticastTTL: 300}
	_, err := pubsub.New(pubsub.Options{Transport: w.network.Transport(hostA), Settings: bad})
	for _, want := range []string{"backend:", "message_version:", "nameserver_port:", "pub_min_port", "mc_ttl:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to tell of %s", err, want)
		}
	}
	node, _ := w.node(hostA, pubsub.Settings{})
	if _, err := node.With(bad); err == nil {
		t.Error("other settings, bad ones: no error")
	}
}

func TestNodeSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	node, _ := w.node(hostA, pubsub.Settings{})
	got := node.Settings()
	if got.NameserverPort != 5557 || got.MulticastGroup != "225.0.0.212" || got.Backend != transport.Plain || got.MaxPort != 65536 {
		t.Errorf("settings without their defaults: %+v", got)
	}
	got.MinPort, got.MaxPort = 4000, 4001
	other, err := node.With(got)
	w.must(err)
	plain := pubsub.PublisherOptions{Announce: pubsub.AnnounceNone}
	if got := w.publisherOn(other, plain).Port(); got != 4000 {
		t.Errorf("port %d, want 4000", got)
	}
	if got := w.publisherOn(node, plain).Port(); got < 49152 {
		t.Errorf("port %d of the first node, want one above 49151", got)
	}
}

func TestLookup(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		node, _ := w.node(hostA, pubsub.Settings{})
		begin := time.Now()
		if _, err := node.Lookup(t.Context(), "viirs", hostN.String()); !errors.Is(err, discovery.ErrNoNameserver) {
			t.Errorf("without a nameserver: got %v, want ErrNoNameserver", err)
		}
		if waited := time.Since(begin); waited != 10*time.Second {
			t.Errorf("waited %v, want 10s", waited)
		}
		ns := w.startNameserver()
		ns.add(uriA, "viirs")
		entries, err := node.Lookup(t.Context(), "viirs", hostN.String())
		if err != nil || len(entries) != 1 || entries[0].URI != uriA {
			t.Errorf("got %v, %v; want %s", entries, err, uriA)
		}
		if _, err := node.Lookup(t.Context(), "viirs", "a b"); err == nil {
			t.Error("a nameserver with a blank: no error")
		}
	})
}

// Ports of nameservers come from the settings.
func TestNameserverPorts(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		ns := w.startNameserver()
		ns.add(uriA, "viirs")
		node, _ := w.node(hostB, pubsub.Settings{NameserverPort: 1234})
		o := services("viirs")
		for _, tt := range []struct{ nameserver, want string }{
			{hostN.String(), ""},
			{hostN.String() + ":5557", uriA},
			{"tcp://" + hostN.String() + ":5557", uriA},
		} {
			o.Nameservers = []string{tt.nameserver}
			sub, err := node.Subscriber(o)
			w.must(err)
			sleep(time.Minute)
			if got := uris(sub); got != tt.want {
				t.Errorf("%s: connected to %q, want %q", tt.nameserver, got, tt.want)
			}
			w.close(sub)
		}
	})
}
