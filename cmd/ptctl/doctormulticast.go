package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/multicast"
)

// wayBack is how long a datagram may take from this host to itself.
const wayBack = time.Second

// doctorType is that of the messages that are sent to the group. Nameservers, also those of Python, look at the type "info" alone.
const doctorType = "doctor"

// groupOf is where announcements go.
func groupOf(set config.Settings) multicast.Config {
	return multicast.Config{Group: set.MulticastGroup, Port: set.BroadcastPort, TTL: set.MulticastTTL, Interface: set.MulticastInterface}
}

// groupName is the group for people.
func groupName(group multicast.Config) string {
	if isBroadcast(group) {
		return fmt.Sprintf("broadcast, port %d", group.Port)
	}
	return fmt.Sprintf("%s, port %d", group.Group, group.Port)
}

func isBroadcast(group multicast.Config) bool {
	return slices.Contains([]string{"", "0.0.0.0", "255.255.255.255"}, group.Group)
}

// lookAtMulticast sends a datagram out of each interface that announcements may use, and looks whether it comes back.
func lookAtMulticast(ctx context.Context, found *chart, group multicast.Config, interfaces []usableInterface) {
	tell := found.about("multicast")
	if isBroadcast(group) {
		tellWay(tell, group, "the way out", outAndBack(ctx, group))
		return
	}
	if group.Interface.IsValid() && !group.Interface.IsUnspecified() { // programs here use no other one
		interfaces = slices.DeleteFunc(slices.Clone(interfaces), func(i usableInterface) bool { return i.addr != group.Interface.Unmap() })
	}
	for _, i := range interfaces {
		on := group
		on.Interface = i.addr
		tellWay(tell, group, fmt.Sprintf("%s (%s)", i.name, i.addr), outAndBack(ctx, on))
	}
	if len(interfaces) == 0 {
		tell(levelError, "see the interfaces above", "no interface to announce publishers on")
	}
}

// errNotBack says that a datagram did not come back.
var errNotBack = fmt.Errorf("what was sent did not come back within %s", wayBack)

func tellWay(tell func(level, string, string, ...any), group multicast.Config, of string, err error) {
	port := fmt.Sprint(group.Port)
	switch {
	case err == nil:
		tell(levelOK, "", "%s: what is sent to %s comes back", of, groupName(group))
	case errors.Is(err, errNotBack):
		tell(levelError, "does a firewall drop UDP to port "+port+" (nft list ruleset)? nameservers = [\"HOST\"] announces publishers without multicast", "%s: to %s: %v", of, groupName(group), err)
	case errors.Is(err, syscall.EADDRINUSE):
		tell(levelError, "see below who has port "+port+"; it has to share it (SO_REUSEADDR)", "%s: %v", of, err)
	case errors.Is(err, multicast.ErrNoNetwork):
		tell(levelWarning, "ip route add 224.0.0.0/4 dev INTERFACE, or multicast_interface in the settings", "%s: %v", of, err)
	default:
		tell(levelError, groupAdvice, "%s: %v", of, err)
	}
}

// groupAdvice is where it is said what announcements are sent to, and where.
const groupAdvice = "mc_group, broadcast_port and multicast_interface of the settings say where: see above what they are"

// outAndBack sends a datagram to a group and waits for it. It does not leave the local network.
func outAndBack(ctx context.Context, group multicast.Config) (err error) {
	group.TTL = 1
	m, err := message.Encoder{Version: message.V101}.Encode(message.Fields{Subject: "/doctor/" + rand.Text(), Type: doctorType})
	if err != nil {
		return err
	}
	receiver, err := multicast.Listen(group)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, receiver.Close()) }()
	sender, err := multicast.NewSender(group)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sender.Close()) }()
	ctx, cancel := context.WithTimeout(ctx, wayBack)
	defer cancel()
	if err := sender.Send(ctx, m.Bytes()); err != nil {
		return err
	}
	for {
		got, _, err := receiver.Receive(ctx)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return errNotBack
		case err != nil:
			return err
		case string(got) == string(m.Bytes()):
			return nil
		}
	}
}

// listening counts the announcements that are heard while the doctor looks at other things.
type listening struct {
	receiver *multicast.Receiver
	done     chan struct{} // closed when it is over
	err      error
	heard    map[netip.Addr]int
}

// startListening listens for some time, where announcements are received as the settings say. Nil: it is not to.
func startListening(ctx context.Context, group multicast.Config, limit time.Duration) (*listening, error) {
	if limit == 0 {
		return nil, nil
	}
	receiver, err := multicast.Listen(group)
	if err != nil {
		return nil, err
	}
	l := &listening{receiver: receiver, done: make(chan struct{}), heard: map[netip.Addr]int{}}
	ctx, cancel := context.WithTimeout(ctx, limit)
	go func() {
		defer close(l.done)
		defer cancel()
		l.err = l.listen(ctx)
	}()
	return l, nil
}

func (l *listening) listen(ctx context.Context) error {
	for {
		datagram, from, err := l.receiver.Receive(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if m, err := message.Decode(datagram); err == nil && discovery.IsAnnouncement(m) {
			l.heard[from.Addr()]++
		}
	}
}

// tell waits for the end and tells who was heard.
func (l *listening) tell(found *chart, group multicast.Config) error {
	<-l.done
	tell := found.about("announcements")
	if err := l.receiver.Network(); err != nil {
		advice := "ip route add 224.0.0.0/4 dev INTERFACE, or multicast_interface in the settings"
		if group.Interface.IsValid() {
			advice = "multicast_interface in the settings says where: see the interfaces above"
		}
		tell(levelWarning, advice, "%s is not heard from other hosts: %v", groupName(group), err)
	}
	own, err := discovery.LocalAddresses()
	if err != nil {
		return errors.Join(err, l.receiver.Close())
	}
	var others []string
	here := 0
	for _, from := range slices.SortedFunc(maps.Keys(l.heard), netip.Addr.Compare) {
		if slices.Contains(own, from) {
			here += l.heard[from]
		} else {
			others = append(others, fmt.Sprintf("%s (%d)", from, l.heard[from]))
		}
	}
	if here > 0 {
		tell(levelOK, "", "%d of publishers on this host were heard", here)
	}
	if len(others) > 0 {
		tell(levelOK, "", "heard from other hosts: %s", strings.Join(others, ", "))
	} else {
		tell(levelNote, "if publishers run elsewhere and announce themselves by multicast: do switches and routers pass "+groupName(group)+" (IGMP snooping)? if not, let them name this host's nameserver (nameservers = [\"HOST\"])",
			"none were heard from other hosts")
	}
	return errors.Join(l.err, l.receiver.Close())
}
