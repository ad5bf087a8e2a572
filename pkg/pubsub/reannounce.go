package pubsub

import (
	"errors"
	"fmt"

	"github.com/pytroll/posttroll-go/pkg/discovery"
)

// Reannounce replaces the aliases under which the publisher is found, and what it tells of relaying. Nameservers hear of it at once. Those of Python
// posttroll list it from then on, but their change feed tells of an address only once: subscribers that are waiting for a new alias do not hear
// of it there. The error says why it can't be announced, as when it does not fit a datagram; then all stays as it was. A publisher that nobody is told of
// takes anything.
func (p *Publisher) Reannounce(aliases []string, r discovery.Relaying) error {
	var errs []error
	for _, told := range p.announcing {
		errs = append(errs, told.Reannounce(services(p.name, aliases), r))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("announce publisher %q: %w", p.name, err)
	}
	return nil
}

// AliasRoom returns how many bytes are left for more aliases ([discovery.ServiceSize]) where these and r are announced, within the 1024 bytes of a datagram. It
// is below 0 when these are too much already. A publisher that nobody is told of has no room.
func (p *Publisher) AliasRoom(aliases []string, r discovery.Relaying) (int, error) {
	var room int
	for i, told := range p.announcing {
		left, err := told.Room(services(p.name, aliases), r)
		if err != nil {
			return 0, fmt.Errorf("announce publisher %q: %w", p.name, err)
		}
		if i == 0 || left < room {
			room = left
		}
	}
	return room, nil
}
