package main

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
)

// edit is what replay changes of messages.
type edit struct {
	chain *step.Chain // nil: nothing is renamed
	host  string      // of the sender; empty: it stays
	now   bool        // the time is that of sending
}

// newEdit makes sense of flags. The prefixes are OLD=NEW.
func newEdit(prefixes []string, host string, now bool) (edit, error) {
	e := edit{host: host, now: now}
	if host != "" {
		if _, err := (message.Encoder{}).Encode(message.Fields{Subject: "/x", Type: "x", Sender: "x@" + host}); err != nil || strings.Contains(host, "@") {
			return e, daemon.Usage("--sender-host %q: want a host name", host)
		}
	}
	if len(prefixes) == 0 {
		return e, nil
	}
	rename := map[string]string{}
	for _, p := range prefixes {
		from, to, ok := strings.Cut(p, "=")
		if _, twice := rename[from]; !ok || from == "" || twice {
			return e, daemon.Usage("--prefix %q: want OLD=NEW, as /a=/test/a, each OLD once", p)
		}
		rename[from] = to
	}
	chain, err := step.Compile("prefix", []step.Config{{Rename: &step.Rename{Prefix: rename}}})
	if err != nil {
		if bad, ok := errors.AsType[*step.SettingError](err); ok {
			return e, daemon.Usage("--prefix: %s", bad.Text) // its key is that of a relay's settings
		}
		return e, daemon.Usage("--prefix: %w", err)
	}
	e.chain = chain
	return e, nil
}

// changed returns what becomes of a message, but for its time.
func (e *edit) changed(m *message.Message) (*message.Message, error) {
	if e.chain != nil {
		result := e.chain.Do(step.NewItem(m), time.Now())
		if result.Err != nil {
			return nil, result.Err
		}
		m = result.Message
	}
	return pubsub.Translate(m, e.host)
}

// stamped gives a message that is about to be sent its time.
func (e *edit) stamped(m *message.Message) (*message.Message, error) {
	if !e.now {
		return m, nil
	}
	return m.WithTime(message.Time{Time: time.Now().UTC(), Naive: m.Time().Naive})
}

// wants tells whether a message is among those that were asked for.
func (c *replayer) wants(m *message.Message) bool {
	if len(c.types) > 0 && !slices.Contains(c.types, m.Type()) {
		return false
	}
	return len(c.topics) == 0 || slices.ContainsFunc(c.topics, func(topic string) bool {
		return bytes.HasPrefix(m.Bytes(), []byte(message.Topic(topic)))
	})
}
