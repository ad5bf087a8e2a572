package zmq

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// Bounds of what Receive returns at once. What is beyond them waits in libzmq, which takes one request of each connection after the other, so who floods us does not
// have all others wait behind what it has sent.
const (
	maxTaken      = 1024
	maxTakenBytes = 512 << 10 // or one batch more
)

// Receive waits for requests and returns those that are there, maxTaken at most. Who receives reads the socket itself, since handing over each request to another
// goroutine took longer than to answer it: one at a time reads, and as long as nobody does what comes stays in libzmq, for each connection apart.
func (r *replier) Receive(ctx context.Context) (requests []transport.Request, err error) {
	if err := r.sit(ctx); err != nil {
		return nil, err
	}
	defer r.rise()
	for again := true; again; again = r.busy.nap(r.alarm) {
		if requests, err = r.take(ctx); len(requests) > 0 || err != nil {
			r.busy.note(time.Now())
			return requests, err
		}
	}
	defer context.AfterFunc(ctx, r.kick)()
	for {
		failed := r.alarm.sleep(func() bool {
			requests, err = r.take(ctx)
			return len(requests) > 0 || err != nil
		})
		if len(requests) > 0 || err != nil {
			r.busy.note(time.Now())
			return requests, err
		}
		if !errors.Is(failed, os.ErrDeadlineExceeded) {
			return nil, fmt.Errorf("receive on %s: %w", r.endpoint, failed)
		}
	}
}

// sit waits for the place of who receives.
func (r *replier) sit(ctx context.Context) error {
	select {
	case r.seat <- struct{}{}:
	case <-r.done:
		return transport.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	// Close waits for whoever sits.
	if err := r.lock(); err != nil {
		<-r.seat
		return err
	}
	r.reader.Add(1)
	r.mu.Unlock()
	return nil
}

func (r *replier) rise() {
	<-r.seat
	r.reader.Done()
}

// take reads what is there, as much as may be taken at once.
func (r *replier) take(ctx context.Context) (requests []transport.Request, err error) {
	if err := r.lock(); err != nil {
		return nil, err
	}
	defer r.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	bytes := 0
	for more := true; more && len(requests) < maxTaken && bytes < maxTakenBytes; {
		if more, err = r.batch.recv(r.raw); err != nil {
			r.log.Error("receive", zap.Stringer("uri", r.endpoint), zap.Error(err))
			break // what came before is answered
		}
		for p := range r.batch.parts() {
			if request, ok := r.request(p); ok {
				requests = append(requests, request)
				bytes += len(request.Body) + itemCost
			}
		}
	}
	r.batch.release() // the program may take its time
	r.stats.Received += uint64(len(requests))
	r.asleep = len(requests) == 0
	return requests, nil
}

// request takes in a frame, and returns the request that it completes.
func (r *replier) request(p part) (request transport.Request, ok bool) {
	request, done, ok := r.next.add(p)
	if done && !ok {
		r.stats.Malformed++
	}
	if ok && r.guard != nil {
		_, request.Identity, ok = r.guard.accept(p) // else it is of one who is admitted no more
	}
	return request, ok
}
