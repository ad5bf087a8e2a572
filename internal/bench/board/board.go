// Package board is the page of memory that publishers, subscribers and the one who measures them share, and how publishers are told what to do.
//
// A publisher at full speed loses most of what it sends, in every language: a queue is full, and losing takes time of whoever is measured. So each
// subscriber counts on the board what it has received, and a publisher keeps a number of messages on their way at most; nothing may be
// lost then. It works between programs in C, Go and Python alike, costs them a store to memory for each message, and whoever
// measures reads the counts itself.
//
// The layout, all of it words of 64 bits in the order of the machine, is also in c/board.h and py/board.py:
//
//	63 lines of 64 bytes    one for each subscriber; its first word: messages received. Where there are more than 63 the first one is for all of them: messages that
//	                        each has received, on average
//	a line                  its first word: number of the message from which on delays are noted, counted from 1; 0: they are not; its second word: messages that
//	                        publishers in C have sent, who share it where there are several
//	65536 words             when message N was to be sent, at N modulo 65536; ns since 1970
//	65536 words             how long after that it had arrived, ns
package board

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// Slots is the number of subscribers that a board has room for.
	Slots = 63
	// Ring is the number of messages whose times are kept.
	Ring = 1 << 16
)

type line struct {
	word atomic.Uint64
	_    [7]uint64
}

type page struct {
	slots  [Slots]line
	noting line
	sent   [Ring]atomic.Uint64
	delays [Ring]atomic.Uint64
}

// Board is the page. What belongs to one subscriber is written by that one alone.
type Board struct {
	*page
	memory []byte
}

// Create makes the file of a board.
func Create(name string) (*Board, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(int64(unsafe.Sizeof(page{}))); err != nil {
		_ = f.Close()
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	return Open(name)
}

// Open maps the file of a board. It stays mapped as long as the process runs, unless it is closed.
func Open(name string) (*Board, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	memory, err := unix.Mmap(int(f.Fd()), 0, int(unsafe.Sizeof(page{})), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", name, err)
	}
	return &Board{(*page)(unsafe.Pointer(&memory[0])), memory}, nil
}

// Close unmaps the board, which must not be used any more.
func (b *Board) Close() error { return unix.Munmap(b.memory) }

// SetReceived tells how many messages a subscriber has.
func (b *Board) SetReceived(slot int, n uint64) { b.slots[slot].word.Store(n) }

// Received returns how many messages all of the first subscribers have.
func (b *Board) Received(subscribers int) uint64 {
	least := b.slots[0].word.Load()
	if subscribers > Slots {
		return least
	}
	for i := 1; i < subscribers; i++ {
		least = min(least, b.slots[i].word.Load())
	}
	return least
}

// NoteArrival notes the delay of message n, where that is wanted.
func (b *Board) NoteArrival(n uint64) {
	if from := b.noting.word.Load(); from != 0 && n >= from {
		b.delays[n%Ring].Store(uint64(time.Now().UnixNano()) - b.sent[n%Ring].Load())
	}
}

// Delays returns the delays of messages, after they have arrived.
func (b *Board) Delays(from uint64, count int) []time.Duration {
	all := make([]time.Duration, count)
	for i := range all {
		all[i] = time.Duration(b.delays[(from+uint64(i))%Ring].Load())
	}
	return all
}
