package zmq

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// An answer that is larger than somebody takes is an error that says so, and not a silence until the time is over. Where the connection came and went before
// anybody looked it is told at the end of the time; so there are some tries.
func TestLargeAnswer(t *testing.T) {
	t.Parallel()
	r := echo(t, "tcp://127.0.0.1:0", transport.SocketOptions{})
	tr := newTransport(t, Options{})
	question := bytes.Repeat([]byte("x"), 100_000)
	ask := func(most int64, wait time.Duration) ([]byte, error) {
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		defer cancel()
		return tr.Request(ctx, transport.Address{Endpoint: r.Endpoint()}, question, transport.SocketOptions{MaxMessage: most})
	}
	if answer, err := ask(150_000, patience); err != nil || len(answer) < len(question) {
		t.Fatalf("got %d bytes, %v", len(answer), err)
	}
	for try := 1; ; try++ {
		_, err := ask(50_000, time.Second)
		if err == nil || !strings.Contains(err.Error(), "of more than 50000 bytes") {
			t.Fatalf("got %v", err)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			break
		}
		if lost, ok := errors.AsType[*transport.LostError](err); !ok || lost.Times == 0 || lost.MaxMessage != 50_000 {
			t.Fatalf("got %v, which does not tell that connections were lost", err)
		}
		if t.Logf("try %d: %v", try, err); try == 20 {
			t.Fatal("never at once")
		}
	}
}
