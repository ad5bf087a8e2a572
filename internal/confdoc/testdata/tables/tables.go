// Package tables has settings with tables, for the tests of confdoc.
package tables

// File is a file.
type File struct {
	// Limit of all. Default 2.
	Limit int `toml:"limit"`
	// One is a table, [one].
	One Below `toml:"one"`
	// TheFactor by which, with Limit. Limit it, as Bad or TheFactor or Good. Default 1.5.
	TheFactor *float64 `toml:"factor"`
	// None is asked. Default: nothing.
	None *bool `toml:"none"`
	// Bad says nothing.
	Bad any `toml:"bad"`
	// Many are [[many]]. Default [].
	Many []Below `toml:"many"`
}

// Below is a table.
type Below struct {
	// Name of it. Default "x".
	Name string `toml:"name"`
}
