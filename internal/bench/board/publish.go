package board

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// stall is how long nothing may arrive while messages are on their way, and mostLooked the most of it that counts at a time: a machine that was
	// stopped has lost nothing.
	stall, mostLooked = 5 * time.Second, 100 * time.Millisecond
	// pause is how long a publisher waits before it looks at the board again. The kernel makes some 70 µs of it.
	pause = 20 * time.Microsecond
	// Batch is the number of messages after which a publisher looks at the clock and at the board, and the most that it sends at a time.
	Batch = 16
)

// Publisher is what sends messages when it is asked to. Its commands come line by line, and each is answered with the number of messages sent so far:
//
//	begin                   waits until the subscribers are there
//	rate SECONDS            sends as fast as messages arrive
//	delay COUNT INTERVAL    sends COUNT messages, one every INTERVAL µs, and notes when
//
// The answer comes when all have arrived.
type Publisher struct {
	Board       *Board
	Subscribers int
	Window      uint64 // messages on their way at most
	// Begin waits for the subscribers. Nil: they are there.
	Begin func() error
	// Send sends so many messages, at most Batch.
	Send func(count int) error
	// SendOne makes a message and sends it: what a delay is measured of. Nil: as Send.
	SendOne func() error

	sent uint64
}

// Serve answers commands until there are no more.
func (p *Publisher) Serve(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := p.do(lines.Text()); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, p.sent); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (p *Publisher) do(command string) error {
	var seconds float64
	var count, interval int
	if command == "begin" {
		if p.Begin == nil {
			return nil
		}
		return p.Begin()
	}
	if _, err := fmt.Sscanf(command, "rate %f", &seconds); err == nil {
		return p.rate(time.Duration(seconds * float64(time.Second)))
	}
	if _, err := fmt.Sscanf(command, "delay %d %d", &count, &interval); err == nil {
		return p.delay(count, time.Duration(interval)*time.Microsecond)
	}
	return fmt.Errorf("what is %q", command)
}

func (p *Publisher) rate(d time.Duration) error {
	for end := time.Now().Add(d); time.Now().Before(end); {
		if p.sent+Batch > p.Board.Received(p.Subscribers)+p.Window {
			// Half of the window at a time, so that a publisher is not woken for each message.
			if err := p.wait(p.sent - p.Window/2); err != nil {
				return err
			}
		}
		if err := p.Send(Batch); err != nil {
			return err
		}
		p.sent += Batch
	}
	return p.wait(p.sent)
}

// wait waits until so many messages have arrived.
func (p *Publisher) wait(n uint64) error {
	var last uint64
	var idle time.Duration
	looked := time.Now()
	for got := p.Board.Received(p.Subscribers); got < n; got = p.Board.Received(p.Subscribers) {
		// Not time.Sleep, whose shortest time is a millisecond where nothing else runs.
		if err := unix.Nanosleep(&unix.Timespec{Nsec: int64(pause)}, nil); err != nil && err != unix.EINTR {
			return err
		}
		idle += min(time.Since(looked), mostLooked)
		looked = time.Now()
		if got > last {
			last, idle = got, 0
		}
		if idle > stall {
			return fmt.Errorf("of %d messages %d arrive", p.sent, got)
		}
	}
	if got := p.Board.Received(p.Subscribers); got > p.sent {
		return fmt.Errorf("of %d messages %d arrive", p.sent, got)
	}
	return nil
}

func (p *Publisher) delay(count int, interval time.Duration) error {
	p.Board.noting.word.Store(p.sent + 1)
	send := p.SendOne
	if send == nil {
		send = func() error { return p.Send(1) }
	}
	for next := time.Now(); count > 0; count-- {
		next = next.Add(interval)
		if err := sleepUntil(next); err != nil {
			return err
		}
		p.sent++
		p.Board.sent[p.sent%Ring].Store(uint64(time.Now().UnixNano()))
		if err := send(); err != nil {
			return err
		}
	}
	err := p.wait(p.sent)
	p.Board.noting.word.Store(0)
	return err
}

// sleepUntil sleeps as a program in C would, to the microsecond.
func sleepUntil(t time.Time) error {
	for {
		d := time.Until(t)
		if d <= 0 {
			return nil
		}
		ts := unix.NsecToTimespec(int64(d))
		if err := unix.Nanosleep(&ts, nil); err != nil && err != unix.EINTR {
			return err
		}
	}
}
