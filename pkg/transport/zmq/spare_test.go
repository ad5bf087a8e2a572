package zmq

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
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
