package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestNoReplyTellsOfLostConnections: who looks whether a nameserver is there is told when somebody was, and what may be wrong.
func TestNoReplyTellsOfLostConnections(t *testing.T) {
	t.Parallel()
	endpoint, err := transport.ParseEndpoint("tcp://h:5557")
	if err != nil {
		t.Fatal(err)
	}
	to := transport.Address{Endpoint: endpoint}
	ended := context.DeadlineExceeded
	tests := []struct {
		err  error
		want string
	}{
		{ended, "tcp://h:5557 gives no answer within 2s"},
		{fmt.Errorf("no answer: %w: %w", &transport.LostError{Times: 1, MaxMessage: 1000}, ended),
			"tcp://h:5557 gives no answer within 2s: the connection was lost once (an answer of more than 1000 bytes would do that)"},
		{fmt.Errorf("no answer: %w: %w", &transport.LostError{Times: 3, MaxMessage: 1000}, ended),
			"tcp://h:5557 gives no answer within 2s: the connection was lost 3 times (an answer of more than 1000 bytes would do that)"},
	}
	for _, test := range tests {
		if got := noReply(t.Context(), pubsub.Settings{}, to, test.err, 2*time.Second); got.Error() != test.want || errors.Is(got, ended) {
			t.Errorf("%v: got %v, want %s", test.err, got, test.want)
		}
	}
}
