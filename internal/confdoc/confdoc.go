// Package confdoc writes the sample of a settings file from the struct that holds the settings: each field's doc comment is the manual, its
// value the default. So manual, code and sample can't differ, and a man page can be made of the same.
//
// It is for tests and for tools: programs do not carry the sources that it reads.
package confdoc

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/config"
)

// Source says which struct is documented.
type Source struct {
	// Dir is the directory of the package of the struct.
	Dir string
	// Defaults is the struct, as a daemon without any file has it. Its type's name is looked for in Dir.
	Defaults any
}

// Setting is one setting with its manual.
type Setting struct {
	Key     string
	Text    string // the doc comment, one paragraph a line, with the key in place of the field's name
	Default string // as TOML
}

// Settings reads the settings of a struct in the order of its fields. A setting without a comment, or
// with one that does not tell its default ("Default 5557"), is an error.
func Settings(src Source) ([]Setting, error) {
	value := reflect.Indirect(reflect.ValueOf(src.Defaults))
	fields, err := structFields(src.Dir, value.Type().Name())
	if err != nil {
		return nil, err
	}
	var settings []Setting
	var errs []error
	for _, field := range fields {
		key := tomlKey(field)
		if key == "" {
			continue
		}
		for _, name := range field.Names {
			text := paragraphs(field.Doc.Text(), name.Name, key)
			def := config.Format(value.FieldByName(name.Name).Interface())
			switch {
			case text == "":
				errs = append(errs, fmt.Errorf("%s.%s has no doc comment", value.Type(), name.Name))
			case !strings.Contains(text, "Default "+def):
				errs = append(errs, fmt.Errorf("the comment of %s.%s does not say: Default %s", value.Type(), name.Name, def))
			}
			settings = append(settings, Setting{Key: key, Text: text, Default: def})
		}
	}
	return settings, errors.Join(errs...)
}

// structFields finds a struct in the sources of a package.
func structFields(dir, name string) ([]*ast.Field, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, filepath.Join(dir, e.Name()), nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		if obj := findStruct(file, name); obj != nil {
			return obj.Fields.List, nil
		}
	}
	return nil, fmt.Errorf("no struct %s in %s", name, dir)
}

func findStruct(file *ast.File, name string) *ast.StructType {
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			if ts, ok := spec.(*ast.TypeSpec); ok && ts.Name.Name == name {
				st, _ := ts.Type.(*ast.StructType)
				return st
			}
		}
	}
	return nil
}

// tomlKey returns the key of a field, empty when it is no setting.
func tomlKey(field *ast.Field) string {
	if field.Tag == nil {
		return ""
	}
	tag, err := strconv.Unquote(field.Tag.Value)
	if err != nil {
		return "" // the parser has accepted it, so it does not happen
	}
	key, _, _ := strings.Cut(reflect.StructTag(tag).Get("toml"), ",")
	if key == "-" {
		return ""
	}
	return key
}

// docLink is a link of a doc comment, [Name] or [pkg.Name]; [[name]] is a table.
var docLink = regexp.MustCompile(`(^|[^\[])\[([A-Za-z][\w.]*)\]`)

// paragraphs joins the lines of each paragraph and names the setting by its key.
func paragraphs(doc, field, key string) string {
	var lines []string
	for p := range strings.SplitSeq(strings.TrimSpace(doc), "\n\n") {
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			lines = append(lines, docLink.ReplaceAllString(p, "$1$2"))
		}
	}
	text := strings.Join(lines, "\n")
	if rest, ok := strings.CutPrefix(text, field+" "); ok {
		return key + " " + rest
	}
	return text
}
