package relay_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

// load reads a file of settings as ptrelay does.
func load(path string) (relay.Config, error) {
	shared, cfg := config.DefaultSettings(), relay.DefaultConfig()
	_, err := config.Load(config.Sources{Own: path, OwnRequired: true}, &shared, &cfg)
	return cfg, err
}

// example reads one of the examples, with the texts replaced that can't be as they are in a test.
func example(t *testing.T, name string, replace ...string) relay.Config {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../examples/relay", name))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(strings.NewReplacer(replace...).Replace(string(text))), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, err := load(path)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// Every example is a file that can be used as it is.
func TestExamplesLoad(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../examples/relay/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("examples: %v, %v", files, err)
	}
	page, err := os.ReadFile("../../doc/relay.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, err := load(file); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if !strings.Contains(string(page), "(../examples/relay/"+filepath.Base(file)+")") {
			t.Errorf("doc/relay.md does not lead to %s", file)
		}
	}
}

// Problems name the file, the key, and what is wrong.
func TestLoadErrors(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "relay.toml")
	text := "[[route]]\nname = \"a\"\n[route.source]\nservices = [\"x\"]\n[route.sink]\nport = 99999\n[[route]]\nnmae = \"b\"\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := load(path)
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "route[2].nmae") {
		t.Errorf("got %v", err)
	}
}

func TestExampleGather(t *testing.T) {
	cfg := example(t, "gather.toml")
	inBubble(t, func(w world) {
		w.nameserver(2)
		cfg.Routes[0].Sink.Advertise = host(2).String()
		w.configured(2, cfg)
		sub, err := w.node(2).Subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uri(2, 9100)), Topics: []string{"/"}})
		w.must(err)
		defer w.closed(sub)
		first := w.named(1, pubsub.PublisherOptions{Name: "viirs", Advertise: host(1).String()})
		second := w.named(3, pubsub.PublisherOptions{Name: "x", Aliases: []string{"avhrr"}, Advertise: host(3).String()})
		sleep(5 * time.Second)
		w.send(first, text("/segment/SDR", "1"), text("/other", "2"))
		w.send(second, text("/segment/1B", "3"))
		w.wantArrived(sub, text("/segment/SDR", "1"), text("/segment/1B", "3"))

		byName, err := w.node(4).Subscriber(pubsub.SubscriberOptions{Services: []string{"gather"}, Nameservers: []string{host(2).String()}})
		w.must(err)
		defer w.closed(byName)
		sleep(5 * time.Second)
		w.send(first, text("/segment/SDR", "4"))
		w.wantArrived(byName, text("/segment/SDR", "4"))
	})
}

// configured runs a relay with these settings.
func (w world) configured(on int, cfg relay.Config) *running {
	w.Helper()
	r := w.idleWith(on, cfg)
	w.run(r)
	return r
}

func TestExampleReceptions(t *testing.T) {
	cfg := example(t, "receptions.toml", "reception-a.example.org", host(1).String(), "reception-b.example.org", host(2).String())
	cfg.Routes[0].Sink.Advertise = host(3).String()
	inBubble(t, func(w world) {
		a, b := w.publisher(1, 9010), w.publisher(2, 9010)
		w.configured(3, cfg)
		sub := w.subscriber(4, uri(3, 9300))
		w.send(a, file("/hrit", "a", "1"))
		w.send(b, file("/hrit", "b", "1"), file("/hrit", "b", "2"))
		w.send(a, file("/hrit", "a", "2"), file("/hrit", "a", "3"))
		w.wantArrived(sub, file("/hrit", "a", "1"), file("/hrit", "b", "2"), file("/hrit", "a", "3"))
	})
}

func TestExampleTest(t *testing.T) {
	cfg := example(t, "test.toml", "prod.example.org", host(1).String())
	cfg.Routes[0].Sink.Advertise = host(3).String()
	inBubble(t, func(w world) {
		prod := w.publisher(1, 9100)
		w.configured(3, cfg)
		sub := w.subscriberTo(4, []string{"/test/segment"}, uri(3, 9400))
		sleep(0)
		w.send(prod, file("/segment", "h", "1"), text("/segment", "deleted"), file("/other", "h", "2"))
		w.wantArrived(sub, file("/test/segment", "h", "1"))
		if got := asked(prod); !slices.Contains(got, "pytroll://segment") {
			w.Errorf("asked for in production: %q", got)
		}
	})
}

func TestExampleTrollmoves(t *testing.T) {
	cfg := example(t, "trollmoves.toml")
	cfg.Routes[0].Source = relay.SourceConfig{Addresses: []string{uri(1, 9000)}}
	cfg.Routes[0].Sink.Advertise = host(3).String()
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		w.configured(3, cfg)
		sub := w.subscriber(4, uri(3, 9500))
		const head = "pytroll://1b file "
		const middle = " 2024-05-17T09:41:12 v1.01 application/json "
		w.send(pub, head+"u@server"+middle+`{"uri": "ssh://a.inside.example.org/san1/x.h5", "uid": "x.h5", "request_address": "10.0.0.1:9094", "orbit": 1}`)
		w.wantArrived(sub, head+"u@gateway.example.org"+middle+
			`{"uri": "ssh://gateway.example.org/san1/x.h5", "uid": "x.h5", "request_address": "gateway.example.org:19094", "orbit": 1}`)
	})
}

func TestExampleOldSite(t *testing.T) {
	cfg := example(t, "old_site.toml")
	cfg.Routes[0].Source = relay.SourceConfig{Addresses: []string{uri(1, 9000)}}
	cfg.Routes[0].Sink.Advertise = host(3).String()
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		r := w.configured(3, cfg)
		sub := w.subscriber(4, uri(3, 9600))
		w.send(pub, `pytroll://a file u@h 2024-05-17T09:41:12+00:00 v1.2 application/json {"start_time": "2024-05-17T09:41:12+00:00"}`)
		w.wantArrived(sub, `pytroll://a file u@h 2024-05-17T09:41:12 v1.01 application/json {"start_time": "2024-05-17T09:41:12"}`)
		for i := range 20 {
			w.send(pub, text("/b", fmt.Sprint(i)))
		}
		if got := w.arrived(sub); len(got) != 10 || r.stats("old_site").Dropped["rate_limited"] != 10 {
			w.Errorf("%d messages came, want 10; dropped: %v", len(got), r.stats("old_site").Dropped)
		}
	})
}

// Two doors, each other's outside.
func TestExampleDoor(t *testing.T) {
	t.Parallel()
	keys := newRing(t, "door", "far")
	network := newNetwork(t)
	w := world{t, network}
	near := example(t, "door.toml",
		"/etc/posttroll/keys/door.key_secret", keys.secret("door"), "/etc/posttroll/clients", keys.dir,
		"/etc/posttroll/keys/relay.example.org.key", keys.public("far"), "relay.example.org", host(12).String(), "10.0.0.1", host(11).String())
	far := example(t, "door.toml",
		"/etc/posttroll/keys/door.key_secret", keys.secret("far"), "/etc/posttroll/clients", keys.dir,
		"/etc/posttroll/keys/relay.example.org.key", keys.public("door"), "relay.example.org", host(11).String(), "10.0.0.1", host(12).String())
	for i, cfg := range []*relay.Config{&near, &far} {
		cfg.Routes[0].Source = relay.SourceConfig{Addresses: []string{uri(1+i, 9000)}}
	}
	a, b := w.publisher(1, 9000), w.publisher(2, 9000)
	for i, cfg := range []relay.Config{near, far} {
		r := w.idleWith(11+i, cfg)
		w.must(r.Listen(t.Context()))
		t.Cleanup(func() { w.closed(r) })
		t.Cleanup(runUntilStopped(w, r.Relay))
	}
	inA, inB := w.subscriber(1, uri(11, 9201)), w.subscriber(2, uri(12, 9201))
	w.must(a.SendText(t.Context(), text("/a", "1")))
	w.must(b.SendText(t.Context(), text("/b", "2")))
	for sub, want := range map[*pubsub.Subscriber]string{inA: text("/b", "2"), inB: text("/a", "1")} {
		m, err := sub.Receive(t.Context())
		w.must(err)
		if diff := cmp.Diff(want, m.String()); diff != "" {
			t.Errorf("arrived (-want +got):\n%s", diff)
		}
		ended, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if m, err := sub.Receive(ended); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("then got %v, %v, want nothing", m, err)
		}
		cancel()
	}
}
