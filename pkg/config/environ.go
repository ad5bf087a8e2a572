package config

import (
	"fmt"
	"slices"
	"strings"
)

// prefix begins the names of all variables of posttroll.
const prefix = "POSTTROLL_"

// Variables of before there was a prefix. The first two rank below files, as in Python, where they change the default.
const (
	oldNameserverPort = "NAMESERVER_PORT"
	oldMulticastGroup = "PYTROLL_MC_GROUP"
	multicastTTL      = "PYTROLL_MC_TTL"
)

// Variables that donfig, which Python posttroll reads its settings with, takes as names of YAML files and directories.
var donfigVariables = []string{"POSTTROLL_CONFIG", "POSTTROLL_ROOT_CONFIG"}

// oldVariables reads what ranks below files.
func (l *loader) oldVariables(environ []string) {
	for _, old := range []struct{ name, key string }{
		{oldNameserverPort, "nameserver_port"},
		{oldMulticastGroup, "mc_group"},
	} {
		value, ok := lookup(environ, old.name)
		if !ok {
			continue
		}
		f := l.table.byKey[old.key]
		l.warn(Warning{Origin: Origin{Variable: old.name}, Text: "old name of a setting", Hint: "use " + f.variable()})
		l.variable(f, old.name, value)
	}
}

// variables reads what ranks above files.
func (l *loader) variables(environ []string) {
	if value, ok := lookup(environ, multicastTTL); ok {
		l.variable(l.table.byKey["mc_ttl"], multicastTTL, value)
	}
	for _, entry := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(entry, "=")
		switch {
		case slices.Contains(donfigVariables, name):
			l.donfigVariable(name, value)
		case strings.HasPrefix(name, prefix):
			l.prefixed(name, value)
		default:
			l.misspeltPrefix(name)
		}
	}
}

// prefixed reads POSTTROLL_NAME. As in Python, the case of NAME does not count.
func (l *loader) prefixed(name, value string) {
	key := strings.ToLower(strings.TrimPrefix(name, prefix))
	if f := l.table.byKey[key]; f != nil {
		l.variable(f, name, value)
		return
	}
	w := Warning{Origin: Origin{Variable: name}, Text: "unknown setting, ignored"}
	if near, ok := nearest(key, l.table.keys(false)); ok {
		w.Hint = fmt.Sprintf("did you mean %s%s?", prefix, strings.ToUpper(near))
	}
	l.warn(w)
}

// misspeltPrefix warns of names like POSTROLL_BACKEND.
func (l *loader) misspeltPrefix(name string) {
	head, tail, ok := strings.Cut(name, "_")
	if !ok {
		return
	}
	f := l.table.byKey[strings.ToLower(tail)]
	if f != nil && distance(head, strings.TrimSuffix(prefix, "_")) <= 2 {
		l.warn(Warning{
			Origin: Origin{Variable: name},
			Text:   "no setting of posttroll, ignored",
			Hint:   fmt.Sprintf("did you mean %s?", f.variable()),
		})
	}
}

func (l *loader) donfigVariable(name, value string) {
	if strings.HasSuffix(strings.ToLower(value), ".toml") {
		l.warn(Warning{
			Origin: Origin{Variable: name},
			Text:   "names a TOML file, which ends Python programs when they start; it is not read here either",
			Hint:   "unset it: programs read " + Directory + "/" + sharedName + " by themselves, and --config names another",
		})
	}
}

// variable sets f from the environment.
func (l *loader) variable(f *field, name, text string) {
	from := Origin{Variable: name}
	v, ok := parseLiteral(text)
	switch {
	case !ok:
		v = text
	case v == nil:
		l.unset(f, from)
		return
	}
	if f.takesText() {
		// A word that happens to be a Python literal is still the text that was given: a version 1.2, a name True.
		switch v.(type) {
		case bool, number:
			v = strings.TrimSpace(text)
		}
	} else if s, isText := v.(string); isText && strings.TrimSpace(s) == "" && !f.takesList() {
		return // NAME= for a number or a switch: nothing is set
	}
	l.set(f, v, assigner{loose: true}, from, nil)
}

// lookup returns the variable name of environ.
func lookup(environ []string, name string) (string, bool) {
	for _, entry := range environ {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value, true
		}
	}
	return "", false
}
