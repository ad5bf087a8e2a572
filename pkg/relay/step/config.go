package step

import "time"

// Config is one step: one of its keys besides when.
type Config struct {
	// When restricts the step to the messages that match; others go on unchanged. Default "".
	When *Match `toml:"when"`

	// Keep drops all messages but those that match. Default "".
	Keep *Match `toml:"keep"`

	// Drop drops the messages that match. Default "".
	Drop *Match `toml:"drop"`

	// Rename gives messages another subject. Default "".
	Rename *Rename `toml:"rename"`

	// Rewrite replaces hosts and the beginnings of URIs. Default "".
	Rewrite *Rewrite `toml:"rewrite"`

	// Set gives fields of the data a value, by their paths: texts, numbers, true, false, lists and tables; a date is a text. A table sets
	// what is in it, each by its path, and leaves the rest of the object that is there. Objects that lack on the way are made, lists are not. No path may lead to or into what another one of the step sets. Text and binary data have no fields and stay. Default {}.
	Set map[string]any `toml:"set"`

	// Remove takes fields out of the data, by their paths. Default [].
	Remove []string `toml:"remove"`

	// Version writes messages in this version: "v1.01" for receivers older than posttroll 1.12, with the offsets of all times cut off, or "v1.2". It
	// counts for the message as it goes out, also for what later steps set. Default "".
	Version string `toml:"version"`

	// RateLimit drops messages of a subject that come too fast. Default "".
	RateLimit *RateLimit `toml:"rate_limit"`

	// MaxAge drops messages that are older than this by the time in their header, which without an offset is UTC. Those from the future pass. "1ms"
	// or more. Default "0s".
	MaxAge time.Duration `toml:"max_age"`
}

// Match is a condition on messages: all keys that are set must hold, each for one of its values.
type Match struct {
	// Subject are globs for the whole subject: "/segment/*" has one part below /segment, "/segment/**" is all of that and itself. A slash in front or
	// at the end says nothing. Default [].
	Subject []string `toml:"subject"`

	// Type are globs for the type, such as "file" or "log.*". Default [].
	Type []string `toml:"type"`

	// User are globs for what stands before the @ of the sender. Default [].
	User []string `toml:"user"`

	// Host are globs for what stands behind it, in any case of letters. Default [].
	Host []string `toml:"host"`

	// Field are conditions on the data, all of which must hold. Default [].
	Field []Field `toml:"field"`
}

// Field is a condition on the values that a path leads to: one of them must pass all keys that are set. Text and binary data have no fields.
type Field struct {
	// Path leads to the values, as "sensor" or "dataset.uri". Default "".
	Path string `toml:"path"`

	// Equals is what a value must be. Default: any.
	Equals any `toml:"equals"`

	// In are the values of which it must be one. Default [].
	In []any `toml:"in"`

	// Glob are globs for texts, of which one must match. Default [].
	Glob []string `toml:"glob"`

	// Exists says whether there must be a value, null among them, or none. Default: it is not asked.
	Exists *bool `toml:"exists"`
}

// Rename gives messages another subject: by prefix, or by pattern and to.
type Rename struct {
	// Prefix are beginnings of subjects and what takes their place, in whole parts: "/a" is the beginning of "/a" and "/a/x" and not of "/ab". The
	// longest one that fits counts; a slash at the end of either says nothing. Default {}.
	Prefix map[string]string `toml:"prefix"`

	// Pattern is a regular expression (of Go) for the whole subject, with captures: "/segment/([^/]+)/(.*)". Default "".
	Pattern string `toml:"pattern"`

	// To is the subject for what pattern fits, with "$1" or "${name}" for what was captured. Default "".
	To string `toml:"to"`
}

// Rewrite replaces hosts and the beginnings of URIs. Of each list the first rule that fits counts.
type Rewrite struct {
	// URI are rules for the values of "uri": at the top of the data, in "dataset", and in "collection" with what is nested in it. Default [].
	URI []URIRule `toml:"uri"`

	// Fields are paths to other values that the rules of uri count for, as "path" or "file_mda.uri". Default [].
	Fields []string `toml:"fields"`

	// RequestAddress are rules for the value of "request_address", a host with a port. Default [].
	RequestAddress []HostRule `toml:"request_address"`

	// Sender are rules for the host of the sender. Default [].
	Sender []HostRule `toml:"sender"`
}

// URIRule is a host or a prefix, and what takes its place.
type URIRule struct {
	// Host is a glob for the host of a URI that has a scheme. User, path and, unless to has one, port stay. Default "".
	Host string `toml:"host"`

	// Prefix is the text that a URI or path begins with, such as "/san1/". Default "".
	Prefix string `toml:"prefix"`

	// To takes its place: for host HOST or HOST:PORT, for prefix any text without white space. Default "".
	To string `toml:"to"`
}

// HostRule is a host and what takes its place.
type HostRule struct {
	// Host is a glob for the host, in any case of letters; "*" is any. Default "".
	Host string `toml:"host"`

	// To takes its place; in an address it is HOST or HOST:PORT, and without a port that of the address stays. Default "".
	To string `toml:"to"`
}

// RateLimit is how fast the messages of one subject may come. A subject has a store of messages that fills evenly within per; one that finds it empty
// is dropped.
type RateLimit struct {
	// Messages are how many may pass at once, and within per. 1 to 1000000. Default 0.
	Messages int `toml:"messages"`

	// Per is the time in which as many more may pass. "1ms" to "24h"; "0s" is one second. Default "0s".
	Per time.Duration `toml:"per"`

	// MaxSubjects are the subjects that are remembered, at some 150 bytes each; beyond that the one that was sent longest ago is forgotten
	// and begins with a full store again. 1 to 1000000; 0 is 10000. Default 0.
	MaxSubjects int `toml:"max_subjects"`
}
