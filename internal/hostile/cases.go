package main

import (
	"fmt"
	"slices"
	"strings"
)

// allCases are all there are, in the order in which they run.
func allCases() []testCase {
	return slices.Concat(
		requestCases(), announcementCases(), datagramCases(), multipartCases(),
		rawCases(), greetingCases(), handshakeCases(), frameCases(), subscriptionCases(), curveCases(), curveSessionCases(),
		floodCases(), httpCases(), publisherCases(), nameserverCases(), nameCases(), stateCases(), logCases(), settingsCases(), narrowCases(),
	)
}

// The heads of messages that cases are made of.
const (
	head         = "u@h 2024-05-17T09:41:12 v1.01 application/json "
	announceHead = "pytroll://address/x info " + head
	requestHead  = "pytroll://oper/ns request " + head
)

// text is a name and what is sent.
type text struct{ name, bytes string }

// table makes a case of each text.
func table(kind string, at []socket, texts []text, run func(a *attack, bytes string) error) (all []testCase) {
	for _, t := range texts {
		all = append(all, large(kind+"/"+t.name, at, func() string { return t.bytes }, run))
	}
	return all
}

// large makes a case of a text that is made when it is sent: what is large is not kept for as long as cases run.
func large(name string, at []socket, bytes func() string, run func(a *attack, bytes string) error) testCase {
	return testCase{name: name, at: at, run: func(a *attack) error { return run(a, bytes()) }}
}

// oneIn leaves one of n in the short form.
func oneIn(n int, all []testCase) []testCase {
	for i := range all {
		all[i].slow = all[i].slow || i%n != 0
	}
	return all
}

// nested is JSON of so many levels.
func nested(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }

// nestedObjects is the same of objects.
func nestedObjects(levels int) string {
	return strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels)
}

// many joins n texts.
func many(n int, format string) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, format, i)
	}
	return all.String()
}
