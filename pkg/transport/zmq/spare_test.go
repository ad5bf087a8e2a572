package zmq

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// generous is a replier that answers with as many bytes as it is asked for.
func generous(t *testing.T) transport.Replier {
	t.Helper()
	r, err := newTransport(t, Options{}).Replier(transport.ReplierConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			requests, err := r.Receive(context.Background())
			if err != nil {
				return
			}
			for _, q := range requests {
				if err := r.Reply(q, reply(q.Body)); err != nil {
					t.Errorf("Reply: %v", err)
				}
			}
		}
	})
	t.Cleanup(func() { must(t, r.Close()); serving.Wait() })
	return r
}

// reply is what generous answers: the last byte of the question, again and again.
func reply(question []byte) []byte {
	size := binary.BigEndian.Uint32(question)
	return bytes.Repeat(question[3:], int(size))
}

// askFor asks for that many bytes.
func askFor(t *testing.T, from *zmq4.Socket, size int) {
	t.Helper()
	question := binary.BigEndian.AppendUint32(nil, uint32(size))
	_, err := from.SendBytes(question, 0)
	must(t, err)
	got, err := from.RecvBytes(0)
	must(t, err)
	if !bytes.Equal(got, reply(question)) {
		t.Errorf("a reply of %d bytes came as %d others", size, len(got))
	}
}

// TestLargeReplies: replies arrive as they are, whoever had their memory before.
func TestLargeReplies(t *testing.T) {
	t.Parallel()
	r, peers := generous(t), newPeers(t)
	var asking sync.WaitGroup
	for client := range 6 {
		from := peers.connected(zmq4.REQ, r.Endpoint())
		asking.Go(func() {
			for i := range 20 {
				askFor(t, from, []int{largeBytes - 1, largeBytes, largeBytes + client, 3*largeBytes - i, 8 << 20, 9<<20 + client, 1 + i}[(i+client)%7])
			}
		})
	}
	asking.Wait()
}

// TestLargeRepliesLeaveNoMemory: what is kept for further replies goes back when none come.
func TestLargeRepliesLeaveNoMemory(t *testing.T) {
	if !alone(t) {
		return
	}
	r, peers := generous(t), newPeers(t)
	var clients []*zmq4.Socket
	for range 4 {
		clients = append(clients, peers.connected(zmq4.REQ, r.Endpoint()))
	}
	all := func(uint64) bool { return true }
	before := mappedBytes(t, all)
	var asking sync.WaitGroup
	for _, from := range clients {
		asking.Go(func() {
			for range 10 {
				askFor(t, from, 6<<20)
			}
		})
	}
	asking.Wait()
	const most = 8 << 20
	eventually(t, fmt.Sprintf("no more than %d bytes more than before", most), func() bool {
		return mappedBytes(t, all) <= before+most
	})
}

// noLooks keeps the C library from being told to look, but by the test.
func noLooks() {
	heap.mu.Lock()
	defer heap.mu.Unlock()
	heap.pending = true
}

// TestSparesAreOfLargeReplies: what is kept is of replies after which memory is looked after.
func TestSparesAreOfLargeReplies(t *testing.T) {
	if !alone(t) {
		return
	}
	noLooks()
	r, peers := generous(t), newPeers(t)
	from := peers.connected(zmq4.REQ, r.Endpoint())
	for range 10 {
		askFor(t, from, largeBytes-1)
	}
	if n := freeSpares(); n > 0 {
		t.Errorf("%d blocks are kept, want none", n)
	}
	eventually(t, "a block to be kept", func() bool {
		askFor(t, from, 2*largeBytes) // looking while its block is in use keeps that from being kept
		return freeSpares() > 0
	})
}

// TestSlowClientsLeaveNoMemory: replies that their client took long to read leave nothing behind, though it stays and nobody looks after memory again.
func TestSlowClientsLeaveNoMemory(t *testing.T) {
	if !alone(t) {
		return
	}
	noLooks()
	const size = 7 << 20
	r, err := newTransport(t, Options{}).Replier(transport.ReplierConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	defer r.Close()
	peer := dialRaw(t, r.Endpoint())
	must(t, peer.Conn.(*net.TCPConn).SetReadBuffer(16<<10))
	peer.greet(property("Socket-Type", "DEALER"))
	for range mostOfClient {
		answerRaw(t, r, peer, make([]byte, size))
	}
	if held := r.Stats().InFlight; held < size {
		t.Fatalf("%d bytes are in flight, want %d at least", held, size)
	}
	freeSpares()
	frame := int64(2 + 9 + size) // the empty one before it, and the head
	_, err = io.CopyN(io.Discard, peer, mostOfClient*frame)
	must(t, err)
	eventually(t, "nothing in flight", func() bool { return r.Stats().InFlight == 0 })
	answerRaw(t, r, peer, nil) // behind all that the I/O thread had to free
	if n := freeSpares(); n > 0 {
		t.Errorf("%d blocks are kept, want none", n)
	}
}

// answerRaw has from ask, and answers.
func answerRaw(t *testing.T, r transport.Replier, from rawPeer, frame []byte) {
	t.Helper()
	_, err := from.Write(append(rawFrame(1, ""), rawFrame(0, "more")...))
	must(t, err)
	requests, err := r.Receive(soon(t))
	must(t, err)
	for _, q := range requests {
		must(t, r.Reply(q, frame))
	}
}

// TestTrimAfterDroppedReply: memory is looked after also where a large reply is for one who has gone.
func TestTrimAfterDroppedReply(t *testing.T) {
	if !alone(t) {
		return
	}
	looks := make(chan struct{}, 100)
	r, err := newTransport(t, Options{Trimmed: func() { looks <- struct{}{} }}).Replier(transport.ReplierConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	defer r.Close()
	peer := dialRaw(t, r.Endpoint())
	peer.greet(property("Socket-Type", "DEALER"))
	_, err = peer.Write(append(rawFrame(1, ""), rawFrame(0, "more")...))
	must(t, err)
	requests, err := r.Receive(soon(t))
	must(t, err)
	must(t, peer.Close())
	awaitLook(t, looks) // after its end
	eventually(t, "the reply to be dropped", func() bool {
		must(t, r.Reply(requests[0], nil))
		return r.Stats().Dropped > 0
	})
	must(t, r.Reply(requests[0], make([]byte, 2*largeBytes)))
	if dropped := r.Stats().Dropped; dropped < 2 {
		t.Fatalf("%d replies were dropped, want 2", dropped)
	}
	awaitLook(t, looks)
}
