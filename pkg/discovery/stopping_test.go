package discovery

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// detour is a transport on which the first request takes its time, and arrives, whether or not it is waited for.
type detour struct {
	transport.Transport
	takes time.Duration
	used  bool
}

func (d *detour) Request(ctx context.Context, to transport.Address, frame []byte, opts transport.SocketOptions) ([]byte, error) {
	if d.used {
		return d.Transport.Request(ctx, to, frame, opts)
	}
	d.used = true
	answer := make(chan []byte, 1)
	var err error
	go func() {
		time.Sleep(d.takes)
		var a []byte
		a, err = d.Transport.Request(context.WithoutCancel(ctx), to, frame, opts)
		answer <- a
	}()
	select {
	case a := <-answer:
		return a, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// An announcement that is under way when the publisher stops does not arrive behind the withdrawal, and have it listed for good.
func TestWithdrawalComesLast(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		ns := startNameserver(t, n, hostA)
		_, stop := announce(t, AnnouncerConfig{Announcement: viirs, Nameservers: peers(t, DefaultBroadcastPort, hostA),
			Transport: &detour{Transport: n.Transport(client), takes: 500 * time.Millisecond}})
		synctest.Wait()
		stop()
		time.Sleep(time.Minute)
		if d := cmp.Diff([]string{"info tcp://10.0.0.9:9010", "withdraw tcp://10.0.0.9:9010"}, ns.registrations()); d != "" {
			t.Errorf("the nameserver was told (-want +got):\n%s", d)
		}
	})
}

// How long stopping takes, and what the log says of it, goes by how the nameserver has answered until then and does now.
func TestStopping(t *testing.T) {
	const lost = "withdrawal does not get through: the address may stay listed"
	tests := []struct {
		name     string
		before   time.Duration // from the start until what befalls it
		befalls  func(ns *nameserver, cut func())
		after    time.Duration // from then until the stop
		most     time.Duration
		told     string
		problems map[string]string // by message, the error
	}{
		{"answers", time.Minute, nil, 0, 0, "withdraw", nil},
		{"is busy", time.Minute, func(ns *nameserver, _ func()) { ns.takes(1900 * time.Millisecond) }, 0, 1900 * time.Millisecond, "withdraw", nil},
		{"is gone just now", time.Minute, func(_ *nameserver, cut func()) { cut() }, 0, 2 * time.Second, "info", map[string]string{lost: "no answer within 2s"}},
		{"is gone, with an announcement under way", time.Minute, func(_ *nameserver, cut func()) { cut() }, 2500 * time.Millisecond, 3 * time.Second, "info",
			map[string]string{"announcements do not get through": "no answer within 2s"}},
		{"is lost", time.Minute, func(_ *nameserver, cut func()) { cut() }, time.Minute, time.Second, "info",
			map[string]string{"announcements do not get through": "no answer within 2s"}},
		{"has never been there", 0, func(_ *nameserver, cut func()) { cut() }, time.Minute, 0, "", map[string]string{"announcements do not get through": "no answer within 2s"}},
		{"is asked for the first time, and is not there", 0, func(_ *nameserver, cut func()) { cut() }, 0, time.Second, "",
			map[string]string{"announcements do not get through": "no answer within 1s"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := network(t)
				ns := startNameserver(t, n, hostA)
				befall := func() {
					if test.befalls != nil {
						test.befalls(ns, func() { n.Cut(hostA) })
					}
				}
				if test.before == 0 {
					befall()
				}
				log, logs := logged()
				_, stop := announce(t, AnnouncerConfig{Announcement: viirs, Nameservers: peers(t, DefaultBroadcastPort, hostA), Transport: n.Transport(client), Logger: log})
				synctest.Wait()
				if test.before > 0 {
					time.Sleep(test.before)
					synctest.Wait()
					befall()
				}
				time.Sleep(test.after)
				synctest.Wait()
				if took := stop(); took > test.most {
					t.Errorf("stopping took %s, want %s at most", took, test.most)
				}
				problems := make(map[string]string)
				for _, e := range logs.All() {
					problems[e.Message] = e.ContextMap()["error"].(string)
				}
				if test.problems == nil {
					test.problems = make(map[string]string)
				}
				if d := cmp.Diff(test.problems, problems); d != "" {
					t.Errorf("log (-want +got):\n%s", d)
				}
				told := ""
				if all := ns.registrations(); len(all) > 0 {
					told = all[len(all)-1]
				}
				want := test.told
				if want != "" {
					want += " tcp://10.0.0.9:9010"
				}
				if told != want {
					t.Errorf("the nameserver was told %q last, want %q", told, want)
				}
			})
		})
	}
}
