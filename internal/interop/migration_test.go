package interop

import (
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// TestMigration moves a network to the secure backend, program by program, as doc/security.md has it: first the nameserver gets keys, then
// subscribers move, then publishers. What is not itself moved is never restarted, and goes on receiving.
func TestMigration(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	k := m.keys(t, ours, "1.16")
	const python speaker = "1.16"
	nameserver := m.nameserver(t, ours, multicast)

	moved := &site{machine: m, keys: k, publishers: map[string]*testbed.Process{}, subscribers: map[string]*testbed.Process{}}
	// On a port of its own it has the same address before and after.
	fixed := publication{name: "python-fixed", port: 9010}
	free := publication{name: "python-free"}
	mine := publication{name: "ours-fixed", port: 9011}
	late := publication{name: "python-stays"} // moves never
	moved.publish(t, python, plain, fixed, free, late)
	moved.publish(t, ours, plain, mine)
	moved.subscribe(t, python, plain, "python", "python-stays")
	moved.subscribe(t, ours, plain, "ours", "ours-stays")
	everything := []publication{fixed, free, mine, late}
	moved.await(t, everything, "python", "python-stays", "ours", "ours-stays")

	t.Log("the nameserver gets keys")
	m.end(t, nameserver)
	m.nameserver(t, ours, multicast, k.server(plain)...)
	moved.await(t, everything, "python", "python-stays", "ours", "ours-stays")
	moved.subscribe(t, python, plain, "python-new") // as if nothing had happened
	moved.await(t, everything, "python-new")

	t.Log("subscribers move")
	moved.subscribe(t, python, secure, "python")
	moved.subscribe(t, ours, secure, "ours")
	moved.await(t, everything, "python", "ours", "python-stays", "python-new", "ours-stays")

	t.Log("publishers move")
	moved.publish(t, python, secure, fixed, free)
	moved.publish(t, ours, secure, mine)
	moved.await(t, everything, "python", "ours")

	t.Log("who has not moved has left those who have, and hears the rest")
	for _, name := range []string{"python-stays", "python-new"} {
		moved.subscribers[name].WaitLine(0, `{"removed": "tcp://`+m.address()+`:9010"}`)
		moved.subscribers[name].WaitLine(0, `{"removed": "tcp://`+m.address()+`:9011"}`)
	}
	newcomer := publication{name: "python-newcomer"}
	moved.publish(t, python, plain, newcomer)
	moved.await(t, []publication{late, newcomer}, "python", "ours", "python-stays", "python-new", "ours-stays")
}

// site is what runs on a network that moves.
type site struct {
	*machine
	keys        keyring
	publishers  map[string]*testbed.Process
	subscribers map[string]*testbed.Process
}

// publish starts publishers, or restarts them with another backend.
func (s *site) publish(t *testing.T, who speaker, backend string, pubs ...publication) {
	t.Helper()
	for _, pub := range pubs {
		if p := s.publishers[pub.name]; p != nil {
			s.end(t, p)
		}
		env := []string{"POSTTROLL_BACKEND=" + plain}
		if backend == secure {
			env = s.keys.server(secure)
		}
		pub.services, pub.announced = []string{"service"}, multicast
		s.publishers[pub.name] = s.publisher(t, who, pub, env...)
	}
}

// subscribe starts subscribers, or restarts them with another backend.
func (s *site) subscribe(t *testing.T, who speaker, backend string, names ...string) {
	t.Helper()
	for _, name := range names {
		if p := s.subscribers[name]; p != nil {
			s.end(t, p)
		}
		env := []string{"POSTTROLL_BACKEND=" + plain}
		if backend == secure {
			env = s.keys.client(secure)
			if who != ours {
				env = append(env, "POSTTROLL_ADDRESS_PUBLISH_PORT=16544")
			}
		}
		s.subscribers[name] = s.subscriber(t, who, "service", "localhost", env...)
	}
}

// await waits until each of the subscribers has received a message more from each publisher.
func (s *site) await(t *testing.T, pubs []publication, subscribers ...string) {
	t.Helper()
	for _, name := range subscribers {
		sub := s.subscribers[name]
		from := len(sub.Lines())
		for _, pub := range pubs {
			awaitMessageFrom(t, sub, from, pub)
		}
	}
}
