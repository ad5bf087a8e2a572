package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pytroll/posttroll-go/internal/textlines"
)

// The forms of a verdict, and what writes them. at is when the check was over; notes are what was told besides.
var checkFormats = map[string]func(v *verdict, notes []string, at time.Time) string{
	"nagios":     func(v *verdict, notes []string, _ time.Time) string { return v.nagios(notes) },
	"json":       func(v *verdict, notes []string, at time.Time) string { return v.json(notes, at) },
	"prometheus": func(v *verdict, _ []string, at time.Time) string { return v.prometheus(at) },
}

// nagios is the verdict as monitoring plugins write it: a line with performance data, and further lines with the details.
func (v *verdict) nagios(notes []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s%s\n", strings.ToUpper(v.check), v.state(), plain(v.text()), v.performance())
	if len(v.parts) > 1 {
		for _, p := range v.parts {
			fmt.Fprintf(&b, "[%s] %s\n", p.state, plain(p.named()))
		}
	}
	if v.hint != "" {
		fmt.Fprintf(&b, "hint: %s\n", plain(v.hint))
	}
	for _, note := range notes {
		fmt.Fprintln(&b, plain(note))
	}
	return b.String()
}

// plain keeps what comes from elsewhere from being taken for performance data, or for another line.
func plain(text string) string { return strings.ReplaceAll(textlines.Printable(text), "|", "/") }

// performance is the performance data of all measures.
func (v *verdict) performance() string {
	var data []string
	for _, p := range v.parts {
		for _, m := range p.measures {
			label := m.name
			if len(v.parts) > 1 {
				label = p.of + " " + label
			}
			data = append(data, m.performance(label))
		}
	}
	if len(data) == 0 {
		return ""
	}
	return " | " + strings.Join(data, " ")
}

// performance is 'label'=value[UOM];warn;crit;min;max. All that is measured is at least 0, but for the offset of clocks.
func (m *measure) performance(label string) string {
	least := "0"
	if m.quantity == clockOffset {
		least = ""
	}
	label = strings.NewReplacer("'", "", "=", "").Replace(plain(label)) // the guidelines' only way to have them
	return strings.TrimRight(fmt.Sprintf("'%s'=%s%s;%s;%s;%s", label, m.number(), m.unit, rangeText(m.warn), rangeText(m.crit), least), ";")
}

// number is the value, times in microseconds.
func (m *measure) number() string {
	if m.unit == "s" {
		return fmt.Sprintf("%.6f", m.value)
	}
	return number(m.value)
}

func rangeText(b *bounds) string {
	if b == nil {
		return ""
	}
	return b.String()
}

// Lines of doc/json-lines.md: keys and their meaning stay.
type (
	verdictLine struct {
		Time   time.Time  `json:"time"`
		Check  string     `json:"check"`
		Target string     `json:"target"`
		Status string     `json:"status"`
		Exit   int        `json:"exit_status"`
		Text   string     `json:"text"`
		Hint   string     `json:"hint,omitempty"`
		Parts  []partLine `json:"parts"`
		Notes  []string   `json:"notes,omitempty"`
	}
	partLine struct {
		Of      string        `json:"of"`
		Status  string        `json:"status"`
		Text    string        `json:"text"`
		Metrics []measureLine `json:"metrics"`
	}
	measureLine struct {
		Name   string  `json:"name"`
		Value  float64 `json:"value"`
		Unit   string  `json:"unit,omitempty"`
		Warn   string  `json:"warn,omitempty"`
		Crit   string  `json:"crit,omitempty"`
		Status string  `json:"status"`
	}
)

// json is the verdict as one JSON object on a line.
func (v *verdict) json(notes []string, at time.Time) string {
	line := verdictLine{
		Time: at.UTC().Truncate(time.Millisecond), Check: v.check, Target: v.target, Status: lower(v.state()), Exit: int(v.state()),
		Text: v.text(), Hint: v.hint, Parts: []partLine{}, Notes: notes,
	}
	for _, p := range v.parts {
		one := partLine{Of: p.of, Status: lower(p.state), Text: p.text, Metrics: []measureLine{}}
		for _, m := range p.measures {
			one.Metrics = append(one.Metrics, measureLine{m.name, m.value, m.unit, rangeText(m.warn), rangeText(m.crit), lower(m.state())})
		}
		line.Parts = append(line.Parts, one)
	}
	text, err := json.Marshal(line)
	if err != nil {
		panic("ptctl: a verdict is no JSON: " + err.Error())
	}
	return string(text) + "\n"
}

func lower(s state) string { return strings.ToLower(s.String()) }

// prometheus is the verdict as metrics in the text format, for the textfile collector of node_exporter.
func (v *verdict) prometheus(at time.Time) string {
	all := map[string]*family{}
	labels := [][2]string{{"check", v.check}, {"target", v.target}}
	add := func(name, help, value string, more ...[2]string) {
		if all[name] == nil {
			all[name] = &family{help: help}
		}
		all[name].add(name, value, append(slices.Clone(labels), more...))
	}
	add("posttroll_check_status", "Result of the check: 0 OK, 1 warning, 2 critical, 3 unknown.", fmt.Sprint(int(v.state())))
	add("posttroll_check_timestamp_seconds", "When the check was made.", fmt.Sprintf("%d.%03d", at.Unix(), at.Nanosecond()/1e6))
	for _, p := range v.parts {
		of := [2]string{"of", p.of}
		add("posttroll_check_part_status", "Result of a part of the check: 0 OK, 1 warning, 2 critical, 3 unknown.", fmt.Sprint(int(p.state)), of)
		for _, m := range p.measures {
			name := "posttroll_check_" + m.name
			if m.unit == "s" {
				name += "_seconds"
			}
			add(name, m.help, m.number(), of)
		}
	}
	var b strings.Builder
	for _, name := range sortedKeys(all) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n%s", name, all[name].help, name, strings.Join(all[name].samples, ""))
	}
	return b.String()
}

// family is a metric with its samples.
type family struct {
	help    string
	samples []string
}

func (f *family) add(name, value string, labels [][2]string) {
	var text []string
	for _, l := range labels {
		text = append(text, fmt.Sprintf(`%s="%s"`, l[0], labelValue.Replace(strings.ToValidUTF8(l[1], "\uFFFD"))))
	}
	f.samples = append(f.samples, fmt.Sprintf("%s{%s} %s\n", name, strings.Join(text, ","), value))
}

// labelValue escapes what the text format has a meaning for.
var labelValue = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// replaceFile writes a file that is there whole at any time, which others may read.
func replaceFile(path, text string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
