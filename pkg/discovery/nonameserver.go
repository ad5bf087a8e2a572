package discovery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// ErrNoNameserver says that no nameserver answered in time. The error that wraps it names those that were asked.
var ErrNoNameserver = errors.New("no nameserver answered")

// noNameserverError says who was asked and what became of it.
type noNameserverError struct {
	asked  []transport.Address
	errs   []error // nil: no answer
	within time.Duration
}

func (e *noNameserverError) Error() string {
	var b strings.Builder
	b.WriteString(ErrNoNameserver.Error())
	for i, addr := range e.asked {
		sep := ", "
		if i == 0 {
			sep = ": asked "
		}
		fmt.Fprintf(&b, "%s%s (%s)", sep, addr, e.reason(i))
	}
	if errors.Is(errors.Join(e.Unwrap()...), context.DeadlineExceeded) {
		b.WriteString("; check that a nameserver runs there and that its port is open")
	}
	if refused, ok := errors.AsType[*transport.HandshakeError](errors.Join(e.Unwrap()...)); ok {
		b.WriteString("; " + refused.Reason.Advice(refused.Peer.Backend))
	}
	return b.String()
}

// reason is the cause in words.
func (e *noNameserverError) reason(i int) string {
	if e.errs[i] != nil {
		return e.errs[i].Error()
	}
	return fmt.Sprintf("no answer within %s", e.within)
}

func (e *noNameserverError) cause(i int) error { return cmp.Or(e.errs[i], context.DeadlineExceeded) }

// Unwrap makes it ErrNoNameserver, and each cause.
func (e *noNameserverError) Unwrap() []error {
	all := []error{ErrNoNameserver}
	for i := range e.asked {
		all = append(all, e.cause(i))
	}
	return all
}

// advice is what an operator can do about err, as a field of the log; none where it is no handshake that failed.
func advice(err error) zap.Field {
	if refused, ok := errors.AsType[*transport.HandshakeError](err); ok {
		return hint(refused.Reason, refused.Peer)
	}
	return zap.Skip()
}

func hint(why transport.Failure, peer transport.Address) zap.Field {
	return zap.String("hint", why.Advice(peer.Backend))
}
