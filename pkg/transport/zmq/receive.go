package zmq

import (
	"context"
	"fmt"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Who reads what comes to a connector.
//
// The program does so itself while it is in Receive and nothing is in the inbox: it waits for the socket's signal and takes what has come. Were there a goroutine that
// reads and hands over, each batch would wake two of them, and as a rule a thread for the second; that costs as much again as what libzmq does.
//
// While the program does something else, for longer than a moment (presence), the stand-in reads into the inbox, so that what comes is neither lost in
// full queues nor held up. It stands down when the program comes to read itself.
//
// From a publisher of this process (inproc) nothing is on the way but libzmq's queue, which may be full within a millisecond. Where there is one the stand-in reads
// as soon as the program does something else.

// receive waits for frames and returns those that are there: a batch, or what the stand-in has read.
func (c *connector) receive(ctx context.Context) ([]transport.Frame, error) {
	for {
		if c.isClosed() {
			return nil, transport.ErrClosed
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if frames, bytes := c.in.take(); len(frames) > 0 {
			if c.store == nil {
				c.pressure.add(bytes)
			}
			return frames, nil
		}
		if err := c.readFor(ctx); err != nil {
			return nil, err
		}
	}
}

// pending takes in what has come by now, and tells whether there is something to receive.
func (c *connector) pending() bool {
	if !c.in.some() {
		c.enter()
		c.readUntil(c.in.some)
		c.leave()
	}
	return c.in.some()
}

// readFor reads until the inbox has something, ctx ends, or the socket.
func (c *connector) readFor(ctx context.Context) error {
	c.enter()
	defer c.leave()
	// What comes may be refused, all of it and without end.
	enough := func() bool { return c.in.some() || ctx.Err() != nil }
	if c.readUntil(enough); enough() {
		return nil
	}
	stop := context.AfterFunc(ctx, c.kick)
	defer stop()
	err := c.attend(c.signal, func() { c.readUntil(enough) }, enough)
	if err != nil && !c.isClosed() {
		return fmt.Errorf("wait for the socket: %w", err)
	}
	return nil
}

// enter makes the caller the one who reads.
func (c *connector) enter() {
	c.presence.enter()
	if !c.reading.TryLock() {
		c.kick()
		c.reading.Lock()
	}
}

func (c *connector) leave() {
	c.reading.Unlock()
	c.presence.leave()
}

// programLeft is called when the program has not been receiving for a while.
func (c *connector) programLeft() {
	if c.lock() != nil {
		return
	}
	defer c.mu.Unlock()
	c.reader.Go(c.standIn)
}

// standIn reads until the program comes to do so.
func (c *connector) standIn() {
	if !c.reading.TryLock() {
		return // the program is back, and we are called again when it leaves
	}
	defer c.reading.Unlock()
	c.attendUntil(c.signal, func() { c.readUntil(c.presence.isHere) }, c.presence.isHere)
}

// readUntil reads batches until nothing has come, the inbox has no room, or enough is true.
func (c *connector) readUntil(enough func() bool) {
	for !enough() && c.read() {
	}
}

// read reads a batch. It returns false when there is no more now, or no room.
func (c *connector) read() bool {
	if c.lock() != nil {
		return false
	}
	more := c.readBatch()
	news := len(c.events) > 0
	c.mu.Unlock()
	if news {
		kick(c.monitor.signal)
	}
	return more
}
