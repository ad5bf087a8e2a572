package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	maintainer = "The Pytroll Team <pytroll@googlegroups.com>"
	// release is the number that a package of one version has besides: it grows where the same version is packaged anew.
	release    = "-1"
	unreleased = "Unreleased"
)

// section is what CHANGELOG.md says of one version.
type section struct {
	version string
	date    time.Time
	notes   []string // "nameserverd: [added] …", in one line
}

func printChangelog(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 3 {
		return fmt.Errorf("changelog takes deb or rpm, a version and a time, not %q", args)
	}
	seconds, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return fmt.Errorf("time of the commit: %w", err)
	}
	sections, err := readChangelog(in)
	if err != nil {
		return fmt.Errorf("CHANGELOG.md: %w", err)
	}
	sections, err = upTo(sections, args[1], time.Unix(seconds, 0).UTC())
	if err != nil {
		return fmt.Errorf("CHANGELOG.md: %w", err)
	}
	text := ""
	switch args[0] {
	case "deb":
		text = debChangelog(sections)
	case "rpm":
		text = rpmChangelog(sections)
	default:
		return fmt.Errorf("changelog takes deb or rpm, not %q", args[0])
	}
	_, err = io.WriteString(out, text)
	return err
}

var (
	heading = regexp.MustCompile(`^## (?:(` + unreleased + `)|(\d\S*), (\d{4}-\d\d-\d\d))$`)
	link    = regexp.MustCompile(`\[([^][]+)\]\([^()]+\)`)
)

// readChangelog reads the sections "## 1.2.3, 2027-01-31" and "## Unreleased", newest first: their points, each with the
// program that it stands under.
func readChangelog(in io.Reader) ([]section, error) {
	var sections []section
	program := ""
	note := false // whether the last line belongs to a point
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimRight(lines.Text(), " ")
		switch {
		case strings.HasPrefix(line, "## "):
			s, err := newSection(line)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			sections = append(sections, s)
			program, note = "", false
		case len(sections) == 0: // the preface
		case strings.HasPrefix(line, "### "):
			program, note = strings.TrimPrefix(line, "### ")+": ", false
		case strings.HasPrefix(line, "- "):
			last := &sections[len(sections)-1]
			last.notes = append(last.notes, program+plain(line[2:]))
			note = true
		case note && strings.HasPrefix(line, "  "):
			last := &sections[len(sections)-1]
			last.notes[len(last.notes)-1] += " " + plain(strings.TrimSpace(line))
		default:
			note = false
		}
	}
	if len(sections) == 0 {
		return nil, errors.Join(lines.Err(), errors.New("no section of a version"))
	}
	return sections, lines.Err()
}

func newSection(line string) (section, error) {
	m := heading.FindStringSubmatch(line)
	if m == nil {
		return section{}, fmt.Errorf("%q is neither \"## VERSION, YYYY-MM-DD\" nor \"## %s\"", line, unreleased)
	}
	if m[1] != "" {
		return section{version: unreleased}, nil
	}
	date, err := time.Parse(time.DateOnly, m[3])
	return section{version: m[2], date: date}, err
}

// plain takes the marks out of a line of Markdown that mean nothing in a plain text.
func plain(line string) string { return link.ReplaceAllString(line, "$1") }

// upTo returns what a package of this version tells, and since when. A released version must have its section; what has no tag
// stands under the name that its package has.
func upTo(sections []section, version string, date time.Time) ([]section, error) {
	if isSnapshot(version) {
		if sections[0].version != unreleased {
			sections = append([]section{{notes: []string{"All programs: a state between two versions."}}}, sections...)
		}
		sections[0].version, sections[0].date = version, date
		return sections, nil
	}
	if sections[0].version == unreleased {
		sections = sections[1:]
	}
	if len(sections) == 0 || sections[0].version != strings.ReplaceAll(version, "~", "-") {
		return nil, fmt.Errorf("no section \"## %s, DATE\" at the top: name the version before it is tagged", strings.ReplaceAll(version, "~", "-"))
	}
	sections[0].version = version
	return sections, nil
}

// debChangelog writes the form of Debian Policy 4.4.
func debChangelog(sections []section) string {
	var b strings.Builder
	for i, s := range sections {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "posttroll (%s%s) unstable; urgency=medium\n\n", s.version, release)
		for _, note := range s.notes {
			b.WriteString(fold("  * ", "    ", note))
		}
		fmt.Fprintf(&b, "\n -- %s  %s\n", maintainer, s.date.Format(time.RFC1123Z))
	}
	return b.String()
}

// rpmChangelog writes the file that nfpm reads for the changelog of an rpm. Quoted as Go quotes, texts are also YAML's.
func rpmChangelog(sections []section) string {
	var b strings.Builder
	for _, s := range sections {
		fmt.Fprintf(&b, "- semver: %q\n  date: %s\n  packager: %q\n  changes:\n", s.version+release, s.date.Format(time.RFC3339), maintainer)
		for _, note := range s.notes {
			fmt.Fprintf(&b, "    - note: %q\n", strings.TrimRight(fold("", "  ", note), "\n"))
		}
	}
	return b.String()
}

// fold breaks a text into lines of at most 79 characters.
func fold(first, rest, text string) string {
	var b strings.Builder
	line := first
	empty := true
	for word := range strings.FieldsSeq(text) {
		if !empty && len([]rune(line))+1+len([]rune(word)) > 79 {
			b.WriteString(line + "\n")
			line, empty = rest, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	b.WriteString(line + "\n")
	return b.String()
}
