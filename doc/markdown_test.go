package doc

import (
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fileLines returns the lines of a file in this directory.
func fileLines(t *testing.T, name string) iter.Seq[string] {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.SplitSeq(string(b), "\n")
}

// tableRows returns the cells of all table rows in a file, heads included.
func tableRows(t *testing.T, name string) iter.Seq[[]string] {
	t.Helper()
	lines := fileLines(t, name)
	return func(yield func([]string) bool) {
		for line := range lines {
			if inner, ok := strings.CutPrefix(line, "|"); ok && !strings.HasPrefix(inner, "---") {
				if !yield(strings.Split(strings.TrimSuffix(strings.TrimSpace(inner), "|"), "|")) {
					return
				}
			}
		}
	}
}

// TestLinks checks that the links between our own pages lead to files and headings that exist.
func TestLinks(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	top, err := filepath.Glob("../*.md")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	checked := 0
	for _, page := range append(pages, top...) {
		for line := range fileLines(t, page) {
			for _, m := range link.FindAllStringSubmatch(line, -1) {
				if strings.Contains(m[1], "://") {
					continue
				}
				checked++
				checkLink(t, page, m[1])
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d links found", checked)
	}
}

func checkLink(t *testing.T, page, link string) {
	t.Helper()
	file, anchor, _ := strings.Cut(link, "#")
	target := page
	if file != "" {
		target = filepath.Join(filepath.Dir(page), file)
	}
	if _, err := os.Stat(target); err != nil {
		t.Errorf("%s: link to %s: %v", page, link, err)
		return
	}
	if anchor == "" {
		return
	}
	for line := range fileLines(t, target) {
		if strings.HasPrefix(line, "#") && slug(line) == anchor {
			return
		}
	}
	t.Errorf("%s: link to %s: no such heading", page, link)
}

// notInSlugs matches what is left out when a heading becomes an anchor.
var notInSlugs = regexp.MustCompile(`[^a-z0-9 _-]`)

func slug(heading string) string {
	text := strings.ToLower(strings.TrimSpace(strings.TrimLeft(heading, "#")))
	return strings.ReplaceAll(notInSlugs.ReplaceAllString(text, ""), " ", "-")
}
