// Package registry is the table of live publishers that a nameserver keeps: announce, withdraw, look up by service, expire.
//
// It is pure: no network, no encoding but that of the time of receipt, and no clock but the time that each call passes in. What a lookup
// returns is put together from bytes that were encoded when the publisher was announced, so its cost depends on what it finds and
// not on what else is listed.
//
//	table := registry.New(registry.Config{MaxAge: 10 * time.Minute, Grace: 30 * time.Second})
//	outcome, _, err := table.Announce(publisher, time.Now())
//	...
//	entries, found := table.AppendMatches(nil, registry.Query{Service: "viirs"})
//
// What an entry looks like on the wire, and the rules for matching, order and expiry, are in doc/protocol.md, section 4.
//
// All methods may be called concurrently: the registry locks. No call holds the lock for longer than it takes to change a few hundred
// entries, or to copy what a lookup returns.
package registry

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Why an announcement or a withdrawal is refused.
var (
	// ErrTableFull says that Config.MaxEntries are listed already, or that they have reached the memory for so many (see EntryMemory). What is
	// listed is never evicted for something new.
	ErrTableFull = errors.New("table full")
	// ErrSourceFull says the same of Config.MaxPerSource and the entries of one source.
	ErrSourceFull = errors.New("too many or too large entries of one source")
	// ErrUnknown says that a publisher that is withdrawn is not listed.
	ErrUnknown = errors.New("unknown publisher")
	// ErrForeign says that an entry is not the one's to change who tries; see [Source].
	ErrForeign = errors.New("announced by another source")
)

// Config configures a [Registry].
type Config struct {
	// MaxAge is how long an entry stays without being renewed; it goes when it is strictly older.
	MaxAge time.Duration
	// Grace is the time from a withdrawal to the removal that [Registry.Expire] reports.
	Grace time.Duration
	// DeadGrace is the same for [Registry.Bury].
	DeadGrace time.Duration
	// MaxEntries and MaxPerSource bound the table as a whole and for one source address, in number and in memory (see EntryMemory);
	// 0: no bound. Withdrawn entries count until they are removed.
	MaxEntries, MaxPerSource int
}

// The memory in bytes that there is for entries: EntryMemory for each of Config.MaxEntries and Config.MaxPerSource, so that few large
// entries, or ones of thousands of names, are bounded as well as many small ones, and LeastMemory in any case. That of a usual
// publisher with two names takes about 1500.
const (
	EntryMemory = 4 << 10
	LeastMemory = 1 << 20
)

// Publisher is a publisher as it is announced. The registry copies what it keeps.
type Publisher struct {
	URI      string // the key
	Name     string // the word behind the first slash of the announcement's subject
	Services Services
	// Data is the entry as JSON, from its opening brace up to but without the last pair, the time of receipt, which the registry
	// writes: `{"URI": "tcp://h:9000", "service": ["x"], "status": true, "name": "address"`.
	Data []byte
	// NaiveData is the same with the offset of each time in it cut off, for peers of message version v1.01; nil: no different.
	NaiveData []byte
	// Secure entries are found only by a [Query] that asks for them.
	Secure bool
	// Source is where the announcement came from. The first one owns the entry, which counts against the share of its address.
	Source Source
	// Way is how it came.
	Way Way
	// Mark stands for all of the announcement but its time, for [Registry.RenewMarked]. The zero value: it has none.
	Mark Mark
}

// Services are what a publisher offers: a list of names, or one text.
type Services struct {
	Names []string
	// Text says that `service` was one text and no list; Names holds it alone. Lookups find it by any part of it.
	Text bool
}

func (s Services) clone() Services {
	names := make([]string, len(s.Names))
	for i, name := range s.Names {
		names[i] = strings.Clone(name)
	}
	return Services{Names: names, Text: s.Text}
}

// Outcome is what an announcement did.
type Outcome int

// The outcomes.
const (
	Added     Outcome = iota + 1
	Renewed           // known, and nothing in it is new
	Confirmed         // known from before the start, and not heard of since
	Changed           // known, with other data than before
	Returned          // known and withdrawn: listed again, at its old place
	Moved             // known with the other backend: it was plain and is secure now, or was secure and is plain
)

// Removal is an entry that left the table.
type Removal struct {
	URI       string
	Name      string
	Services  Services
	Secure    bool
	Source    Source
	Since     time.Time // last announcement, or the withdrawal
	Withdrawn bool      // it said so
	Dead      bool      // it was buried; with neither it was not renewed in time
}

// Registry is a table of live publishers.
type Registry struct {
	mu        sync.RWMutex
	cfg       Config
	seq       uint64
	byURI     map[string]*entry
	total     share
	perSource map[netip.Addr]share
	index     index
	live      [ways]queue // entries by last announcement, the oldest first
	withdrawn queue       // withdrawn entries by withdrawal
	dead      queue       // buried entries by when that was

	unconfirmed int    // entries that are
	version     uint64 // see Version
}

// New makes an empty table.
func New(cfg Config) *Registry {
	return &Registry{
		cfg:       cfg,
		byURI:     make(map[string]*entry),
		perSource: make(map[netip.Addr]share),
		index:     newIndex(),
	}
}

// Configure changes ages and bounds. Entries beyond a smaller bound stay.
func (r *Registry) Configure(cfg Config) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cfg = cfg
}

// Len is the number of entries that lookups can find, secure ones among them.
func (r *Registry) Len() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.listed()
}

// Count is the same by how they speak.
func (r *Registry) Count() (plain, secure int) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for i := range r.live {
		secure += r.live[i].secure
	}
	return r.listed() - secure, secure
}

// Announce adds or renews p. An entry keeps its place for as long as it is listed. Of one that has [Moved] it returns what was listed
// before.
//
// The error is [ErrTableFull] or [ErrSourceFull], for publishers that are not listed yet, and for a change that makes an entry larger; and
// [ErrForeign] for a change that is not for this source to make. Then the entry stays as it was, and is not renewed.
func (r *Registry) Announce(p Publisher, now time.Time) (outcome Outcome, before *Removal, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.byURI[p.URI]; ok {
		return r.renew(e, p, now)
	}
	if err := r.room(p.Source.Addr, share{entries: 1, memory: p.memory()}); err != nil {
		return 0, nil, err
	}
	r.seq++
	e := newEntry(p, r.seq)
	e.touch(now)
	r.list(e)
	r.live[e.way].push(e)
	return Added, nil, nil
}

func (r *Registry) renew(e *entry, p Publisher, now time.Time) (outcome Outcome, before *Removal, err error) {
	outcome = Renewed
	if !bytes.Equal(e.encoded.data(), p.Data) || e.name != p.Name {
		if outcome, before, err = r.change(e, p); err != nil {
			return 0, nil, err
		}
	}
	r.adopt(e, p.Source)
	r.queueOf(e).remove(e)
	if first := r.confirm(e); first && outcome == Renewed {
		outcome = Confirmed
	} else if !first {
		e.heard(now)
	}
	if e.withdrawn {
		e.withdrawn, e.dead, e.reach = false, false, Untried
		if outcome != Moved {
			outcome = Returned
		}
	}
	if outcome != Renewed || e.way != p.Way {
		r.version++
	}
	e.way, e.mark = p.Way, p.Mark
	e.touch(now)
	r.live[e.way].push(e)
	return outcome, before, nil
}

// change gives e the data of p.
func (r *Registry) change(e *entry, p Publisher) (outcome Outcome, before *Removal, err error) {
	outcome = Changed
	if e.secure != p.Secure {
		outcome, before = Moved, new(e.removal())
		e.reach = Untried
	}
	guarded := !e.withdrawn && (outcome == Moved || e.source.Client != "")
	if guarded && !e.source.yieldsTo(p.Source) {
		return 0, nil, ErrForeign
	}
	if err := r.room(e.source.Addr, share{memory: p.memory() - e.memory}); err != nil {
		return 0, nil, err
	}
	r.account(e, -1)
	r.index.leave(e)
	r.queueOf(e).note(e, -1)
	e.set(p)
	r.queueOf(e).note(e, +1)
	r.index.addServices(e)
	r.account(e, +1)
	return outcome, before, nil
}

// Withdraw takes the entry of uri out of what lookups find. The table forgets it, and [Registry.Expire] reports it,
// when it has not been announced again within the time of grace. The error is [ErrUnknown] or [ErrForeign]; withdrawing again changes nothing.
func (r *Registry) Withdraw(uri string, source Source, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.byURI[uri]
	switch {
	case !ok:
		return ErrUnknown
	case e.withdrawn:
		return nil
	case !e.source.endsBy(source):
		return ErrForeign
	}
	r.queueOf(e).remove(e)
	r.confirm(e)
	e.withdrawn = true
	e.since = now
	r.version++
	r.withdrawn.push(e)
	return nil
}
