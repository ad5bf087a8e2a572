package relay

import (
	"cmp"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// usualKeepAlive is what sources and sinks have where the settings say nothing. Their connections are idle for hours and lead through firewalls, which forget such
// after some minutes, and to subscribers that vanish without a word, for each of which a queue is kept. One whose host does not answer is given up
// after two minutes.
var usualKeepAlive = transport.KeepAlive{Mode: transport.KeepAliveOn, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}

// keepAlive turns TCP keep-alive on where set leaves it to the system, and fills in what is not set.
func keepAlive(set transport.KeepAlive) transport.KeepAlive {
	if set.Mode == transport.KeepAliveOff {
		return set
	}
	return transport.KeepAlive{
		Mode:     transport.KeepAliveOn,
		Idle:     cmp.Or(set.Idle, usualKeepAlive.Idle),
		Interval: cmp.Or(set.Interval, usualKeepAlive.Interval),
		Count:    cmp.Or(set.Count, usualKeepAlive.Count),
	}
}
