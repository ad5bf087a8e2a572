package step

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/pytroll/posttroll-go/internal/fieldpath"
)

// rewriter is a [Rewrite] that is checked.
type rewriter struct {
	uri      []uriRule
	fields   []fieldpath.Path
	requests []hostRule
	sender   []hostRule
	senders  memo
}

// uriRule is a [URIRule] that is checked: one of prefix, where that is not empty, or of host.
type uriRule struct {
	hostRule

	prefix string
}

// hostRule is a [HostRule] that is checked.
type hostRule struct {
	host glob // in lower case
	to   string
}

var requestAddress = fieldpath.MustParse(requestKey)

func (b *builder) rewrite(key string, r Rewrite) action {
	c := &rewriter{requests: b.hostRules(key+".request_address", r.RequestAddress, true), sender: b.hostRules(key+".sender", r.Sender, false)}
	for i, rule := range r.URI {
		at := fmt.Sprintf("%s.uri[%d]", key, i+1)
		switch {
		case (rule.Host == "") == (rule.Prefix == ""):
			b.add(at, "needs either host or prefix", "")
		case rule.Host != "":
			b.hostGlob(at+".host", rule.Host)
			b.host(at+".to", rule.To, true)
		case rule.To == "":
			b.add(at+".to", "is empty: of a URI that is the prefix alone nothing would be left", `keep a part of the prefix, as prefix = "ssh://host/" and to = "/"`)
		default:
			b.word(at+".to", rule.To)
		}
		c.uri = append(c.uri, uriRule{newHostRule(rule.Host, rule.To), rule.Prefix})
	}
	for i, path := range r.Fields {
		c.fields = append(c.fields, b.path(fmt.Sprintf("%s.fields[%d]", key, i+1), path))
	}
	if len(r.Fields) > 0 && len(r.URI) == 0 {
		b.add(key+".fields", "say nothing without uri", "give uri the rules for them")
	}
	if len(r.URI)+len(r.Fields)+len(r.RequestAddress)+len(r.Sender) == 0 {
		b.add(key, "has no rule", "give uri, request_address or sender")
	}
	return c
}

func newHostRule(host, to string) hostRule { return hostRule{newGlob(strings.ToLower(host)), to} }

func (b *builder) hostRules(key string, rules []HostRule, port bool) []hostRule {
	var all []hostRule
	for i, rule := range rules {
		at := fmt.Sprintf("%s[%d]", key, i+1)
		b.hostGlob(at+".host", rule.Host)
		b.host(at+".to", rule.To, port)
		all = append(all, newHostRule(rule.Host, rule.To))
	}
	return all
}

// host checks a host that is written, which may have a port where that is said.
func (b *builder) host(key, to string, port bool) {
	if to == "" {
		b.add(key, "is empty: a host is replaced by another one, not taken away", "")
		return
	}
	before := len(b.problems)
	b.word(key, to)
	if len(b.problems) > before {
		return
	}
	host, number := splitPort(to)
	if inside, ok := strings.CutPrefix(host, "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inside, "]"))
		if err != nil || !addr.Is6() || !strings.HasSuffix(inside, "]") {
			b.add(key, fmt.Sprintf("%q is no IPv6 address", host), "")
		}
		host = "ok"
	}
	switch n, err := strconv.Atoi(number); {
	case host == "" || strings.ContainsAny(host, "/@?#:[]"):
		b.add(key, fmt.Sprintf("%q is no host", to), "an IPv6 address stands in brackets")
	case number != "" && !port:
		b.add(key, fmt.Sprintf("%q has a port, and a sender has none", to), "")
	case strings.HasSuffix(to, ":") || number != "" && (err != nil || n < 1 || n > 65535):
		b.add(key, fmt.Sprintf("%q has no port from 1 to 65535", to), "")
	}
}

func (r *rewriter) do(i *Item, _ time.Time) (Reason, error) {
	if len(r.sender) > 0 {
		i.sender = r.senders.of(i.sender, r.resent)
	}
	if len(r.uri)+len(r.requests) == 0 {
		return "", nil
	}
	if len(r.fields) == 0 && i.changeTexts(r.wantsText, r.text) {
		return "", nil
	}
	return i.change(false, r.data)
}

// resent returns what becomes of a sender.
func (r *rewriter) resent(sender string) string {
	if at := strings.IndexByte(sender, '@'); at >= 0 {
		if to, ok := replaceHost(r.sender, sender[at+1:]); ok {
			return sender[:at+1] + to
		}
	}
	return sender
}

// data rewrites what is in the data.
func (r *rewriter) data(data any) (any, bool) {
	changed := false
	if len(r.uri) > 0 {
		for file := range fieldpath.Files(data) {
			before, ok := file.Get(uriKey)
			if !ok {
				continue
			}
			if after, ok := r.value(before); ok {
				file.Set(uriKey, after)
				changed = true
			}
		}
	}
	for _, p := range r.fields {
		var now bool
		if data, now = p.Change(data, r.value); now {
			changed = true
		}
	}
	if _, now := requestAddress.Change(data, r.request); now {
		changed = true
	}
	return data, changed
}

// value rewrites a URI, or those of a list.
func (r *rewriter) value(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return r.rewritten(v)
	case []any:
		changed := false
		for n := range v {
			if text, ok := v[n].(string); ok {
				if to, now := r.rewritten(text); now {
					v[n], changed = to, true
				}
			}
		}
		return v, changed
	}
	return v, false
}

// rewritten returns what the first rule that fits makes of a URI.
func (r *rewriter) rewritten(uri string) (string, bool) {
	start, end, ok := authority(uri)
	for n := range r.uri {
		rule := &r.uri[n]
		if rule.prefix != "" {
			if rest, fits := strings.CutPrefix(uri, rule.prefix); fits {
				return rule.to + rest, rule.to != rule.prefix
			}
			continue
		}
		if !ok {
			continue
		}
		if to, fits := rule.replaceAddress(uri[start:end]); fits {
			return uri[:start] + to + uri[end:], to != uri[start:end]
		}
	}
	return uri, false
}

func (r *rewriter) request(v any) (any, bool) {
	if text, ok := v.(string); ok {
		return r.requested(text)
	}
	return v, false
}

func (r *rewriter) requested(text string) (string, bool) {
	start, end, ok := authority(text)
	if !ok {
		start, end = 0, len(text)
	}
	for n := range r.requests {
		if to, fits := r.requests[n].replaceAddress(text[start:end]); fits {
			return text[:start] + to + text[end:], to != text[start:end]
		}
	}
	return text, false
}

// authority returns where HOST or HOST:PORT stands in a URI that has a scheme, without the user. It is never empty.
func authority(uri string) (start, end int, ok bool) {
	start = strings.Index(uri, "://")
	if start <= 0 || strings.ContainsAny(uri[:start], "/?# ") {
		return 0, 0, false
	}
	start += len("://")
	end = len(uri)
	if at := strings.IndexAny(uri[start:], "/?#"); at >= 0 {
		end = start + at
	}
	start += strings.LastIndexByte(uri[start:end], '@') + 1
	return start, end, start < end
}

// splitPort splits HOST:PORT; an IPv6 address stands in brackets, which stay.
func splitPort(address string) (host, port string) {
	at := strings.LastIndexByte(address, ':')
	if at < 0 || at < strings.LastIndexByte(address, ']') {
		return address, ""
	}
	return address[:at], address[at+1:]
}

// replaceAddress returns what takes the place of an address whose host matches, with its port unless the rule has one.
func (r *hostRule) replaceAddress(address string) (string, bool) {
	host, port := splitPort(address)
	if host == "" || !r.host.matches(strings.ToLower(host)) {
		return "", false
	}
	if _, own := splitPort(r.to); own == "" && port != "" {
		return r.to + ":" + port, true
	}
	return r.to, true
}

func replaceHost(rules []hostRule, host string) (string, bool) {
	host = strings.ToLower(host)
	for n := range rules {
		if rules[n].host.matches(host) {
			return rules[n].to, true
		}
	}
	return "", false
}
