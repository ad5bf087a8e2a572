package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// different are the parts of lines that differ from one walk to the next, in the order in which they are looked for.
var different = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?`), "TIME"},
	{regexp.MustCompile(`:(49\d{3}|[56]\d{4})\b`), ":PORT"}, // that the system or a program has chosen
	{regexp.MustCompile(`:90\d\d\b`), ":90NN"},              // of the range that the incident is about
	{regexp.MustCompile(`":-?\d+\.\d+`), `":NUMBER`},        // JSON
	{regexp.MustCompile(`\[\d+\]`), "[PID]"},
	{regexp.MustCompile(`\b([a-z]+)-\d+\b`), "$1-N"},
	{regexp.MustCompile(`-?\b(\d+(\.\d+)?(h|m|s|ms|µs))+\b`), "DURATION"},
	{regexp.MustCompile(`\b\d+(\.\d+)? (h|min|s|ms|µs)\b`), "DURATION"},
	{regexp.MustCompile(`\b\d+(\.\d+)? [kMG]?B\b`), "SIZE"},
	{regexp.MustCompile(` {2,}`), " "},
	{regexp.MustCompile(` +$`), ""},
}

// number finds addresses and ports, too, so that these stay.
var number = regexp.MustCompile(`\d+(\.\d+){3}|\d+\.\d+|:\d+\b|\d{2,}`)

// normal is a line without what is different each time. Whole numbers below ten stay: so many publishers, hosts, findings.
func normal(line string) string {
	for _, d := range different {
		line = d.pattern.ReplaceAllString(line, d.name)
	}
	return number.ReplaceAllStringFunc(line, func(text string) string {
		if text[0] == ':' || strings.Count(text, ".") == 3 {
			return text
		}
		return "NUMBER"
	})
}

// compare tells what of the lines differs, but for their order.
func compare(want, got []string) string {
	sorted := func(lines []string) []string {
		var all []string
		for _, line := range lines {
			all = append(all, normal(line))
		}
		slices.Sort(all)
		return all
	}
	return cmp.Diff(sorted(want), sorted(got))
}
