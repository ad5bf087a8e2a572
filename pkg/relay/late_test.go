package relay_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

func TestLateJoiners(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		keeps := route("keeps", 9100, uri(1, 9000))
		keeps.Sink.LastMessage = true
		keeps.Sink.ReplayPort, keeps.Sink.ReplayMessages, keeps.Sink.ReplayTime = 9101, 3, time.Hour
		r := w.relay(2, keeps)
		early := w.subscriber(3, uri(2, 9100))
		synctest.Wait()
		// The very bytes are kept, and no heartbeat.
		a1, a2, b1, c1 := text("/a", "1"), text("/a", "2  "), text("/b", "1"), text("/c", "1")
		w.send(pub, a1, a2, text("/heartbeat/x", "alive"), b1, c1)
		w.wantArrived(early, a1, a2, text("/heartbeat/x", "alive"), b1, c1)

		late := w.subscriberTo(4, []string{"/a", "/b"}, uri(2, 9100))
		w.wantArrived(late, a2, b1)
		all := w.subscriber(5, uri(2, 9101))
		w.wantArrived(all, a2, b1, c1)
		some := w.subscriberTo(6, []string{"/a"}, uri(2, 9101))
		w.wantArrived(some, a2)
		w.wantArrived(early)

		w.send(pub, text("/b", "2"))
		w.wantArrived(early, text("/b", "2"))
		w.wantArrived(late, text("/b", "2"))
		w.wantArrived(all)
		size := func(texts ...string) int { return len(strings.Join(texts, "")) }
		want := relay.LateStats{Kept: 3, KeptBytes: size(a2, b1, c1), Welcomed: 2, Replay: 3, ReplayBytes: size(b1, b1, c1), Replays: 2}
		if diff := cmp.Diff(want, r.stats("keeps").Late); diff != "" {
			w.Errorf("counters (-want +got):\n%s", diff)
		}
	})
}

// TestReplayIsOwnSink: a relay does not subscribe to its own replay, and on demand counts what the sink is asked for, not what the replay is.
func TestReplayIsOwnSink(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		keeps := route("keeps", 9100, uri(1, 9000))
		keeps.Sink.ReplayPort, keeps.OnDemand = 9101, true
		r := w.relay(2, keeps)
		again := route("again", 9200, uri(2, 9101))
		err := r.Reload(configOf(keeps, again))
		if err == nil || !strings.Contains(err.Error(), "a relay does not subscribe to itself") {
			w.Errorf("reload: %v, want an error that says that it is our own", err)
		}
		w.subscriber(3, uri(2, 9101))
		synctest.Wait()
		if got := pub.Subscriptions(); len(got) != 0 {
			w.Errorf("subscribed to %v, want nothing", got)
		}
		w.subscriber(3, uri(2, 9100))
		synctest.Wait()
		if got := pub.Subscriptions(); len(got) != 1 || got[0].Topic != message.Magic {
			w.Errorf("subscribed to %v, want everything", got)
		}
	})
}

// TestLateReload: the settings are those of the sink, which is bound anew, and forgets, when they change.
func TestLateReload(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		keeps := route("keeps", 9100, uri(1, 9000))
		keeps.Sink.LastMessage = true
		r := w.relay(2, keeps)
		w.send(pub, text("/a", "1"))
		keeps.Steps = nil
		w.must(r.Reload(configOf(keeps)))
		w.wantArrived(w.subscriber(3, uri(2, 9100)), text("/a", "1"))
		keeps.Sink.LastMessageSubjects = 5
		w.must(r.Reload(configOf(keeps)))
		w.wantArrived(w.subscriber(4, uri(2, 9100)))
		keeps.Sink.ReplayPort = 9101
		other := route("other", 9101, uri(1, 9000))
		if err := r.Reload(configOf(keeps, other)); err == nil {
			w.Error("reload with a replay on the port of another sink: want an error")
		}
		w.must(r.Reload(configOf(keeps)))
		w.send(pub, text("/a", "2"))
		w.wantArrived(w.subscriber(5, uri(2, 9101)), text("/a", "2"))
	})
}

func TestValidateLate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		sink relay.SinkConfig
		want []string
	}{
		{"all", relay.SinkConfig{Port: 9100, LastMessage: true, LastMessageSubjects: 1_000_000, LastMessageBytes: 1, LastMessageAge: 1,
			ReplayPort: 9101, ReplayMessages: 100_000, ReplayTime: 1, ReplayBytes: 1}, nil},
		{"ipc", relay.SinkConfig{Address: "ipc:///run/x", LastMessage: true}, nil},
		{"bounds", relay.SinkConfig{Port: 9100, LastMessage: true, LastMessageSubjects: 1_000_001, LastMessageBytes: -1, LastMessageAge: -1,
			ReplayPort: 65_536, ReplayMessages: 100_001, ReplayTime: -1, ReplayBytes: -1},
			[]string{"last_message_subjects", "last_message_bytes", "last_message_age", "replay_port", "replay_messages", "replay_bytes", "replay_time"}},
		{"bounds of nothing", relay.SinkConfig{Port: 9100, LastMessageAge: time.Hour, ReplayMessages: 5}, []string{"last_message", "replay_port"}},
		{"the sink's own port", relay.SinkConfig{Port: 9100, ReplayPort: 9100}, []string{"replay_port"}},
		{"the port of the next key", relay.SinkConfig{Port: 9100, NextPort: 9101, ReplayPort: 9101}, []string{"replay_port"}},
		{"replay of ipc", relay.SinkConfig{Address: "ipc:///run/x", ReplayPort: 9101}, []string{"replay_port"}},
		{"last message of inproc", relay.SinkConfig{Address: "inproc://x", LastMessage: true}, []string{"last_message"}},
		{"replay and names", relay.SinkConfig{Port: 9100, ReplayPort: 9200, AnnounceServices: true}, []string{"replay_port"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := configOf(relay.Route{Name: "a", Source: relay.SourceConfig{Addresses: []string{"tcp://10.0.0.1:9000"}}, Sink: tt.sink})
			var want []string
			for _, key := range tt.want {
				want = append(want, "route[1].sink."+key)
			}
			if diff := cmp.Diff(want, keys(cfg.Validate())); diff != "" {
				t.Errorf("keys of the problems (-want +got):\n%s", diff)
			}
		})
	}
}

// TestReplayPortsCollide: ports of different sinks are not the same, also those of replays.
func TestReplayPortsCollide(t *testing.T) {
	t.Parallel()
	a, b := route("a", 9100, "tcp://10.0.0.1:9000"), route("b", 9101, "tcp://10.0.0.1:9000")
	a.Sink.ReplayPort = 9101
	if diff := cmp.Diff([]string{"route[2].sink"}, keys(configOf(a, b).Validate())); diff != "" {
		t.Errorf("replay on another sink's port: keys of the problems (-want +got):\n%s", diff)
	}
	b.Sink.Port, b.Sink.ReplayPort = 9200, 9101
	if diff := cmp.Diff([]string{"route[2].sink"}, keys(configOf(a, b).Validate())); diff != "" {
		t.Errorf("two replays on a port: keys of the problems (-want +got):\n%s", diff)
	}
	b.Source.Addresses = []string{"tcp://localhost:9101"}
	b.Sink.ReplayPort = 0
	if diff := cmp.Diff([]string{"route[2].source.addresses[1]"}, keys(configOf(a, b).Validate())); diff != "" {
		t.Errorf("subscribed to our own replay: keys of the problems (-want +got):\n%s", diff)
	}
}
