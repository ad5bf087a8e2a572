package config

import (
	"encoding"
	"reflect"
	"slices"
)

// Map returns the settings under their keys, as numbers, texts and lists of texts. In this form the packages of the library take them, which
// know nothing of this one:
//
//	settings, err := pubsub.ParseSettings(loaded.Map())
func (s Settings) Map() map[string]any {
	m := make(map[string]any)
	for key, value := range structFields(reflect.ValueOf(s)) {
		switch v := value.Interface().(type) {
		case encoding.TextMarshaler:
			text, err := v.MarshalText()
			if err != nil {
				panic("config: " + key + " has no text: " + err.Error())
			}
			m[key] = string(text)
		case []string:
			m[key] = slices.Clone(v)
		default:
			m[key] = v
		}
	}
	return m
}
