// Package doc has the tests that keep the documentation true: names that exist, lists that are complete, links that lead
// somewhere.
package doc

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// inBackticks matches what is written as code.
var inBackticks = regexp.MustCompile("`([^`]+)`")

// TestAPIMapIsComplete checks that every public name of the reference has its row.
func TestAPIMapIsComplete(t *testing.T) {
	t.Parallel()
	named := map[string]bool{}
	for row := range tableRows(t, "api-map.md") {
		for _, m := range inBackticks.FindAllStringSubmatch(row[0], -1) {
			named[m[1]] = true
		}
	}
	f, err := os.Open("testdata/python-names.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	n := 0
	for ; lines.Scan(); n++ {
		if !named[lines.Text()] {
			t.Errorf("api-map.md: %s has no row", lines.Text())
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if n < 150 {
		t.Errorf("only %d names of the reference are listed", n)
	}
}

// TestAPIMapNamesExist checks that every Go name in the map is declared.
func TestAPIMapNamesExist(t *testing.T) {
	t.Parallel()
	declared := declarations(t, "../pkg")
	goName := regexp.MustCompile(`\b([a-z]+)\.([A-Z]\w*(?:\.[A-Z]\w*)?)`)
	variables := map[string]string{ // in pieces of code
		"node": "pubsub.Node", "pub": "pubsub.Publisher", "sub": "pubsub.Subscriber", "l": "pubsub.Listener",
	}
	checked := 0
	check := func(text string) {
		for _, code := range inBackticks.FindAllStringSubmatch(text, -1) {
			for _, m := range goName.FindAllStringSubmatch(code[1], -1) {
				name := m[0]
				if typ, ok := variables[m[1]]; ok {
					name = typ + "." + m[2]
				}
				checked++
				if !declared[name] && name != "context.Context" {
					t.Errorf("api-map.md: %s is not declared", name)
				}
			}
		}
	}
	for row := range tableRows(t, "api-map.md") {
		for _, cell := range row[1:] { // the first holds names of Python, which look alike
			check(cell)
		}
	}
	for line := range fileLines(t, "api-map.md") {
		if !strings.HasPrefix(line, "|") {
			check(line)
		}
	}
	if checked < 100 {
		t.Errorf("only %d Go names found in api-map.md", checked)
	}
}

// declarations returns the exported names below dir: package.Name, package.Type.Method and package.Type.Field.
func declarations(t *testing.T, dir string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			for _, name := range declared(d) {
				names[file.Name.Name+"."+name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// declared returns the names that one declaration makes.
func declared(d ast.Decl) []string {
	var names []string
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return []string{d.Name.Name}
		}
		return []string{receiver(d.Recv.List[0].Type) + "." + d.Name.Name}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				for _, n := range spec.Names {
					names = append(names, n.Name)
				}
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
				for _, member := range members(spec.Type) {
					names = append(names, spec.Name.Name+"."+member)
				}
			}
		}
	}
	return names
}

// members returns the fields of a struct and the methods of an interface.
func members(e ast.Expr) []string {
	var list *ast.FieldList
	switch e := e.(type) {
	case *ast.StructType:
		list = e.Fields
	case *ast.InterfaceType:
		list = e.Methods
	default:
		return nil
	}
	var names []string
	for _, field := range list.List {
		for _, n := range field.Names {
			names = append(names, n.Name)
		}
	}
	return names
}

// receiver returns the type name of a method's receiver.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return "?"
}
