package relay

import (
	"time"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// late checks what subscribers get that have just come.
func (v *validation) late(at string, cfg SinkConfig) {
	v.between(at+".last_message_subjects", cfg.LastMessageSubjects, 0, pubsub.MaxLastSubjects)
	notNegative(v, at+".last_message_bytes", cfg.LastMessageBytes)
	notNegative(v, at+".last_message_age", cfg.LastMessageAge)
	if !cfg.LastMessage && (cfg.LastMessageSubjects != 0 || cfg.LastMessageBytes != 0 || cfg.LastMessageAge != 0) {
		v.add(at+".last_message", "set it to true, or leave out last_message_subjects, last_message_bytes and last_message_age", "is off, and yet there are bounds for it")
	}

	bound := cfg.bindsAt()
	if cfg.LastMessage && bound.Scheme() == "inproc" {
		v.add(at+".last_message", "", "needs a sink on TCP or ipc (%s)", bound)
	}
	v.between(at+".replay_port", cfg.ReplayPort, 0, 65535)
	v.between(at+".replay_messages", cfg.ReplayMessages, 0, pubsub.MaxReplayMessages)
	notNegative(v, at+".replay_bytes", cfg.ReplayBytes)
	notNegative(v, at+".replay_time", cfg.ReplayTime)
	if cfg.ReplayPort == 0 {
		if cfg.ReplayMessages != 0 || cfg.ReplayBytes != 0 || cfg.ReplayTime != 0 {
			v.add(at+".replay_port", "a replay has a port of its own", "is missing, and yet there are bounds for it")
		}
		return
	}
	switch {
	case bound.IsZero():
		return // which is an error already
	case bound.Scheme() != "tcp":
		v.add(at+".replay_port", "", "needs a sink on TCP (%s)", bound)
	case cfg.ReplayPort == bound.Port() || cfg.ReplayPort == cfg.NextPort:
		v.add(at+".replay_port", "", "%d is another port of the sink", cfg.ReplayPort)
	case cfg.AnnounceServices:
		v.add(at+".replay_port", "leave one of the two out", "can't be together with announce_services, which may take further ports: what goes out on these is not replayed")
	}
}

func notNegative[T int64 | time.Duration](v *validation, key string, value T) {
	if value < 0 {
		v.add(key, "", "%v is below 0", value)
	}
}
