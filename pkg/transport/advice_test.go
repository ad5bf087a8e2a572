package transport_test

import (
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Whatever failed, there is something to look at; and no setting about keys where there are none.
func TestAdvice(t *testing.T) {
	t.Parallel()
	for _, f := range []transport.Failure{
		transport.FailedServerKey, transport.FailedRefused, transport.FailedSilent, transport.FailedMechanism, transport.FailedProtocol,
	} {
		for _, b := range []transport.Backend{transport.Plain, transport.Secure} {
			if f.Advice(b) == "" {
				t.Errorf("%s, %s: no advice", f, b)
			}
		}
	}
	if got := transport.FailedSilent.Advice(transport.Plain); strings.Contains(got, "key") {
		t.Errorf("of a plain peer: %s", got)
	}
	if got := transport.Failure("").Advice(transport.Secure); got != "" {
		t.Errorf("nothing failed, and yet: %s", got)
	}
}
