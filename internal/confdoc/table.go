package confdoc

import (
	"encoding"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/config"
)

// module is what the paths of our packages begin with.
const module = "github.com/pytroll/posttroll-go/"

// Table is a table of a settings file, or the file itself, with all that is in it.
type Table struct {
	// Path is its name, as "route.source"; empty for the file.
	Path string
	// List says that it may be there several times: [[route]].
	List bool
	// Text is its manual.
	Text string
	// Settings are its keys.
	Settings []Setting
	// SameAs is the path of a table before it that has the same keys, which are not repeated.
	SameAs string
	// Tables are those in it, in order.
	Tables []Table
}

// Heading is how the table begins in a file.
func (t Table) Heading() string {
	if t.List {
		return "[[" + t.Path + "]]"
	}
	return "[" + t.Path + "]"
}

// All returns t and the tables in it, each before those in it.
func (t Table) All() []Table {
	all := []Table{t}
	for _, below := range t.Tables {
		all = append(all, below.All()...)
	}
	return all
}

// Tables reads the settings of a file that has tables, from the struct that it is read into. Root is the directory of the module, where the sources
// are looked for. Defaults holds what counts where nothing is set; what it leaves nil has the defaults of the value of that type among others, or else its
// zero value. Errors are as those of [Settings]; where a default is nil, the comment alone tells it.
func Tables(root string, defaults any, others ...any) (Table, error) {
	r := tableReader{root: root, others: map[reflect.Type]reflect.Value{}, seen: map[reflect.Type]string{}}
	for _, other := range others {
		r.others[reflect.TypeOf(other)] = reflect.ValueOf(other)
	}
	t := Table{}
	r.read(&t, reflect.Indirect(reflect.ValueOf(defaults)))
	return t, errors.Join(r.errs...)
}

type tableReader struct {
	root   string
	others map[reflect.Type]reflect.Value
	seen   map[reflect.Type]string // where its keys are
	errs   []error
}

func (r *tableReader) fail(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
}

// read reads what is in a struct into t.
func (r *tableReader) read(t *Table, value reflect.Value) {
	typ := value.Type()
	if at, ok := r.seen[typ]; ok {
		t.SameAs = at
		return
	}
	r.seen[typ] = t.Path
	fields, err := structFields(filepath.Join(r.root, strings.TrimPrefix(typ.PkgPath(), module)), typ.Name())
	if err != nil {
		r.errs = append(r.errs, err)
		return
	}
	keys := make(map[string]string)
	for _, field := range fields {
		for _, name := range field.Names {
			keys[name.Name] = tomlKey(field)
		}
	}
	for _, field := range fields {
		key := tomlKey(field)
		if key == "" {
			continue
		}
		for _, name := range field.Names {
			text := named(paragraphs(field.Doc.Text(), name.Name, key), keys)
			if text == "" {
				r.fail("%s.%s has no doc comment", typ, name.Name)
			}
			r.field(t, key, text, value.FieldByName(name.Name), typ.String()+"."+name.Name)
		}
	}
}

// goName is a word that may be the name of a field: with a capital where no sentence begins, or in its middle.
var goName = regexp.MustCompile(`[a-z0-9,;(] [A-Z][A-Za-z]+\b|\b[A-Z][a-z]+[A-Z][A-Za-z]*\b`)

// named puts the keys of other settings of a table in place of the names of their fields.
func named(text string, keys map[string]string) string {
	return goName.ReplaceAllStringFunc(text, func(found string) string {
		before, name := "", found
		if at := strings.IndexByte(found, ' '); at >= 0 {
			before, name = found[:at+1], found[at+1:]
		}
		if key := keys[name]; key != "" {
			return before + key
		}
		return found
	})
}

// field adds a setting or a table to t.
func (r *tableReader) field(t *Table, key, text string, value reflect.Value, name string) {
	of, list := value.Type(), false
	if of.Kind() == reflect.Slice {
		of, list = of.Elem(), true
	}
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if isTable(of) {
		below := Table{Path: strings.TrimPrefix(t.Path+"."+key, "."), List: list, Text: emptyDefault.ReplaceAllString(text, "")}
		r.read(&below, r.defaults(value, of))
		t.Tables = append(t.Tables, below)
		return
	}
	s := Setting{Key: key, Text: text}
	if kind := value.Kind(); (kind == reflect.Pointer || kind == reflect.Interface) && value.IsNil() {
		s.Default = defaultIn(text)
		if s.Default == "" && !strings.Contains(text, "Default: ") {
			r.fail("the comment of %s does not say its default", name)
		}
	} else if s.Default = config.Format(value.Interface()); !strings.Contains(text, "Default "+s.Default) {
		r.fail("the comment of %s does not say: Default %s", name, s.Default)
	}
	t.Settings = append(t.Settings, s)
}

// defaults returns the value that the keys of a table have where nothing is set.
func (r *tableReader) defaults(value reflect.Value, of reflect.Type) reflect.Value {
	if v := reflect.Indirect(value); v.IsValid() && v.Type() == of && !v.IsZero() {
		return v
	}
	if other, ok := r.others[of]; ok {
		return other
	}
	return reflect.Zero(of)
}

var textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()

// isTable tells whether a type is read from a table.
func isTable(of reflect.Type) bool {
	return of.Kind() == reflect.Struct && !of.Implements(textMarshaler)
}

// emptyDefault is the default of a table that is not there, which goes without saying.
var emptyDefault = regexp.MustCompile(` Default ("[^"]*"|\[\])\.$`)

var saidDefault = regexp.MustCompile(`Default ("[^"]*"|[\w.]*\w)`)

// defaultIn returns the default that a comment tells, empty where it tells none as a value.
func defaultIn(text string) string {
	if found := saidDefault.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return ""
}

// SampleOf is [Sample] for a file with tables. A key without a default stands as text: it can't be set to what it is without it.
func SampleOf(header string, file Table) string {
	var b strings.Builder
	writeComment(&b, header)
	for _, t := range file.All() {
		if t.Path != "" {
			b.WriteString("\n")
			writeComment(&b, t.Text)
			if t.SameAs != "" {
				writeComment(&b, "Its keys are those of "+t.SameAs+".")
			}
			fmt.Fprintf(&b, "#%s\n", t.Heading())
		}
		for _, s := range t.Settings {
			b.WriteString("\n")
			writeComment(&b, s.Text)
			if s.Default == "" {
				fmt.Fprintf(&b, "# %s =\n", s.Key)
				continue
			}
			fmt.Fprintf(&b, "#%s = %s\n", s.Key, s.Default)
		}
	}
	return b.String()
}
