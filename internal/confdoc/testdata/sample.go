// Package testdata is read by the tests of confdoc and never built.
package testdata

import "time"

type sampleConfig struct {
	// Port is where it listens.
	// See [Other]. Default 1.
	Port int `toml:"port"`
	// MaxAge is how long. Default "10m".
	//
	// A second paragraph.
	MaxAge time.Duration `toml:"max_age"`

	Hosts []string `toml:"hosts"`
	// Skip is no setting.
	Skip string `toml:"-"`
	// Plain is none either.
	Plain string
}
