package zmq

import (
	"bytes"
	"errors"
	"syscall"
	"time"
	"unsafe"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// Options of XPUB sockets that the binding lacks (zmq.h; the last one stands in its draft part, and is in every libzmq since 4.3.2).
const (
	optSubscribe       = 6
	optUnsubscribe     = 7
	optNoDrop          = 69 // ZMQ_XPUB_NODROP
	optManual          = 71 // ZMQ_XPUB_MANUAL
	optManualLastValue = 98 // ZMQ_XPUB_MANUAL_LAST_VALUE
)

// welcomeTries is how often a welcome is tried again that came too late since the processor was taken away.
const welcomeTries = 5

// welcome gives subscribers that have just come what transport.Welcome has for them. All of it is used under the socket's mu.
//
// libzmq can't send to one subscriber out of several, but for this: in its manual mode a subscription counts only when the program repeats it, for the
// connection whose subscription it has read last (the current one). Then it can send one frame to that connection alone (manual last value). And where
// nobody stays subscribed, all that is sent between subscribing the current connection and taking that back reaches it alone: that is a replay publisher.
//
// What libzmq (4.3.4) means by the current connection has holes, which a peer must not be able to use:
//
//   - It may be one that is closed and freed, when its end was noted before its subscription was read. To repeat the subscription would be to use freed memory.
//     So it is repeated only for connections that are certain to be open, by the monitor and the serial of the handshake: see alive.
//   - A message that is no subscription, which no subscriber sends, shifts what is current for all subscriptions that wait to be read behind it. Those
//     connections are cut, as is the sender; they come back by themselves.
//   - When a connection with subscriptions ends there is no current one any more. A frame of a welcome then goes to all that want it, so it must not end between
//     the two: see beforeRead. A replay may then not be taken back: see suspect.
type welcome struct {
	transport.Welcome

	s     *socket
	guard *guard
	given uint64 // subscriptions that got something
	lines budget // of the log

	owed   owed
	turn   turn
	idle   bool // nobody has asked for what covers idleFrame
	fresh  bool // what is sent at once takes nothing in: see turn
	skewed bool // what is current is not known, until there is nothing to read
	// replayed are the connections that were given a replay, and may still be subscribed if one of those ended meanwhile whose end is read next.
	replayed []current
}

// current is a connection and its descriptor.
type current struct {
	fd int
	c  *clientConn
}

// everybody admits all clients. A publisher with a welcome has a guard, also where it needs none: it tells connections apart.
type everybody struct{}

var _ transport.Gate = everybody{}

func (everybody) Judge(transport.Caller) transport.Verdict { return transport.Verdict{Admitted: true} }
func (everybody) Watch(func()) (stop func())               { return func() {} }

// admitsAll tells whether a gate is there only to tell connections apart.
func admitsAll(g transport.Gate) bool {
	_, all := g.(everybody)
	return all
}

// newWelcome prepares c for its welcome; nil where it has none.
func newWelcome(c *transport.PublisherConfig) *welcome {
	if c.Welcome == nil {
		return nil
	}
	if c.Security.Gate == nil {
		c.Security.Gate = everybody{}
	}
	return &welcome{Welcome: *c.Welcome, owed: newOwed()}
}

// batch is the number of subscriptions that are read at once: what is current is that of the last one.
func (w *welcome) batch() int {
	if w == nil {
		return batchFrames
	}
	return 1
}

// attach makes s, which is not bound yet, a socket in manual mode.
func (w *welcome) attach(s *socket, g *guard) error {
	if w == nil {
		return nil
	}
	w.s, w.guard = s, g
	return errors.Join(
		wrap("ZMQ_XPUB_MANUAL_LAST_VALUE", setOptionInt(s.raw, optManualLastValue, 0)), // is it there?
		wrap("ZMQ_XPUB_MANUAL", setOptionInt(s.raw, optManual, 1)),
	)
}

// sendFrame sends a frame to all, which a publisher that only replays does not, and tells whether it has met the full queue of a subscriber.
func (w *welcome) sendFrame(raw unsafe.Pointer, frame []byte) (full bool, err error) {
	switch {
	case w == nil:
		return publishFrame(raw, frame)
	case w.Replay:
		return false, transport.ErrReplay
	}
	full, err = w.turn.send(raw, frame, w.idle)
	if err == nil && w.Sent != nil {
		w.Sent(frame)
	}
	return full, err
}

// sendSome sends the first of frames, up to one that meets the full queue of a subscriber.
func (w *welcome) sendSome(raw unsafe.Pointer, frames [][]byte) (sent int, full bool, err error) {
	for _, frame := range frames[:min(len(frames), gatherFrames)] {
		if full, err = w.sendFrame(raw, frame); err != nil {
			return sent, full, err
		}
		if sent++; full {
			break
		}
	}
	return sent, full, nil
}

// replays tells whether all that is sent is a welcome.
func (w *welcome) replays() bool { return w != nil && w.Replay }

// count is the number of subscriptions that got something.
func (w *welcome) count() uint64 {
	if w == nil {
		return 0
	}
	return w.given
}

// beforeRead lets libzmq take in what has ended, so that it does not do so between the next subscription and its welcome: see turn. It tells whether there is
// something to be read. What remains is that the system takes the processor away within the call that sends a welcome, and that somebody leaves then; and
// whoever leaves in the microseconds between, where one subscribes to the empty topic, as no posttroll subscriber does. A welcome then reaches all who want it.
func (w *welcome) beforeRead(asked map[string]int) (readable bool) {
	if w == nil {
		return true
	}
	if !processCommands(w.s.raw) {
		w.caughtUp()
		return false
	}
	w.note(asked)
	if w.fresh = w.idle; w.fresh {
		w.refresh()
	}
	return true
}

func (w *welcome) refresh() {
	if err := w.turn.fresh(w.s.raw); err != nil {
		w.guard.log().Error("welcome not prepared", zap.Error(err))
	}
}

// note takes in what is asked for now: after each reading, since what is sent next must not bring an idle frame to one who has just asked for it.
func (w *welcome) note(asked map[string]int) {
	if w != nil {
		w.idle = !w.Replay && len(asked) < maxTopics && asked[""] == 0 && asked[string(idleFrame)] == 0
	}
}

// caughtUp is called when there is nothing to be read: what is current is right again from the next subscription on.
func (w *welcome) caughtUp() {
	w.skewed = false
	w.replayed = w.replayed[:0]
}

// stray takes in a message that is no subscription.
func (w *welcome) stray(p part) {
	if w == nil {
		return
	}
	w.skewed = true
	c, _, _ := w.guard.accept(p)
	if c == nil {
		return
	}
	// Nothing but a firewall, or a key that is revoked, helps where somebody does that all the time.
	if now := time.Now(); !c.cut && w.lines.allow(now) {
		w.guard.log().Warn("subscriber cut: what it sends is no subscription, and others that have just come must come again",
			append(clientField(c.identity), zap.Stringer("peer", c.id.peer))...)
	}
	w.cut(p.fd, c)
}

// take repeats a subscription or its end, and gives what the newcomer is to have.
func (w *welcome) take(p part, topic []byte, subscribed bool) {
	switch {
	case w == nil:
		return
	case p.fd < 0:
		w.suspect()
		return
	}
	// The end of a connection is told before libzmq forgets it.
	w.guard.readEvents()
	c := w.guard.conns.byFD[p.fd]
	_, _, admitted := w.guard.accept(p)
	switch {
	case c == nil || c.cut || c.spoke() && c.user != string(p.user):
		return // it is gone, or as good as that
	case !c.spoke() && w.guard.conns.isLeft(p):
		return // left over from the one that had the descriptor before
	case w.skewed || !w.alive(c, p.fd) || !admitted:
		w.cut(p.fd, c)
	case !subscribed:
		w.set(optUnsubscribe, topic)
	default:
		w.set(optSubscribe, topic)
		w.idle = w.idle && !bytes.HasPrefix(idleFrame, topic) // or it would get one
		w.greet(p.fd, c, topic)
	}
}

// alive tells whether what has come over c, which has that descriptor now, has so for certain: and not over one that had it before and is gone.
func (w *welcome) alive(c *clientConn, fd int) bool { return c.spoke() && c.serial > w.guard.ends[fd] }

// cut cuts a connection that can't be served as it is. It comes back.
func (w *welcome) cut(fd int, c *clientConn) {
	if c.cut {
		return
	}
	verdict := w.guard.ask(transport.Caller{Addr: c.id.peer.Addr().WithZone(""), Key: c.key})
	if c.spoke() && !verdict.Admitted && !verdict.Keep {
		w.guard.cut(cutting{fd: fd, c: c, why: verdict.Reason}) // which counts it as revoked
		return
	}
	c.cut = true
	if c.id.cut(fd) {
		w.guard.log().Debug("subscriber cut: its subscription could not be told from that of others; it comes back", zap.Stringer("peer", c.id.peer))
	}
}

// greet sends what the current connection, which has just subscribed to topic, is to have.
func (w *welcome) greet(fd int, c *clientConn, topic []byte) {
	frames := w.Frames(string(topic))
	if !w.Replay && len(frames) > 1 {
		frames = frames[len(frames)-1:]
	}
	now, size := time.Now(), owedBytes(frames, w.guard.backend)
	if !w.owed.room(size, now, w.cutStuck) {
		w.noRoom(fd, c, now)
		return
	}
	if size > 0 {
		w.owed.give(fd, c, size, now)
	}
	if w.Replay {
		for _, frame := range frames {
			w.send(frame)
		}
		w.set(optUnsubscribe, topic)
		w.replayed = append(w.replayed, current{fd, c})
	} else if len(frames) > 0 {
		err := w.sendOne(frames[0], topic)
		if errors.Is(err, syscall.EAGAIN) {
			w.cut(fd, c) // it must come again
			return
		}
		if err != nil {
			w.guard.log().Error("welcome not sent", zap.Error(err))
			return
		}
	}
	if len(frames) > 0 {
		w.given++
	}
}

// sendOne sends a frame to the current connection alone, which has just subscribed to topic. It returns [syscall.EAGAIN], and has sent nothing, when it took too long to get here: as
// long as nothing waits to be read nobody with subscriptions has left meanwhile, and the current connection is what it was; after that it is not known.
func (w *welcome) sendOne(frame, topic []byte) error {
	err := w.turn.welcome(w.s.raw, frame, w.fresh)
	for i := 0; errors.Is(err, syscall.EAGAIN) && i < welcomeTries; i++ {
		if !w.idle { // since this one came
			w.set(optUnsubscribe, topic)
		}
		w.refresh()
		if processCommands(w.s.raw) {
			return err
		}
		if !w.idle {
			w.set(optSubscribe, topic)
		}
		err = w.turn.welcome(w.s.raw, frame, w.fresh)
	}
	return err
}

// cutStuck cuts a subscriber that does not take its welcome. It comes back.
func (w *welcome) cutStuck(fd int, c *clientConn) {
	if c.cut = true; c.id.cut(fd) && w.lines.allow(time.Now()) {
		w.guard.log().Warn("subscriber cut: it takes nothing of what was kept for it, and others wait", zap.Stringer("peer", c.id.peer))
	}
}

// noRoom is called when too much waits for subscribers already. One to a replay is cut, and comes back; others do without.
func (w *welcome) noRoom(fd int, c *clientConn, now time.Time) {
	if w.lines.allow(now) {
		w.guard.log().Warn("subscriber gets nothing of what is kept: too much waits for others", zap.Stringer("peer", c.id.peer), zap.Int64("bytes", w.owed.total))
	}
	if w.Replay {
		w.cut(fd, c)
	}
}

// suspect is called when a connection has ended. It may have done so in the middle of a replay, which then was not taken back, and that subscriber would get
// the replays of others too.
func (w *welcome) suspect() {
	for _, r := range w.replayed {
		if w.guard.conns.byFD[r.fd] == r.c {
			w.cut(r.fd, r.c)
		}
	}
	w.replayed = w.replayed[:0]
}

func (w *welcome) send(frame []byte) {
	if _, err := w.turn.send(w.s.raw, frame, w.idle); err != nil {
		w.guard.log().Error("welcome not sent", zap.Error(err))
	}
}

func (w *welcome) set(option int, topic []byte) {
	if err := setOption(w.s.raw, option, topic); err != nil {
		w.guard.log().Error("subscription not applied", zap.Int("option", option), zap.Error(err))
	}
}
