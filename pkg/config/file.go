package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// maxFile bounds what is read of a file in bytes. A relay's file has no bound of its own: a thousand routes with some steps each take
// half of it. Reading it all takes some 100 ms.
const maxFile = 1 << 20

// file reads one TOML file; shared says that it may hold shared settings only.
func (l *loader) file(path string, required, shared bool) {
	data, err := readFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !required:
		return
	case err != nil:
		p := &Problem{Origin: Origin{File: path}, Err: err, unread: true}
		if errors.Is(err, fs.ErrPermission) {
			p.Hint = "it holds no secrets: let the program's user read it"
		}
		l.fail(p)
		return
	}
	l.report.Files = append(l.report.Files, path)
	l.document(path, data, shared)
}

// readFile reads path, a regular file of a sensible size.
func readFile(path string) (data []byte, err error) {
	info, err := os.Stat(path) // Opening a pipe would block.
	if err != nil {
		return nil, cause(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, cause(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, cause(err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("larger than %d bytes", maxFile)
	}
	return data, nil
}

// cause drops operation and path, which a [Problem] tells already.
func cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// document sets what data, the text of a file, says.
func (l *loader) document(path string, data []byte, shared bool) {
	if err := checkNesting(data); err != nil {
		l.fail(&Problem{Origin: Origin{File: path}, Err: err, unread: true})
		return
	}
	doc, err := parseDocument(data)
	if err != nil {
		l.fail(syntaxProblem(path, err))
		return
	}
	for _, entry := range doc.entries {
		from := Origin{File: path, Line: doc.lines[entry.key]}
		f := l.table.byKey[entry.key]
		if f == nil || shared && !f.shared {
			l.fail(l.unknownKey(from, entry, f, shared))
			continue
		}
		l.set(f, entry.value, assigner{}, from, doc.line)
	}
}

// unknownKey tells why a file must not hold an entry; f is the field where it is a daemon's own key in a shared file.
func (l *loader) unknownKey(from Origin, e entry, f *field, shared bool) *Problem {
	key := e.key
	if f != nil {
		return &Problem{Origin: from, Key: key, Text: "is no shared setting",
			Hint: "put it into the program's own file: other programs read this one too"}
	}
	keys := l.table.keys(shared)
	if isTable(e.value) {
		if keys = l.table.tables(shared); len(keys) == 0 {
			return &Problem{Origin: from, Key: key, Text: unknownKey, Hint: "there are no tables here: settings stand at the top of the file, below no [heading]"}
		}
	}
	return &Problem{Origin: from, Key: key, Text: unknownKey, Hint: cmp.Or(suggest(key, keys), l.table.elsewhere(key))}
}

// syntaxProblem tells of text that is no TOML.
func syntaxProblem(path string, err error) *Problem {
	p := &Problem{Origin: Origin{File: path}, unread: true}
	pe, ok := errors.AsType[toml.ParseError](err)
	if !ok {
		p.Text = strings.TrimPrefix(err.Error(), "toml: ")
		return p
	}
	p.Line, p.Key, p.Text = pe.Position.Line, pe.LastKey, pe.Message
	switch {
	case strings.HasPrefix(pe.Message, "expected value but found"):
		p.Hint = `text stands in quotes: key = "text"`
	case strings.HasPrefix(pe.Message, "expected a top-level item to end with"):
		p.Hint = `one setting stands on a line, and text and durations stand in quotes: key = "10m"`
	case strings.HasSuffix(pe.Message, "but got ':' instead"):
		p.Hint = "this is TOML, not YAML: key = value"
	case pe.Message == "Key '"+pe.LastKey+"' has already been defined.":
		p.Text = "is set twice in this file"
	}
	return p
}

// foreignFiles gives a hint on files beside ours that only Python programs read.
func (l *loader) foreignFiles(shared []string) {
	for _, path := range shared {
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil {
			continue // Not there, or not for us to list: then there is nothing to hint at.
		}
		for _, e := range entries {
			if !slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(e.Name()))) {
				continue
			}
			l.warn(Warning{
				Origin: Origin{File: filepath.Join(filepath.Dir(path), e.Name())},
				Text:   "only Python programs read this file",
				Hint:   "what it sets for all programs belongs into " + path + " too",
			})
		}
	}
}
