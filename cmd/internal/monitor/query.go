package monitor

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/httpd"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Bounds of an answer.
const (
	defaultLimit = 1000
	maxLimit     = 10_000
	// maxPatterns is how many a query has of names, and of hosts: each is held against all names of all publishers.
	maxPatterns = 10
	// maxQueries is how many are answered at the same time, so that those who ask leave the daemon time for its work.
	maxQueries = 2
)

// query says which publishers are asked for: those for which one of each list holds that is not empty.
type query struct {
	names, hosts     []string // patterns (path.Match), folded
	backends, states []string
	limit, offset    int
}

// parameters are those of a query.
var parameters = []string{"name", "host", "backend", "state", "limit", "offset"}

// readQuery reads the query of a request, for which prepare may change what was given.
func readQuery(r *http.Request, states []string, prepare func(url.Values) url.Values) (query, error) {
	values, err := httpd.ReadQuery(r, parameters...)
	if err != nil {
		return query{limit: defaultLimit}, err
	}
	return parseQuery(prepare(values), states)
}

// asGiven changes nothing.
func asGiven(values url.Values) url.Values { return values }

// parseQuery reads a query with these parameters; states are those that there are.
func parseQuery(values url.Values, states []string) (q query, err error) {
	q = query{limit: defaultLimit}
	backends := []string{string(transport.Plain), string(transport.Secure)}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		given := values[key]
		switch key {
		case "name":
			q.names, err = patterns(given)
		case "host":
			q.hosts, err = patterns(given)
		case "backend":
			q.backends, err = oneOf(given, backends)
		case "state":
			q.states, err = oneOf(given, states)
		case "limit":
			q.limit, err = number(given, 1, maxLimit)
		case "offset":
			q.offset, err = number(given, 0, 1<<30)
		}
		if err != nil {
			return q, fmt.Errorf("%s: %w", key, err)
		}
	}
	return q, nil
}

// patterns checks patterns, and folds them. An empty one is none, as forms of browsers send it.
func patterns(given []string) ([]string, error) {
	given = slices.DeleteFunc(slices.Clone(given), func(p string) bool { return p == "" })
	if len(given) > maxPatterns {
		return nil, fmt.Errorf("%d of them, want %d at most", len(given), maxPatterns)
	}
	for i, p := range given {
		if _, err := path.Match(p, ""); err != nil {
			return nil, fmt.Errorf("%q is no pattern", p)
		}
		given[i] = fold(p)
	}
	return given, nil
}

func oneOf(given, known []string) ([]string, error) {
	given = slices.DeleteFunc(slices.Clone(given), func(s string) bool { return s == "" })
	for _, s := range given {
		if !slices.Contains(known, s) {
			return nil, fmt.Errorf("%q is none of %s", s, strings.Join(known, ", "))
		}
	}
	return given, nil
}

func number(given []string, least, most int) (int, error) {
	text := cmp.Or(given[len(given)-1], strconv.Itoa(least))
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%q is no number from %d to %d", text, least, most)
	}
	return n, nil
}

// wants tells whether q asks for p.
func (q *query) wants(p *Publisher) bool {
	return (len(q.names) == 0 || matches(q.names, p.Name) || slices.ContainsFunc(p.Aliases, func(a string) bool { return matches(q.names, a) })) &&
		(len(q.hosts) == 0 || matches(q.hosts, p.Host)) &&
		(len(q.backends) == 0 || slices.Contains(q.backends, p.Backend)) &&
		(len(q.states) == 0 || slices.Contains(q.states, p.State))
}

// matches tells whether one of the patterns, which are good and folded, is that of s.
func matches(patterns []string, s string) bool {
	s = fold(s)
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, _ := path.Match(p, s)
		return ok
	})
}

// fold makes a text such that case does not count, and a slash is a letter like any other.
func fold(s string) string { return strings.ReplaceAll(strings.ToLower(s), "/", "\x00") }
