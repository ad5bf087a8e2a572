package config

import (
	"fmt"
	"reflect"
	"strings"
)

// mostHeadings is the number of tables that a hint names.
const mostHeadings = 3

// elsewhere is the hint that a key which is unknown in one place stands in others, empty when it does in none or in too many. That it was written below the
// wrong heading is the usual slip: in TOML a heading holds for all that follows.
func (t *table) elsewhere(key string) string {
	var headings []string
	for _, f := range t.fields {
		if f.key == key {
			headings = append(headings, "the top of the file, above all tables")
		}
		headings = append(headings, headingsWith(key, f.key, f.values[0].Type())...)
	}
	if len(headings) == 0 || len(headings) > mostHeadings {
		return ""
	}
	return fmt.Sprintf("%s belongs to %s", key, strings.Join(headings, " or "))
}

// headingsWith are the headings of the tables below path that have a key.
func headingsWith(key, path string, t reflect.Type) []string {
	heading := "[" + path + "]"
	if t.Kind() == reflect.Slice {
		heading, t = "["+heading+"]", t.Elem()
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || !hasParts(t) {
		return nil
	}
	var headings []string
	for name, value := range structFields(reflect.New(t).Elem()) {
		if name == key {
			headings = append(headings, heading)
		}
		headings = append(headings, headingsWith(key, path+"."+name, value.Type())...)
	}
	return headings
}
