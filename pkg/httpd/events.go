package httpd

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Event is something that happened.
type Event struct {
	// ID tells the event from all others, those of earlier runs of the daemon too.
	ID string `json:"id"`
	// Kind is a word for what happened, as "publisher_added".
	Kind string `json:"kind"`
	// Time is when it was added.
	Time time.Time `json:"time"`
	// Data is an object with what there is to say of it.
	Data json.RawMessage `json:"data"`
}

// Events keeps the last events, and tells them to whoever follows. Start from [NewEvents]. It may be used concurrently.
type Events struct {
	epoch string // of this run, in the IDs

	mu    sync.Mutex
	ring  []Event // the one with number n stands at n modulo its length
	next  uint64  // number of the next event; the first one has 1
	news  chan struct{}
	seats []*seat // of those who follow, the oldest first
}

// Bounds of [Events].
const (
	keptEvents = 1000
	maxEvent   = 4096 // bytes of JSON
	maxStreams = 16   // that follow at the same time
)

// NewEvents makes an empty list that keeps the last thousand events, of 4 KiB at most, for sixteen that follow.
func NewEvents() *Events {
	return &Events{
		epoch: strconv.FormatInt(time.Now().UnixMilli(), 36),
		ring:  make([]Event, keptEvents), next: 1, news: make(chan struct{}),
	}
}

// Add adds an event. Data is something that [json.Marshal] takes; when it is longer than 4 KiB its length stands there alone. It does not block.
func (e *Events) Add(kind string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		panic("httpd: an event that is no JSON: " + err.Error())
	}
	if len(text) > maxEvent {
		text = []byte(`{"too_long":` + strconv.Itoa(len(text)) + `}`)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ring[e.next%uint64(len(e.ring))] = Event{ID: e.id(e.next), Kind: kind, Time: time.Now().UTC(), Data: text}
	e.next++
	close(e.news)
	e.news = make(chan struct{})
}

// Recent returns the last n events, the newest first.
func (e *Events) Recent(n int) []Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	events, _ := e.since(e.next - min(uint64(max(n, 0)), e.next-1))
	slices.Reverse(events)
	return events
}

// after returns the events from the one with number next on, the number to go on with, whether some that have been there are kept no longer, and what is
// closed when there are more.
func (e *Events) after(next uint64) (events []Event, then uint64, missed bool, news <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	events, missed = e.since(next)
	return events, e.next, missed, e.news
}

// since returns copies of the events from a number on. The caller holds mu.
func (e *Events) since(number uint64) (events []Event, missed bool) {
	oldest := uint64(1)
	if kept := uint64(len(e.ring)); e.next > kept {
		oldest = e.next - kept
	}
	if number < oldest {
		number, missed = oldest, true
	}
	for ; number < e.next; number++ {
		events = append(events, e.ring[number%uint64(len(e.ring))])
	}
	return events, missed
}

func (e *Events) id(number uint64) string { return e.epoch + "-" + strconv.FormatUint(number, 10) }

// position returns the number of the event with an ID; ok is false where it is one of another run, or none.
func (e *Events) position(id string) (number uint64, ok bool) {
	text, ok := strings.CutPrefix(id, e.epoch+"-")
	if !ok {
		return 0, false
	}
	number, err := strconv.ParseUint(text, 10, 64)
	e.mu.Lock()
	defer e.mu.Unlock()
	return number, err == nil && number < e.next
}
