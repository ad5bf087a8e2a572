package monitor

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/httpd"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

//go:embed page
var pageFiles embed.FS

// pageTemplate is made when somebody looks at the page first: with it every start of the program would take 0.2 ms longer.
var pageTemplate = sync.OnceValue(func() *template.Template { return template.Must(template.ParseFS(pageFiles, "page/page.html")) })

// pagePolicy lets the page load what stands beside it, and nothing else; nothing in it runs that does not come from there.
const pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Bounds of the page.
const (
	pagePublishers = 500
	pageEvents     = 25
)

// StatusPage is what the page of a daemon shows besides its publishers, events and health.
type StatusPage struct {
	// Title is what the daemon is.
	Title string
	// Summary is one readable line.
	Summary func() string
	// Kinds are those of its events.
	Kinds []string
	// Links are paths below v1 that the page leads to, as "routes".
	Links []string
	// Columns of the table of publishers behind state, name, aliases, backend, address and age, and what stands in them.
	Columns []Column
	Cells   func(*Publisher) []Cell
	// Before and After are tables that stand before and behind that of the publishers. Nil: there are none.
	Before, After func() []Table
}

// Table is a table on the page.
type Table struct {
	ID      string // a word
	Title   string
	Columns []Column
	Rows    []Row
	Empty   string // what stands there without rows
}

// Column is one of a [Table].
type Column struct {
	Title  string
	Number bool
}

// Row is one of a [Table]: the key tells it from others.
type Row struct {
	Key   string
	Cells []Cell
}

// Cell is one of a [Row].
type Cell struct {
	Text  string
	Class Class // of a badge; empty: the text is no badge
}

// Class is how something stands, which is also said in words.
type Class string

// The classes.
const (
	Plain Class = "plain"
	Good  Class = "good"
	Warn  Class = "warn"
	Bad   Class = "bad"
)

// pageData is what the template has.
type pageData struct {
	*StatusPage
	Host, Version, Kinds, Summary string
	Health                        Cell
	Now                           time.Time
	Error                         string
	Filter                        pageFilter
	Count                         string
	Publishers                    Table
	Before, After                 []Table
	Events                        []pageEvent
}

// pageFilter is the form as it is filled in.
type pageFilter struct {
	Name, Host       string
	Backends, States []option
}

type option struct {
	Value  string
	Chosen bool
}

// ShowPage adds the page, with the publishers of Show. Before Listen.
func (m *Monitor) ShowPage(page *StatusPage) {
	host, err := os.Hostname()
	if err != nil {
		host = "this host"
	}
	m.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { m.servePage(w, r, page, host) })
	for name, kind := range map[string]string{"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"} {
		content, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			panic("monitor: " + err.Error())
		}
		m.HandleFunc("GET /"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind+"; charset=utf-8")
			_, _ = w.Write(content) // a peer that has gone is no error of ours
		})
	}
}

func (m *Monitor) servePage(w http.ResponseWriter, r *http.Request, page *StatusPage, host string) {
	data := pageData{
		StatusPage: page, Host: host, Version: daemon.Version(), Kinds: strings.Join(page.Kinds, " "), Summary: page.Summary(),
		Health: m.health(), Now: time.Now().UTC(), Events: recentEvents(m.Events.Recent(pageEvents)),
	}
	if page.Before != nil {
		data.Before = page.Before()
	}
	if page.After != nil {
		data.After = page.After()
	}
	status := http.StatusOK
	q, err := readQuery(r, m.listing.States, widened)
	if err != nil {
		status, data.Error = http.StatusBadRequest, err.Error()
	}
	data.Filter = newFilter(r.URL.Query(), m.listing.States)
	q.limit, q.offset = pagePublishers, 0
	var found Page
	if !m.listing.inTurn(r.Context(), func() { found = m.listing.worstFirst(q) }) {
		return
	}
	data.Publishers, data.Count = page.publishers(found.Publishers), counted(found)
	var text bytes.Buffer
	if err := pageTemplate().ExecuteTemplate(&text, "page.html", data); err != nil {
		httpd.WriteError(w, http.StatusInternalServerError, "the page can't be made: "+err.Error())
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", pagePolicy)
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // a peer that has gone is no error of ours
}

// health is how the daemon is.
func (m *Monitor) health() Cell {
	switch {
	case !m.Health.Well():
		return Cell{"stuck", Bad}
	case !m.Health.Ready():
		return Cell{"not ready", Warn}
	}
	return Cell{"serves", Good}
}

// widened lets words of names and hosts be found that are a part of them: people type so.
func widened(values url.Values) url.Values {
	wide := make(url.Values)
	for key, given := range values {
		for _, text := range given {
			if (key == "name" || key == "host") && text != "" && !strings.ContainsAny(text, `*?[\`) {
				text = "*" + text + "*"
			}
			wide.Add(key, text)
		}
	}
	return wide
}

func newFilter(values url.Values, states []string) pageFilter {
	options := func(key string, all ...string) (options []option) {
		for _, value := range all {
			options = append(options, option{value, values.Get(key) == value})
		}
		return options
	}
	return pageFilter{
		Name: values.Get("name"), Host: values.Get("host"),
		Backends: options("backend", string(transport.Plain), string(transport.Secure)), States: options("state", states...),
	}
}

// counted says how many there are.
func counted(page Page) string {
	if page.Total > len(page.Publishers) {
		return fmt.Sprintf("The first %d of %d; the filter leads to others.", len(page.Publishers), page.Total)
	}
	if page.Total == 1 {
		return "1 publisher."
	}
	return fmt.Sprintf("%d publishers.", page.Total)
}

// publishers is their table.
func (s *StatusPage) publishers(all []Publisher) Table {
	t := Table{ID: "publishers", Empty: "None.", Columns: append([]Column{
		{"State", false}, {"Name", false}, {"Aliases", false}, {"Backend", false}, {"Address", false}, {"Last heard", true},
	}, s.Columns...)}
	seen := make(map[string]int)
	for i := range all {
		p := &all[i]
		cells := []Cell{
			{p.State, stateClass(p.State)}, {Text: cmp.Or(p.Name, "-")}, {Text: aliases(p.Aliases)}, {Text: backend(p.Backend)}, {Text: p.URI}, {Text: age(p.Age)},
		}
		if s.Cells != nil {
			cells = append(cells, s.Cells(p)...)
		}
		key := p.URI
		if seen[key]++; seen[key] > 1 { // two sources of a relay
			key = fmt.Sprintf("%s %d", p.URI, seen[key])
		}
		t.Rows = append(t.Rows, Row{key, cells})
	}
	return t
}

// stateClass is how it stands with a publisher in a state of either daemon.
func stateClass(state string) Class {
	switch state {
	case "live", "connected":
		return Good
	case "silent", "unconfirmed":
		return Warn
	case "dead", "missing":
		return Bad
	}
	return Plain
}

// shownAliases bounds the aliases in a table.
const shownAliases = 10

func aliases(all []string) string {
	if len(all) > shownAliases {
		return strings.Join(all[:shownAliases], ", ") + fmt.Sprintf(" and %d more", len(all)-shownAliases)
	}
	return strings.Join(all, ", ")
}

func backend(b string) string {
	switch b {
	case string(transport.Plain):
		return "plain"
	case string(transport.Secure):
		return "secure"
	}
	return b
}

func age(seconds *float64) string {
	if seconds == nil {
		return "never"
	}
	return Ago(time.Duration(*seconds * float64(time.Second)))
}

// Ago writes how long ago something was, as people read it.
func Ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}
