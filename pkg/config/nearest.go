package config

import (
	"fmt"
	"strconv"
	"strings"
)

// nearest returns the name that was probably meant by got.
func nearest(got string, names []string) (string, bool) {
	got = strings.ToLower(strings.ReplaceAll(got, "-", "_"))
	best, bestCost, bestDistance := "", 0, 0
	for _, name := range names {
		steps := distance(got, name)
		cost := steps
		// Leaving out a word, or adding one, is one slip: keepalive_intvl is tcp_keepalive_intvl.
		if len(got) >= 4 && (strings.Contains(name, got) || strings.Contains(got, name)) {
			cost = min(steps, 1+steps/4)
		}
		if cost > max(2, len(got)/4) {
			continue
		}
		if best == "" || cost < bestCost || cost == bestCost && steps < bestDistance {
			best, bestCost, bestDistance = name, cost, steps
		}
	}
	return best, best != ""
}

// suggest is the hint that names the nearest name, empty when none is near.
func suggest(got string, names []string) string {
	if near, ok := nearest(got, names); ok && near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return ""
}

// distance is the number of letters to insert, delete, replace or swap with their neighbour to make b of a
// (optimal string alignment).
func distance(a, b string) int {
	const longest = 100 // what is longer is no slip of the pen
	if len(a) > longest || len(b) > longest {
		return max(len(a), len(b))
	}
	var before, last []int
	for j := range len(b) + 1 {
		last = append(last, j)
	}
	for i := 1; i <= len(a); i++ {
		row := append(make([]int, 0, len(b)+1), i)
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d := min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row = append(row, d)
		}
		before, last = last, row
	}
	return last[len(b)]
}

// quotedOr lists names for people: "a", "b" or "c".
func quotedOr(names []string) string {
	var b strings.Builder
	for i, name := range names {
		switch {
		case i == 0:
		case i == len(names)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(name))
	}
	return b.String()
}
