package pubsub_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/multicast"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// ear hears announcements: those by multicast as "group …", those of a REQ as "nameserver …".
type ear struct {
	w     world
	heard chan string
}

// listenForAnnouncements hears the group on hostN, and registrations on the nameserver there.
func (w world) listenForAnnouncements(ctx context.Context) *ear {
	w.Helper()
	e := &ear{w, make(chan string, 1000)}
	group := w.network.Group(hostN)
	go func() {
		for {
			datagram, _, err := group.Receive(ctx)
			if err != nil {
				return
			}
			e.hear("group", datagram)
		}
	}()
	endpoint, err := transport.ParseEndpoint("tcp://*:21200")
	w.must(err)
	replier, err := w.network.Transport(hostN).Replier(transport.ReplierConfig{Endpoint: endpoint})
	w.must(err)
	go func() {
		for {
			requests, err := replier.Receive(ctx)
			if err != nil {
				return
			}
			for _, r := range requests {
				e.hear("nameserver", r.Body)
				w.must(replier.Reply(r, []byte("ok")))
			}
		}
	}()
	return e
}

func (e *ear) hear(way string, frame []byte) {
	m, err := message.Decode(frame)
	if err != nil {
		e.w.Errorf("%s: %v", way, err)
		return
	}
	e.heard <- fmt.Sprintf("%s %s %s %s %s", way, m.Subject(), m.Type(), m.Version(), m.RawData())
}

// drain returns what was heard so far.
func (e *ear) drain() []string {
	synctest.Wait()
	var all []string
	for len(e.heard) > 0 {
		all = append(all, <-e.heard)
	}
	return all
}

func TestAnnouncement(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		ear := w.listenForAnnouncements(t.Context())
		node, _ := w.node(hostA, pubsub.Settings{})
		pub := w.publisherOn(node, pubsub.PublisherOptions{
			Name: "viirs", Port: 9000, Aliases: []string{"sdr", "level 1b", "viirs", ""}, Advertise: "10.0.0.1",
		})
		const data = ` v1.01 {"URI": "tcp://10.0.0.1:9000", "service": ["viirs", "sdr", "level 1b"], "supported_message_version": "v1.2", "backend": "unsecure_zmq"}`
		if diff := cmp.Diff([]string{"group /address/viirs info" + data}, ear.drain()); diff != "" {
			t.Errorf("announced at once (-want +got):\n%s", diff)
		}
		if got := pub.URI(); got != uriA {
			t.Errorf("URI %s, want %s", got, uriA)
		}
		sleep(20 * time.Second)
		if n := len(ear.drain()); n < 10 || n > 11 {
			t.Errorf("announced %d times in 20 s, want 10 or, with jitter, 11", n)
		}
		w.must(pub.Close())
		got := ear.drain()
		if len(got) == 0 || !strings.HasPrefix(got[0], `group /address/viirs withdraw v1.01 {"URI": "tcp://10.0.0.1:9000"`) {
			t.Errorf("withdrawn by %q", got)
		}
		sleep(time.Minute)
		if more := ear.drain(); len(more) > 0 {
			t.Errorf("after closing came %q", more)
		}
	})
}

func TestWhoIsTold(t *testing.T) {
	t.Parallel()
	nameserver := []string{hostN.String()}
	tests := []struct {
		name string
		opts pubsub.PublisherOptions
		want string
	}{
		{"the group by default", pubsub.PublisherOptions{}, "group"},
		{"nameservers instead", pubsub.PublisherOptions{Nameservers: nameserver}, "nameserver"},
		{"both when asked", pubsub.PublisherOptions{Nameservers: nameserver, Announce: pubsub.AnnounceBoth}, "group nameserver"},
		{"nobody when asked", pubsub.PublisherOptions{Announce: pubsub.AnnounceNone}, ""},
		{"nobody without an interval", pubsub.PublisherOptions{BroadcastInterval: -1}, ""},
		{"the living when another is dead", pubsub.PublisherOptions{Nameservers: []string{"10.0.0.77", hostN.String()}}, "nameserver"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				w := newWorld(t)
				ear := w.listenForAnnouncements(t.Context())
				node, _ := w.node(hostA, pubsub.Settings{})
				tt.opts.Name = "viirs"
				tt.opts.Advertise = "10.0.0.1"
				w.publisherOn(node, tt.opts)
				sleep(time.Second)
				heard := strings.Join(ear.drain(), "\n")
				var ways []string
				for _, told := range []string{"group", "nameserver"} {
					if strings.Contains(heard, told+" /address/viirs info") {
						ways = append(ways, told)
					}
				}
				if got := strings.Join(ways, " "); got != tt.want {
					t.Errorf("told: %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// Without a group of the node's own, announcements go by multicast as the settings say.
func TestAnnouncesByMulticast(t *testing.T) {
	t.Parallel()
	loopback := netip.MustParseAddr("127.0.0.1")
	settings := pubsub.Settings{MulticastGroup: "239.21.12.1", BroadcastPort: testbed.FreeUDPPort(t), MulticastInterface: loopback}
	ear, err := multicast.Listen(multicast.Config{Group: settings.MulticastGroup, Port: settings.BroadcastPort, Interface: loopback})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.Cleanup(func() { w.close(ear) })
	node, err := pubsub.New(pubsub.Options{Transport: w.network.Transport(hostA), Settings: settings})
	w.must(err)
	pub := w.publisherOn(node, pubsub.PublisherOptions{Name: "viirs", Port: 9000, Advertise: "10.0.0.1"})
	ctx, cancel := context.WithTimeout(t.Context(), testbed.Patience)
	defer cancel()
	for _, want := range []string{"info", "withdraw"} {
		datagram, _, err := ear.Receive(ctx)
		w.must(err)
		m, err := message.Decode(datagram)
		w.must(err)
		if m.Subject() != "/address/viirs" || m.Type() != want {
			t.Errorf("heard %s, want the %s of viirs", m, want)
		}
		w.must(pub.Close())
	}
}

func TestAdvertisedAddress(t *testing.T) {
	t.Parallel()
	own, err := discovery.OwnAddress("")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		opts pubsub.PublisherOptions
		want string
	}{
		{"this host's by default", pubsub.PublisherOptions{Port: 9000}, "tcp://" + own + ":9000"},
		{"that of the address", pubsub.PublisherOptions{Address: "tcp://10.0.0.1:9000"}, "tcp://10.0.0.1:9000"},
		{"not a wildcard", pubsub.PublisherOptions{Address: "tcp://0.0.0.0:9000"}, "tcp://" + own + ":9000"},
		{"that of an interface", pubsub.PublisherOptions{Port: 9000, Advertise: "lo"}, "tcp://127.0.0.1:9000"},
		{"a host behind a gateway", pubsub.PublisherOptions{Port: 9000, Advertise: "192.0.2.7"}, "tcp://192.0.2.7:9000"},
		{"IPv6", pubsub.PublisherOptions{Port: 9000, Advertise: "2001:db8::1"}, "tcp://[2001:db8::1]:9000"},
		{"a Unix socket", pubsub.PublisherOptions{Address: "ipc:///run/x"}, "ipc:///run/x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			node, _ := w.node(hostA, pubsub.Settings{})
			tt.opts.Name = "viirs"
			if got := w.publisherOn(node, tt.opts).URI(); got != tt.want {
				t.Errorf("announced %s, want %s", got, tt.want)
			}
		})
	}
}
