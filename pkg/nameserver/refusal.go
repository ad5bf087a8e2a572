package nameserver

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/registry"
)

// Reasons for refusing something, besides those of [discovery.Reason]: short and constant, they label counters.
const (
	reasonMultipart  = "multipart"          // more than one frame
	reasonTooLong    = "too_long"           // above Config.MaxRequestBytes
	reasonDecode     = "not_a_message"      // cannot be decoded, or ends Python peers
	reasonNoService  = "no_service"         // a request that does not ask for a service
	reasonForeign    = "foreign_host"       // with Config.RestrictToLocalhost
	reasonNotOwner   = "foreign_withdrawal" // of a publisher that belongs to another source
	reasonTableFull  = "table_full"
	reasonSourceFull = "source_full"

	reasonRate    = "too_many"         // in a second, while others wait
	reasonChanges = "too_many_changes" // in a second

	reasonForeignChange = "foreign_change" // of the backend, or of anything that belongs to a key
)

// LookupRefusals are the keys of [Stats].RefusedLookups.
func LookupRefusals() []string {
	return []string{reasonMultipart, reasonTooLong, reasonDecode, reasonNoService, reasonRate}
}

// AnnouncementRefusals are the keys of [Stats].Refused.
func AnnouncementRefusals() []string {
	reasons := []string{
		reasonMultipart, reasonTooLong, reasonDecode, reasonForeign, reasonNotOwner, reasonTableFull, reasonSourceFull, reasonRate, reasonChanges, reasonForeignChange,
	}
	for _, reason := range discovery.Reasons() {
		if reason != discovery.ReasonOther { // which is ignored, and not refused
			reasons = append(reasons, string(reason))
		}
	}
	return reasons
}

// refusal is why an announcement or a request was refused.
type refusal struct {
	reason string
	uri    string // of the publisher, where it is known
	err    error
}

func (r *refusal) Error() string { return r.err.Error() }

func (r *refusal) Unwrap() error { return r.err }

func refuse(reason, format string, args ...any) *refusal {
	return &refusal{reason: reason, err: fmt.Errorf(format, args...)}
}

// asRefusal gives err, of any package, a reason.
func asRefusal(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	if r, ok := errors.AsType[*discovery.RefusedError](err); ok {
		return &refusal{reason: string(r.Reason), uri: r.URI, err: r.Err}
	}
	return &refusal{reason: reasonDecode, err: err}
}

// refusals counts what was refused by reason, and logs it once for each source and reason, and again when it still happens an hour later. It
// may be used concurrently.
type refusals struct {
	log    *zap.Logger
	what   string // "announcement refused"
	lines  *lines
	recent recent[refusalKey]

	mu     sync.Mutex
	counts map[string]uint64
}

type refusalKey struct {
	source registry.Source
	reason string
}

func newRefusals(log *zap.Logger, what string, lines *lines) *refusals {
	return &refusals{log: log, what: what, lines: lines, counts: make(map[string]uint64)}
}

func (r *refusals) add(from registry.Source, err error) {
	why := asRefusal(err)
	r.mu.Lock()
	r.counts[why.reason]++
	r.mu.Unlock()
	now := time.Now()
	again, ok := r.recent.news(refusalKey{from, why.reason}, now)
	if !ok || !r.lines.allow(r.what, "", from.Addr, now) {
		return
	}
	fields := append(who(from), zap.String("cause", why.reason), zap.Error(why.err))
	if why.uri != "" {
		fields = append(fields, zap.String("uri", why.uri))
	}
	if again > 0 {
		fields = append(fields, zap.Uint64("count", again))
	}
	r.log.Warn(r.what, fields...)
}

// byReason returns a copy of the counters.
func (r *refusals) byReason() map[string]uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.counts)
}
