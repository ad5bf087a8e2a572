package nameserver

import (
	"strconv"
	"strings"
)

// String is one readable line: "12 publishers, 3,400 lookups".
func (s Stats) String() string { return s.line(nil) }

// line is that for the service manager, where the change feed has ports: "12 publishers, 3,400 lookups, change feed on 16543". What was refused
// stands behind it.
func (s Stats) line(feed []int) string {
	parts := []string{plural(uint64(s.Publishers), "publisher"), plural(s.Lookups, "lookup")}
	if len(feed) > 0 {
		parts = append(parts, "change feed on "+enumerate(feed))
	}
	if s.Unconfirmed > 0 {
		parts = append(parts, grouped(uint64(s.Unconfirmed))+" not heard of since the start")
	}
	for _, way := range wayNames {
		if s.Deaf[way] > 0 {
			parts = append(parts, "nobody can be heard by "+way)
		}
	}
	if refused := sum(s.Refused) + sum(s.RefusedLookups); refused > 0 {
		parts = append(parts, plural(refused, "message")+" refused")
	}
	if refused := sum(s.Access.Refused); refused > 0 {
		parts = append(parts, plural(refused, "connection")+" refused")
	}
	return strings.Join(parts, ", ")
}

// statusLine says how the nameserver is.
func (n *Nameserver) statusLine() string {
	bound := &n.sockets.Load().endpoints
	var feed []int
	for _, ports := range []Ports{bound.Ports, bound.Secure, bound.Next} {
		if len(ports.Feed) > 0 { // one port at each address
			feed = append(feed, ports.Feed[0].Port())
		}
	}
	return n.Stats().line(feed)
}

func sum[K comparable](counts map[K]uint64) uint64 {
	total := uint64(0)
	for _, n := range counts {
		total += n
	}
	return total
}

func plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// grouped writes a number as people read it: 3,400.
func grouped(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	var b strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String()
}

// enumerate writes ports as people do: "1, 2 and 3".
func enumerate(ports []int) string {
	var b strings.Builder
	for i, port := range ports {
		switch {
		case i > 0 && i == len(ports)-1:
			b.WriteString(" and ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(port))
	}
	return b.String()
}
