package monitor

import (
	"context"
	"iter"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pytroll/posttroll-go/pkg/httpd"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Publisher is a publisher as a daemon sees it. What a daemon does not know is left out.
type Publisher struct {
	Name    string   `json:"name"` // the first of its services
	Aliases []string `json:"aliases"`
	URI     string   `json:"uri"`
	Host    string   `json:"host"`
	Backend string   `json:"backend"`
	State   string   `json:"state"`
	// Heard is when the last announcement, or message, came from it, and Age how long ago that was.
	Heard *time.Time `json:"heard"`
	Age   *float64   `json:"age_seconds"`
	// Interval is the time between its announcements, the longest one of late.
	Interval float64 `json:"interval_seconds,omitempty"`
	// AnnouncedBy is the address that its announcements come from, and Client the name of the key they come with.
	AnnouncedBy string `json:"announced_by,omitempty"`
	Client      string `json:"client,omitempty"`
	// Routes are those of a relay that it feeds, Since how long its state has been what it is, and Cause why it is not connected.
	Routes  []string   `json:"routes,omitempty"`
	Since   *time.Time `json:"since,omitempty"`
	Cause   string     `json:"cause,omitempty"`
	Traffic *Traffic   `json:"traffic,omitempty"`
}

// Traffic is what has come from a publisher.
type Traffic struct {
	Messages uint64 `json:"messages"`
	Bytes    uint64 `json:"bytes"`
	// MessagesRate and BytesRate are those of a second, of the last ones.
	MessagesRate float64 `json:"messages_per_second"`
	BytesRate    float64 `json:"bytes_per_second"`
}

// NewPublisher returns a publisher with what can be told of it by its address and its services, and when it was heard; zero: never.
func NewPublisher(uri string, services []string, heard time.Time) Publisher {
	p := Publisher{URI: uri, Aliases: []string{}}
	if len(services) > 0 {
		p.Name, p.Aliases = services[0], append(p.Aliases, services[1:]...)
	}
	if at, err := transport.ConnectEndpoint(uri); err == nil {
		p.Host = at.Host()
	}
	if !heard.IsZero() {
		utc, age := heard.UTC(), max(0, time.Since(heard)).Seconds()
		p.Heard, p.Age = &utc, &age
	}
	return p
}

// Listing is where the publishers come from that a daemon shows.
type Listing struct {
	// States are those that a publisher can be in.
	States []string
	// All goes through all publishers, in an order that makes sense.
	All func() iter.Seq[Publisher]

	turns chan struct{} // of those whose queries are answered; made by Show
}

// inTurn waits until a query may be answered, and calls show, which may panic. It is false when nobody waits for the answer any more.
func (l *Listing) inTurn(ctx context.Context, show func()) bool {
	select {
	case l.turns <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	defer func() { <-l.turns }()
	show()
	return true
}

// Page is a part of a list.
type Page struct {
	Total      int         `json:"total"` // that match, on all pages
	Offset     int         `json:"offset"`
	Publishers []Publisher `json:"publishers"`
}

// page returns what a query asks for.
func (l *Listing) page(q query) Page {
	page := Page{Offset: q.offset, Publishers: []Publisher{}}
	for p := range l.All() {
		if !q.wants(&p) {
			continue
		}
		if page.Total >= q.offset && len(page.Publishers) < q.limit {
			page.Publishers = append(page.Publishers, p)
		}
		page.Total++
	}
	return page
}

// worstFirst returns the first page of what a query asks for, those before the others that are in trouble: nobody should have to look for them.
func (l *Listing) worstFirst(q query) Page {
	var page Page
	var ranks [3][]Publisher
	for p := range l.All() {
		if !q.wants(&p) {
			continue
		}
		page.Total++
		rank := 2
		switch stateClass(p.State) {
		case Bad:
			rank = 0
		case Warn:
			rank = 1
		}
		if len(ranks[rank]) < q.limit {
			ranks[rank] = append(ranks[rank], p)
		}
	}
	all := slices.Concat(ranks[:]...)
	page.Publishers = all[:min(len(all), q.limit)]
	return page
}

// Show adds the publishers of a listing: as JSON, and for Prometheus' discovery over HTTP. Before Listen.
func (m *Monitor) Show(l *Listing) {
	m.listing = l
	l.turns = make(chan struct{}, maxQueries)
	m.HandleFunc("GET /v1/publishers", l.answer(func(q query) any { return l.page(q) }))
	m.HandleFunc("GET /v1/http_sd", l.answer(func(q query) any { return targets(l.page(q).Publishers) }))
}

// answer answers a query.
func (l *Listing) answer(show func(query) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q, err := readQuery(r, l.States, asGiven)
		if err != nil {
			httpd.WriteError(w, http.StatusBadRequest, err.Error())
			return
		}
		var found any
		if l.inTurn(r.Context(), func() { found = show(q) }) {
			httpd.WriteJSON(w, found)
		}
	}
}

// target is what Prometheus wants to know of a host to look at (http_sd).
type target struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// metaLabel is what the names of the labels begin with: Prometheus drops those that begin so after relabelling.
const metaLabel = "__meta_posttroll_"

// targets are the publishers that are reached over TCP. A list is enclosed by its separators, so that one element can be looked for.
func targets(all []Publisher) []target {
	list := []target{}
	for _, p := range all {
		at, err := transport.ConnectEndpoint(p.URI)
		if err != nil || at.Scheme() != "tcp" {
			continue
		}
		list = append(list, target{
			Targets: []string{net.JoinHostPort(at.Host(), strconv.Itoa(at.Port()))},
			Labels: map[string]string{
				metaLabel + "name": p.Name, metaLabel + "aliases": "," + strings.Join(p.Aliases, ",") + ",", metaLabel + "uri": p.URI, metaLabel + "host": p.Host,
				metaLabel + "backend": p.Backend, metaLabel + "state": p.State,
			},
		})
	}
	return list
}
