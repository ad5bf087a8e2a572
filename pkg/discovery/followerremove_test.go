package discovery

import (
	"testing"
	"time"
)

func TestFollowerRefreshes(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		a := startNameserver(t, n, hostA)
		follow(t, followerConfig(t, n, "x"))
		time.Sleep(10 * time.Second)
		a.questions()
		time.Sleep(time.Hour)
		if got := len(a.questions()); got < 12 || got > 14 {
			t.Errorf("%d questions in an hour", got)
		}
	})
}

func TestFollowerRemovesOnlyWhatNobodyLists(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		one := listed("tcp://h:1", "x")
		a, b := startNameserver(t, n, hostA, one), startNameserver(t, n, hostB, one)
		_, c := follow(t, followerConfig(t, n, "x"))
		time.Sleep(time.Minute)
		c.check(t, "at start", "+tcp://h:1")

		a.set()
		a.publishGone("tcp://h:1")
		time.Sleep(time.Hour)
		c.check(t, "the other lists it")

		b.set()
		b.publishGone("tcp://h:1")
		time.Sleep(time.Second)
		c.check(t, "none lists it", "-tcp://h:1")
	})
}

// The one that is down is believed for a while: it may be that the one that speaks is cut off from the publisher.
func TestFollowerBelievesTheAbsentForAWhile(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		one := listed("tcp://h:1", "x")
		a := startNameserver(t, n, hostA, one)
		startNameserver(t, n, hostB, one)
		_, c := follow(t, followerConfig(t, n, "x"))
		time.Sleep(time.Minute)
		c.check(t, "at start", "+tcp://h:1")
		n.Cut(hostB)
		a.set()
		a.publishGone("tcp://h:1")
		time.Sleep(hold - 2*time.Minute)
		c.check(t, "the other may list it")
		time.Sleep(3 * time.Minute)
		c.check(t, "the other has not been heard for long", "-tcp://h:1")
	})
}

// A nameserver that never listed the publisher does not keep it by being down.
func TestFollowerRemovesThoughAnotherIsDown(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		a := startNameserver(t, n, hostA, listed("tcp://h:1", "x"))
		_, c := follow(t, followerConfig(t, n, "x"))
		time.Sleep(time.Minute)
		c.check(t, "at start", "+tcp://h:1")
		a.set()
		a.publishGone("tcp://h:1")
		time.Sleep(DefaultTimeout)
		c.check(t, "gone", "-tcp://h:1")
	})
}

// Nobody can confirm, so nothing is removed until somebody does.
func TestFollowerWaitsForConfirmation(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		a := startNameserver(t, n, hostA, listed("tcp://h:1", "x"))
		_, c := follow(t, followerConfig(t, n, "x"))
		time.Sleep(time.Minute)
		c.check(t, "at start", "+tcp://h:1")
		a.mu.Lock()
		a.answer = func(string) []byte { return nil }
		a.list = nil
		a.mu.Unlock()
		a.publishGone("tcp://h:1")
		time.Sleep(time.Hour)
		c.check(t, "no answers")
		a.mu.Lock()
		a.answer = nil
		a.mu.Unlock()
		time.Sleep(20 * time.Second)
		c.check(t, "an answer", "-tcp://h:1")
	})
}

// A nameserver that restarts knows nothing until the publishers have announced themselves again.
func TestFollowerSurvivesARestartedNameserver(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		list := []string{listed("tcp://h:1", "x"), listed("tcp://h:2", "x")}
		a := startNameserver(t, n, hostA, list...)
		_, c := follow(t, followerConfig(t, n, "x"))
		time.Sleep(time.Minute)
		c.check(t, "at start", "+tcp://h:1", "+tcp://h:2")
		a.stop()
		time.Sleep(time.Minute)
		a.set()
		a.start()
		time.Sleep(hold - time.Minute)
		c.check(t, "empty")
		a.set(list[0])
		a.publish(list[0])
		time.Sleep(time.Hour)
		c.check(t, "one never came back", "-tcp://h:2")
	})
}

// A dead nameserver takes nothing with it.
func TestFollowerKeepsWhatADeadNameserverListed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		startNameserver(t, n, hostA, listed("tcp://h:1", "x"))
		startNameserver(t, n, hostB, listed("tcp://h:2", "x"))
		_, c := follow(t, followerConfig(t, n, "x"))
		time.Sleep(time.Minute)
		c.sort()
		c.check(t, "at start", "+tcp://h:1", "+tcp://h:2")
		n.Cut(hostA)
		time.Sleep(5 * time.Hour)
		c.check(t, "dead for hours")
	})
}

// Removed and added in one go, as nameservers do with late publishers, changes nothing.
func TestFollowerIgnoresRemoveAndAdd(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		one := listed("tcp://h:1", "x")
		a := startNameserver(t, n, hostA, one)
		_, c := follow(t, followerConfig(t, n, "x"))
		time.Sleep(time.Minute)
		c.check(t, "at start", "+tcp://h:1")
		a.publishGone("tcp://h:1")
		a.publish(one)
		time.Sleep(time.Minute)
		c.check(t, "late publisher")
	})
}
