package nameserver

import (
	"errors"
	"net/netip"
	"os"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

// stalled is how late the keeper may be. When it is later the process was stopped, or starved, and what publishers said meanwhile is
// still to be read.
const stalled = time.Second

// reachable is a receiver that knows whether there is a network to receive from, as *multicast.Receiver does.
type reachable interface{ Network() error }

// wayNames are how ways are called in the log and by counters.
var wayNames = [heardWays]string{registry.Group: "multicast", registry.Local: "local_multicast", registry.Direct: "direct"}

// attend sees to it that nobody is taken for dead whom nobody could hear. It comes before anything expires.
func (k *keeper) attend(now time.Time) {
	if late := now.Sub(k.planned); !k.planned.IsZero() && late > stalled {
		k.n.registry.Forgive(now)
		k.deafness.forgive(now.Sub(k.rounded), now)
		k.n.log.Warn("nameserver was stopped or starved: all publishers have max_age to be heard of", zap.Duration("age", now.Sub(k.rounded)))
	}
	k.rounded = now
	c := k.n.circumstances()
	k.deafness.had = k.deafness.had || c.lost == nil
	for way := range registry.Way(heardWays) {
		k.hear(way, k.deafness.of(way, c, now), now)
	}
}

// hear holds the publishers of a way, or lets them go, when cause has changed.
func (k *keeper) hear(way registry.Way, cause string, now time.Time) {
	before := k.deafness.cause[way]
	if cause == before {
		return
	}
	k.deafness.cause[way] = cause
	k.n.deaf[way].Store(cause != "")
	fields := []zap.Field{zap.String("way", wayNames[way])}
	k.status = now // to be told
	switch {
	case before == "":
		k.n.registry.Hold(way)
		k.n.counters.deafened.Add(1)
		k.n.log.Warn("publishers cannot be heard: they stay listed until they can", append(fields, zap.String("cause", cause))...)
	case cause == "":
		k.n.registry.Release(way, now)
		k.n.log.Info("publishers can be heard again: they have max_age for it", append(fields, zap.String("cause", before))...)
	}
}

// circumstances are those of now.
func (n *Nameserver) circumstances() circumstances {
	cfg := n.config()
	c := circumstances{maxAge: cfg.MaxAge, full: !descriptorLeft()}
	if !cfg.Multicast {
		return c
	}
	if cfg.FeedAnnounceInterval > 0 && !cfg.RestrictToLocalhost {
		c.echo = max(echoes*cfg.FeedAnnounceInterval, shortestEcho)
	}
	if r, ok := n.opts.Receiver.(reachable); ok && !cfg.RestrictToLocalhost {
		c.lost = r.Network()
	}
	return c
}

// descriptorLeft tells whether this process, and the system, can have one more, as every connection needs.
func descriptorLeft() bool {
	fd, err := syscall.Open(os.DevNull, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE)
	}
	return syscall.Close(fd) == nil
}

// listen notes who was heard.
func (k *keeper) listen(nt notice, now time.Time) {
	if nt.echo {
		k.deafness.echoed(now)
		return
	}
	k.hears(nt.publisher.Way, nt.publisher.Source.Addr, now)
	if nt.withdraw {
		k.deafness.left(nt.publisher.Source.Addr)
	}
}

// hears notes an announcement. Who registers from this host tells nothing of the network.
func (k *keeper) hears(way registry.Way, from netip.Addr, now time.Time) {
	if way != registry.Direct || !k.n.local.contains(from) {
		k.deafness.heard(way, from, now)
	}
}

// deafWays tells for each way by its name whether no publisher can be heard now.
func (n *Nameserver) deafWays() map[string]int {
	ways := make(map[string]int)
	for way, name := range wayNames {
		ways[name] = 0
		if n.deaf[way].Load() {
			ways[name] = 1
		}
	}
	return ways
}
