package main

import (
	"cmp"
	"context"
	"io"
	"time"
)

// wrongClock is how far two clocks may be from each other. Ages are shown, and messages compared, in seconds.
const wrongClock = time.Second

// answerPatience is how long a nameserver may take while the doctor waits.
const answerPatience = 5 * time.Second

// lookAtNameservers asks the nameservers that programs here ask.
func (c *doctor) lookAtNameservers(ctx context.Context, found *chart) {
	tell := found.about("nameserver")
	node, network, err := c.open(io.Discard, false) // what it warns of is told with the settings and the keys
	if err != nil {
		tell(levelError, cmp.Or(hintOf(err), "correct the settings and keys first"), "can't be asked: %v", err)
		return
	}
	for _, host := range c.nameservers {
		limited, cancel := context.WithTimeout(ctx, answerPatience)
		r, err := askAll(limited, node, network, host)
		cancel()
		if err != nil {
			tell(levelError, cmp.Or(hintOf(err), "ptctl ping "+host+" asks again, and the log of the nameserver has more"), "%s: %v", host, err)
			continue
		}
		tell(levelOK, "", "%s answers in %s and lists %s", host, roundTime(r.took), things(r.publishers, "publisher"))
		// The answer was on its way for some of the time, nobody knows for how much of it.
		if r.offset.Abs() > wrongClock+r.took/2 {
			tell(levelWarning, "let both hosts take their time from the same source (chrony, systemd-timesyncd): ages and times of messages are wrong until then",
				"the clock of %s is %s %s that of this host", host, roundTime(r.offset.Abs()), aheadOrBehind(r.offset))
		} else {
			tell(levelOK, "", "the clock of %s is that of this host, within %s", host, roundTime(max(r.offset.Abs(), r.took/2)))
		}
	}
	if err := network.Close(); err != nil {
		tell(levelWarning, "look again; when it stays it is a fault of this program", "ending the connections: %v", err)
	}
}

func aheadOrBehind(offset time.Duration) string {
	if offset < 0 {
		return "behind"
	}
	return "ahead of"
}
