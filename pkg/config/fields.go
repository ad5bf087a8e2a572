package config

import (
	"encoding"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// field is a setting: a struct field with a toml tag. A key may be a field of several targets.
type field struct {
	key      string
	shared   bool            // of Settings
	values   []reflect.Value // what is set
	defaults []reflect.Value // what they held at first
}

// variable is the name of the setting's environment variable.
func (f *field) variable() string { return prefix + strings.ToUpper(f.key) }

// table holds the settings of all targets in order.
type table struct {
	fields []*field
	byKey  map[string]*field
}

// newTable collects the fields of shared and of the targets, which are pointers to structs.
func newTable(shared *Settings, own []any) *table {
	t := &table{byKey: map[string]*field{}}
	t.add(reflect.ValueOf(shared).Elem(), true)
	for _, target := range own {
		v := reflect.ValueOf(target)
		if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
			panic(fmt.Sprintf("config: target %T is no pointer to a struct", target))
		}
		t.add(v.Elem(), false)
	}
	return t
}

func (t *table) add(structure reflect.Value, shared bool) {
	for key, value := range structFields(structure) {
		f := t.byKey[key]
		if f == nil {
			f = &field{key: key}
			t.byKey[key] = f
			t.fields = append(t.fields, f)
		}
		f.shared = f.shared || shared
		before := reflect.New(value.Type()).Elem()
		before.Set(value)
		f.values = append(f.values, value)
		f.defaults = append(f.defaults, before)
	}
}

// keys returns the keys, all or the shared ones, in order.
func (t *table) keys(sharedOnly bool) []string {
	var keys []string
	for _, f := range t.fields {
		if f.shared || !sharedOnly {
			keys = append(keys, f.key)
		}
	}
	return keys
}

// tables returns the keys of tables and lists of them, as keys does.
func (t *table) tables(sharedOnly bool) []string {
	return slices.DeleteFunc(t.keys(sharedOnly), func(key string) bool { return !hasParts(t.byKey[key].values[0].Type()) })
}

// structFields yields the tagged fields of a struct in order, those of embedded structs in their place.
func structFields(structure reflect.Value) iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		walkStruct(structure, yield)
	}
}

func walkStruct(structure reflect.Value, yield func(string, reflect.Value) bool) bool {
	for i := range structure.NumField() {
		sf := structure.Type().Field(i)
		key, _, _ := strings.Cut(sf.Tag.Get("toml"), ",")
		switch {
		case sf.Anonymous && key == "" && sf.Type.Kind() == reflect.Struct:
			if !walkStruct(structure.Field(i), yield) {
				return false
			}
		case key == "" || key == "-" || !sf.IsExported():
		case !yield(key, structure.Field(i)):
			return false
		}
	}
	return true
}

// Keys returns the keys of the settings in structs like [Settings] (or pointers to them), in order.
func Keys(structs ...any) []string {
	var keys []string
	for _, s := range structs {
		for key := range structFields(reflect.Indirect(reflect.ValueOf(s))) {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// Changed returns the keys whose values differ between before and after, which are structs of one type like [Settings] (or
// pointers to them): what a reload has to carry out or to say that it needs a restart.
func Changed[T any](before, after T) []string {
	old := maps.Collect(structFields(reflect.Indirect(reflect.ValueOf(before))))
	var keys []string
	for key, value := range structFields(reflect.Indirect(reflect.ValueOf(after))) {
		if !reflect.DeepEqual(old[key].Interface(), value.Interface()) {
			keys = append(keys, key)
		}
	}
	return keys
}

// takesText says that the setting is a text, or reads itself from one.
func (f *field) takesText() bool {
	_, reads := f.values[0].Addr().Interface().(encoding.TextUnmarshaler)
	return reads || f.values[0].Kind() == reflect.String
}

// takesList says that the setting is a list.
func (f *field) takesList() bool { return f.values[0].Kind() == reflect.Slice }
