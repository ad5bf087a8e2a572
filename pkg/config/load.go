package config

import (
	"errors"
	"os"
	"slices"
	"strings"
)

// validator is what a target may be; its problems are told with the origin of the setting when they have a method
// ConfigKey() string.
type validator interface{ Validate() error }

// keyed is an error about one setting; other packages have it without importing this one.
type keyed interface {
	error
	ConfigKey() string
}

// Load reads the settings of src into shared and into a daemon's own structs, which hold the defaults when it is called. They are pointers
// to structs whose fields have toml tags, as [Settings]; a key may be in several of them. Then it calls the Validate method of
// each that has one.
//
// The error joins all problems found, in the order of files and lines: [*Problem] for each file, key and variable, and what the Validate methods
// returned.
// After an error the targets hold a part of the settings: a daemon that reloads reads into new ones and swaps them in on success.
// The report is never nil.
func Load(src Sources, shared *Settings, own ...any) (*Report, error) {
	l := &loader{table: newTable(shared, own), report: &Report{origins: map[string]Origin{}, lines: map[string]func(string) int{}}}
	l.oldVariables(src.Environ)
	for _, path := range src.Shared {
		l.file(path, false, true)
	}
	if src.Own != "" {
		l.file(src.Own, src.OwnRequired, false)
	}
	l.foreignFiles(src.Shared)
	l.variables(src.Environ)
	l.flags(src.Flags)

	l.report.table = l.table
	l.validate(shared)
	for _, target := range own {
		if v, ok := target.(validator); ok {
			l.validate(v)
		}
	}
	return l.report, errors.Join(inOrder(l.problems, append(slices.Clone(src.Shared), src.Own)...)...)
}

// ForProgram reads what the host, its user and the environment have set for a program that people run: [Load] with the
// [ProgramSources] of this process.
func ForProgram() (Settings, *Report, error) {
	settings := DefaultSettings()
	report, err := Load(ProgramSources("", os.Environ()), &settings)
	return settings, report, err
}

// loader is one run of Load.
type loader struct {
	table    *table
	report   *Report
	problems []error
}

func (l *loader) fail(p *Problem) { l.problems = append(l.problems, p) }

func (l *loader) warn(w Warning) { l.report.Warnings = append(l.report.Warnings, w) }

// set gives f the value v, or tells why it can't have it. lines finds the line of a part of v; nil: there are none.
func (l *loader) set(f *field, v any, a assigner, from Origin, lines func(path string) int) {
	var faults []fault
	for _, value := range f.values {
		// Each target is told, but a fault is the same in all.
		faults = a.assign(value, v, f.key)
	}
	for _, ft := range faults {
		at := from
		if lines != nil {
			at.Line = lines(ft.path)
		}
		if ft.text == unknownKey && ft.hint == "" {
			ft.hint = l.table.elsewhere(ft.path[strings.LastIndexByte(ft.path, '.')+1:])
		}
		l.fail(&Problem{Origin: at, Key: ft.path, Text: ft.text, Hint: ft.hint})
	}
	if len(faults) == 0 || hasParts(f.values[0].Type()) {
		l.report.origins[f.key] = from
		l.report.lines[f.key] = lines
	}
}

// unset gives f its default.
func (l *loader) unset(f *field, from Origin) {
	for i, value := range f.values {
		value.Set(f.defaults[i])
	}
	l.report.origins[f.key] = from
	delete(l.report.lines, f.key)
}

func (l *loader) flags(flags []Flag) {
	for _, flag := range flags {
		f := l.table.byKey[flag.Key]
		if f == nil {
			panic("config: flag " + flag.Name + " sets the unknown key " + flag.Key)
		}
		l.set(f, flag.Value, assigner{loose: true}, Origin{Flag: flag.Name}, nil)
	}
}

// validate adds what is wrong with v. A problem that knows its key is told where the value came from.
func (l *loader) validate(v validator) {
	for _, err := range Unjoin(v.Validate()) {
		key, hint := "", ""
		if k, ok := errors.AsType[keyed](err); ok {
			key = k.ConfigKey()
		}
		if h, ok := errors.AsType[interface {
			error
			HintText() string
		}](err); ok {
			hint = h.HintText()
		}
		if key == "" {
			l.problems = append(l.problems, err)
			continue
		}
		p := &Problem{Origin: l.report.Origin(key), Key: key, Hint: hint, Err: err}
		if own, ok := err.(*Problem); ok {
			p.Text, p.Err = own.Text, own.Err
		}
		l.fail(p)
	}
}

// Unjoin returns the errors that [errors.Join] has joined in err, those that are joined again among them; err alone where it is none of that, and nothing for nil.
func Unjoin(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, Unjoin(e)...)
	}
	return all
}
