package config

import (
	"net/netip"
	"reflect"
	"time"
)

// Map returns s as plain values under the names of the settings, as a file would have them: texts, whole numbers, booleans, lists of texts; a
// duration is a text such as "5s". What
// is left to the operating system is missing. It is the bridge to packages that take settings in that form and know nothing of this one:
//
//	settings, report, err := config.ForProgram()
//	...
//	forNode, err := pubsub.ParseSettings(settings.Map())
func (s Settings) Map() map[string]any {
	m := map[string]any{}
	for key, value := range structFields(reflect.ValueOf(s)) {
		if plain, ok := plainValue(value.Interface()); ok {
			m[key] = plain
		}
	}
	return m
}

func plainValue(v any) (any, bool) {
	switch v := v.(type) {
	case Switch:
		return v == On, v != System
	case netip.Addr:
		return v.String(), v.IsValid()
	case time.Duration:
		return v.String(), true
	default:
		return v, true
	}
}
