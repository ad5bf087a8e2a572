package metrics

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
)

// Counter says how a field of a struct of counters is shown.
type Counter struct {
	// Field of the struct; within one of its structs as "Loss.Slow".
	Field string
	// Key in the log and in JSON, where a duration has "_seconds" behind it.
	Key string
	// Metric is the name for Prometheus, behind the namespace of the [Collector]. Empty: there is none.
	Metric string
	// Label is the name of the label that has the keys of a map.
	Label string
	// Known are keys that Prometheus is told of, with 0, also while the map does not have them: of a counter that begins with 1 it sees no increase.
	Known []string
	// Help is what Prometheus says of the metric.
	Help string
}

// Keys are those of a map as texts, for [Counter].Known.
func Keys[K ~string](keys ...K) []string {
	texts := make([]string, len(keys))
	for i, key := range keys {
		texts[i] = string(key)
	}
	return texts
}

// Table has a line for each field of a struct of counters, in their order.
type Table []Counter

// Check returns an error that names the fields of stats, those of the structs in it among them, that no line shows, and the lines that show no field. Fields of
// unshown need none.
func (t Table) Check(stats any, unshown ...string) error {
	lines := make(map[string]bool)
	for _, c := range t {
		lines[c.Field] = true
	}
	var errs []error
	for _, name := range fields(reflect.TypeOf(stats), "") {
		if !lines[name] && !slices.Contains(unshown, name) {
			errs = append(errs, fmt.Errorf("no line shows %T.%s", stats, name))
		}
		delete(lines, name)
	}
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		errs = append(errs, fmt.Errorf("%T has no field %s", stats, name))
	}
	return errors.Join(errs...)
}

// fields names the fields of a struct and of the structs in it.
func fields(t reflect.Type, prefix string) []string {
	var names []string
	for _, field := range reflect.VisibleFields(t) {
		if field.Type.Kind() == reflect.Struct && field.Type != reflect.TypeFor[time.Time]() {
			names = append(names, fields(field.Type, prefix+field.Name+".")...)
			continue
		}
		names = append(names, prefix+field.Name)
	}
	return names
}

// value returns the field of stats that c is about.
func (c Counter) value(stats any) reflect.Value {
	v := reflect.ValueOf(stats)
	for name := range strings.SplitSeq(c.Field, ".") {
		v = v.FieldByName(name)
	}
	return v
}

// Log returns stats as fields for the log.
func (t Table) Log(stats any) []zap.Field {
	var logged []zap.Field
	for _, c := range t {
		v := c.value(stats)
		if v.Kind() == reflect.Map {
			logged = append(logged, zap.Dict(c.Key, logMap(v)...))
			continue
		}
		at, isTime := v.Interface().(time.Time)
		if isTime && at.IsZero() {
			continue
		}
		logged = append(logged, zap.Any(c.Key, v.Interface()))
	}
	return logged
}

func logMap(m reflect.Value) []zap.Field {
	var logged []zap.Field
	for _, key := range sortedKeys(m) {
		logged = append(logged, zap.Any(key.String(), m.MapIndex(key).Interface()))
	}
	return logged
}

// sortedKeys returns the keys of a map, which are texts.
func sortedKeys(m reflect.Value) []reflect.Value {
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}

// JSON returns stats by their keys, for [encoding/json]: durations in seconds, a time that is none as null, maps and lists that are nil as empty ones.
func (t Table) JSON(stats any) map[string]any {
	values := make(map[string]any, len(t))
	for _, c := range t {
		v := c.value(stats)
		switch of := v.Interface().(type) {
		case time.Duration:
			values[c.Key+"_seconds"] = of.Seconds()
		case time.Time:
			values[c.Key] = nil
			if !of.IsZero() {
				values[c.Key] = of.UTC()
			}
		default:
			values[c.Key] = of
			if v.Kind() == reflect.Map && v.IsNil() {
				values[c.Key] = struct{}{}
			}
			if v.Kind() == reflect.Slice && v.IsNil() {
				values[c.Key] = []struct{}{}
			}
		}
	}
	return values
}
