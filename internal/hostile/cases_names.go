package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
)

// evilNames are names that mean something to what shows them: pages, metrics, logs, terminals. They are JSON.
var evilNames = []text{
	{"markup", `<script>alert(1)</script><img src=x onerror=alert(1)>`},
	{"end-of-an-attribute", `\" onmouseover=\"alert(1)`},
	{"end-of-a-label", `x\"} 1\nhostile_evil 1\n# HELP x y`},
	{"end-of-a-line", `x\n{\"level\":\"error\",\"message\":\"evil\"}\r\n`},
	{"event", `x\n\nevent: evil\ndata: {}\n\n`},
	{"terminal", `\u001b]0;evil\u0007\u001b[2J\u009b2J`},
	{"nul", `x\u0000y`},
	{"template", `{{.}} {{printf \"%s\" .}} ${x} $(x)`},
	{"format", `%s%n%x%99999999d`},
	{"path", `../../../etc/passwd`},
	{"right-to-left", `\u202egpj.exe\u2066`},
	{"not-a-character", `\uffff\ufffe\ud83d\ude00`},
	{"backslashes", `\\\\\\\"\\`},
	{"long", strings.Repeat("x", 700)},
	{"empty", ``},
	{"date", `2024-01-01T00:00:00+23:59`},
}

// nameCases give a publisher such a name, or send messages that have them. What is shown of them means nothing but a name.
func nameCases() []testCase {
	announced := table("name", registering, evilNames, func(a *attack, name string) error {
		data := fmt.Sprintf(`{"URI": "tcp://127.0.0.1:1", "service": ["hostile", "%s"], "%s": "%s"}`, name, name, name)
		if err := a.announce(announceHead + data); err != nil {
			return err
		}
		if err := eventually(a, func() error { return a.w.isKnown(a, "hostile") }); err != nil {
			return err
		}
		return errors.Join(a.shows("tls", a.w.ports.https), a.withdraw(data))
	})
	published := table("name", called("sources"), evilNames, func(a *attack, name string) error {
		subject := strings.Join(strings.Fields(unquoted(name)), "")
		return errors.Join(a.publish(func(conn net.Conn) error {
			p, err := a.letIn(conn, "PUB")
			if err != nil {
				return err
			}
			return p.send(0, fmt.Sprintf(`pytroll://%s/x file %s{"uid": "%s", "uri": "%s"}`, subject, head, name, name))
		}), a.shows("tcp", a.w.ports.http))
	})
	for i := range published {
		published[i].name += "-of-a-message"
	}
	return append(oneIn(2, announced), oneIn(2, published)...)
}

// unquoted is the text of a JSON string.
func unquoted(name string) (text string) {
	if json.Unmarshal([]byte(`"`+name+`"`), &text) != nil {
		return ""
	}
	return text
}

// sample is a line of metrics (the text format of Prometheus): a label's value has no quote and no line end of its own.
var sample = regexp.MustCompile(`^(#.*|[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*",?)*\})? [0-9eE+.NaInf-]+)$`)

// shows looks at what a program shows over HTTP.
func (a *attack) shows(network string, port int) error {
	addr := fmt.Sprintf("%s:%d", home, port)
	page, err1 := a.w.fetch(a, network, addr, "/")
	metrics, err2 := a.w.fetch(a, network, addr, "/metrics")
	listed, err3 := a.w.fetch(a, network, addr, "/v1/publishers")
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	var errs []error
	if strings.Contains(page, "<script>alert") || strings.Contains(page, "<img") || strings.Contains(page, `" onmouseover="`) {
		errs = append(errs, fmt.Errorf("the page has %.2000q", page))
	}
	for line := range strings.Lines(metrics) {
		if line = strings.TrimSuffix(line, "\n"); !sample.MatchString(line) || strings.HasPrefix(line, "hostile_evil") {
			errs = append(errs, fmt.Errorf("metrics have %.300q", line))
		}
	}
	if !json.Valid([]byte(listed)) {
		errs = append(errs, fmt.Errorf("no JSON: %.1000q", listed))
	}
	return errors.Join(errs...)
}
