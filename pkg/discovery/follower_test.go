package discovery

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

func TestFollowerFindsAndFollows(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		a := startNameserver(t, n, hostA, listed("tcp://h:1", "x"), listed("tcp://h:2", "y"), listed("tcp://h:3", "z"))
		startNameserver(t, n, hostB)
		_, c := follow(t, followerConfig(t, n, "x", "y"))
		c.check(t, "at start", "+tcp://h:1", "+tcp://h:2")
		a.publish(listed("tcp://h:4", "a", "y"))
		c.check(t, "another comes", "+tcp://h:4")
		a.publish(listed("tcp://h:4", "a", "y"))
		a.publish(listed("tcp://h:5", "a"))
		c.check(t, "what is known or of no interest")
		a.publish(`{"URI": "tcp://h:6", "service": "an-x-service"}`)
		c.check(t, "part of a text", "+tcp://h:6")
		a.set(listed("tcp://h:2", "y"), listed("tcp://h:4", "a", "y"))
		a.publishGone("tcp://h:1")
		a.publishGone("tcp://h:77")
		time.Sleep(time.Second)
		c.check(t, "one goes", "-tcp://h:1")
		a.publish(listed("tcp://h:1", "x"))
		c.check(t, "it comes back", "+tcp://h:1")
	})
}

func TestFollowerOfAll(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		a := startNameserver(t, n, hostA, listed("tcp://h:1", "x"))
		_, c := follow(t, followerConfig(t, n, "x", ""))
		synctest.Wait()
		a.publish(listed("tcp://h:2", "anything"))
		c.check(t, "at start", "+tcp://h:1", "+tcp://h:2")
		if got := slices.Compact(a.questions()); !slices.Equal(got, []string{""}) {
			t.Errorf("questions %q", got)
		}
	})
}

func TestFollowerOfNothing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		a := startNameserver(t, n, hostA, listed("tcp://h:1", "x"))
		_, c := follow(t, followerConfig(t, n))
		time.Sleep(time.Hour)
		a.publish(listed("tcp://h:2", "x"))
		c.check(t, "nothing")
		if got := a.questions(); got != nil {
			t.Errorf("questions %q", got)
		}
	})
}

func TestFollowerStartsWithoutNameserver(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		log, logs := logged()
		cfg := followerConfig(t, n, "x")
		cfg.Logger = log
		_, c := follow(t, cfg)
		time.Sleep(time.Hour)
		c.check(t, "nobody is there")
		if got := texts(logs); len(got) != 2 {
			t.Errorf("log %q, want one line for each nameserver", got)
		}
		startNameserver(t, n, hostA, listed("tcp://h:1", "x"))
		time.Sleep(maxRetry)
		c.check(t, "a nameserver comes", "+tcp://h:1")
		time.Sleep(time.Minute)
		if got := logs.FilterMessage("nameserver answers again").Len(); got != 1 {
			t.Errorf("log %q", texts(logs))
		}
	})
}

// What is added while the feed is away is found when it comes back, at once.
func TestFollowerAsksWhenAFeedComesBack(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		log, logs := logged()
		a := startNameserver(t, n, hostA)
		cfg := followerConfig(t, n, "x")
		cfg.Logger = log
		cfg.Feeds, cfg.Nameservers = cfg.Feeds[:1], cfg.Nameservers[:1]
		_, c := follow(t, cfg)
		time.Sleep(time.Minute)
		n.Cut(hostA)
		a.set(listed("tcp://h:1", "x"))
		a.publish(listed("tcp://h:1", "x"))
		time.Sleep(time.Minute)
		c.check(t, "cut off")
		n.Heal(hostA)
		time.Sleep(minAskPause)
		c.check(t, "back", "+tcp://h:1")
		got := slices.Sorted(slices.Values(texts(logs))) // feed and answer come back at the same moment
		want := []string{
			"change feed is back tcp://10.0.0.1:16543", "change feed lost tcp://10.0.0.1:16543",
			"nameserver answers again tcp://10.0.0.1:5557", "nameserver gives no list tcp://10.0.0.1:5557",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("log (-want +got):\n%s", d)
		}
	})
}

// The feed of a nameserver may not be for us: plain, and we are secure. Then what comes is found by asking, soon.
func TestFollowerWithoutFeed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		a := startNameserver(t, n, hostA)
		cfg := followerConfig(t, n, "x")
		cfg.Feeds, cfg.Nameservers = []transport.Address{{Endpoint: cfg.Feeds[0].Endpoint.WithPort(1)}}, cfg.Nameservers[:1]
		_, c := follow(t, cfg)
		time.Sleep(time.Hour)
		a.set(listed("tcp://h:1", "x"))
		time.Sleep(maxRetry)
		c.check(t, "found", "+tcp://h:1")
	})
}

// A subscription takes effect later than the connection stands. What falls into that gap is found all the same, soon.
func TestFollowerMissesNoAddAtStart(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		a := startNameserver(t, n, hostA)
		_, c := follow(t, followerConfig(t, n, "x"))
		c.check(t, "at start")
		time.Sleep(feedSettle / 2)
		a.set(listed("tcp://h:1", "x")) // and the feed's word is lost
		time.Sleep(feedSettle)
		c.check(t, "soon", "+tcp://h:1")
		a.set(listed("tcp://h:1", "x"), listed("tcp://h:2", "x"))
		time.Sleep(DefaultRefresh)
		c.check(t, "later", "+tcp://h:2")
	})
}

func TestFollowerTellsOfChangedPublishers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		a := startNameserver(t, n, hostA, listed("tcp://h:1", "x"))
		_, c := follow(t, followerConfig(t, n, "x"))
		time.Sleep(time.Minute)
		c.check(t, "at start", "+tcp://h:1")

		a.publish(listed("tcp://h:1", "x", "more"))
		c.check(t, "more services", "+tcp://h:1")
		a.publish(`{"URI": "tcp://h:1", "service": ["x", "more"], "supported_message_version": "v1.2", "backend": "secure_zmq"}`)
		c.check(t, "another backend", "-tcp://h:1", "+tcp://h:1")
		time.Sleep(time.Hour)
		c.check(t, "the list is older than the feed")

		a.set()
		a.publish(listed("tcp://h:1", "another program"))
		time.Sleep(DefaultTimeout)
		c.check(t, "another publisher on the port", "-tcp://h:1")
	})
}

func TestFollowerRefusesNonsense(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		log, logs := logged()
		a := startNameserver(t, n, hostA, `{"URI": "tcp://h:1", "service": ["x"], "backend": "kafka"}`, `"x"`)
		cfg := followerConfig(t, n, "x")
		cfg.Feeds, cfg.Nameservers = cfg.Feeds[:1], cfg.Nameservers[:1]
		cfg.Logger = log
		f, c := follow(t, cfg)
		synctest.Wait()
		for range 3 {
			must(t, a.feed.Send(t.Context(), []byte("pytroll://address/x info")))
			must(t, a.feed.Send(t.Context(), []byte("pytroll://address/x info u@h 2024-05-17T09:41:12 v1.01 text/ascii \xff")))
			must(t, a.feed.Send(t.Context(), []byte("pytroll://addressbook info u@h 2024-05-17T09:41:12 v1.01")))
			must(t, a.feed.Send(t.Context(), []byte("pytroll://address/x beat u@h 2024-05-17T09:41:12 v1.01")))
			a.publish(`{"URI": 7, "service": ["x"]}`)
			a.publish(`{"status": false}`)
			a.publish(`{"status": 0, "URI": 7}`)
			a.publish(`{"URI": "tcp://h:2", "service": null}`)
			a.publish(`["x"]`)
		}
		a.publish(listed("tcp://h:3", "x"))
		c.check(t, "only the good one", "+tcp://h:3")
		if got, most := f.Stats().Refused, uint64(8*3+2*3); got < 8*3 || got > most {
			t.Errorf("%d refused, want %d to %d", got, 8*3, most)
		}
		lines := logs.FilterMessage("announcement passed over").Len()
		time.Sleep(time.Hour)
		if again := logs.FilterMessage("announcement passed over").Len(); lines == 0 || lines > 10 || again != lines {
			t.Errorf("%d lines, and %d an hour later", lines, again)
		}
	})
}

func TestFollowerWithLookupsAlone(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		a := startNameserver(t, n, hostA, listed("tcp://h:1", "x"))
		cfg := followerConfig(t, n, "x", "y")
		cfg.Feeds = nil
		_, c := follow(t, cfg)
		time.Sleep(time.Hour)
		c.check(t, "one service", "+tcp://h:1")
		if got := a.questions(); !slices.Equal(got[:3], []string{"x", "y", "y"}) || len(got) > 420 {
			t.Errorf("questions %q", got)
		}
		a.set(listed("tcp://h:2", "y"))
		time.Sleep(maxRetry)
		c.check(t, "the other one", "+tcp://h:2")
		time.Sleep(maxRetry)
		a.questions()
		a.set()
		time.Sleep(time.Hour)
		c.check(t, "all was found")
		if got := a.questions(); got != nil {
			t.Errorf("questions %q", got)
		}
	})
}

func TestFollowerWithFeedsAlone(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		a := startNameserver(t, n, hostA)
		cfg := followerConfig(t, n, "x")
		cfg.Nameservers = nil
		_, c := follow(t, cfg)
		synctest.Wait()
		a.publish(listed("tcp://h:1", "x"))
		c.check(t, "comes", "+tcp://h:1")
		a.publishGone("tcp://h:1")
		c.check(t, "goes", "-tcp://h:1")
	})
}

// Thousands that go at once are confirmed by few questions.
func TestFollowerOfThousands(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		const many = 3000
		n := network(t)
		a := startNameserver(t, n, hostA)
		var list, came, went []string
		for i := range many {
			uri := fmt.Sprintf("tcp://h:%d", 10000+i)
			list = append(list, listed(uri, "x"))
			came, went = append(came, "+"+uri), append(went, "-"+uri)
		}
		a.set(list...)
		_, c := follow(t, followerConfig(t, n, "x"))
		time.Sleep(time.Minute)
		c.check(t, "at start", came...)
		a.questions()
		a.set()
		for i := range many {
			a.publishGone(fmt.Sprintf("tcp://h:%d", 10000+i))
			if i%500 == 0 {
				synctest.Wait() // the feed's queue is short
			}
		}
		time.Sleep(DefaultTimeout)
		c.check(t, "all go", went...)
		if got := len(a.questions()); got > 10 {
			t.Errorf("%d questions", got)
		}
	})
}

func TestNewFollowerRefuses(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		for want, change := range map[string]func(*FollowerConfig){
			`follow services ["x"]: no nameservers to ask`:     func(c *FollowerConfig) { c.Feeds, c.Nameservers = nil, nil },
			`follow services ["x"]: no transport`:              func(c *FollowerConfig) { c.Transport = nil },
			`follow services ["x"]: refresh -1ns: is negative`: func(c *FollowerConfig) { c.Refresh = -1 },
			`follow services ["x"]: timeout -1ns: is negative`: func(c *FollowerConfig) { c.Timeout = -1 },
		} {
			cfg := followerConfig(t, n, "x")
			change(&cfg)
			if _, err := NewFollower(cfg); err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	})
}

func TestFollowerFailsClearly(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		cfg := followerConfig(t, n, "x")
		cfg.Feeds[1].Backend = transport.Secure
		f, err := NewFollower(cfg)
		must(t, err)
		err = f.Run(t.Context(), func(Change) {})
		if !errors.Is(err, transport.ErrNoKeys) {
			t.Errorf("got %v", err)
		}

		cfg = followerConfig(t, n, "x")
		f, err = NewFollower(cfg)
		must(t, err)
		time.AfterFunc(time.Minute, func() { must(t, cfg.Transport.Close()) })
		if err := f.Run(t.Context(), func(Change) {}); !errors.Is(err, transport.ErrClosed) {
			t.Errorf("transport closed: got %v", err)
		}
	})
}
