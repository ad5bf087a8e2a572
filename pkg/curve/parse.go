package curve

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxFile bounds a key file, in bytes. Those of pyzmq have 400.
const maxFile = 64 << 10

// Names in a key file.
const (
	publicName   = "public-key"
	secretName   = "secret-key"
	metadataName = "metadata"
)

// What is wrong with a key file.
var (
	// ErrNoPublicKey: it holds no public key, and is no key file perhaps.
	ErrNoPublicKey = errors.New("holds no public key")
	// ErrNoSecretKey: it holds a public key alone where a pair is needed.
	ErrNoSecretKey = errors.New("holds no secret key")
	// ErrMismatch: its two keys are no pair.
	ErrMismatch = errors.New("its public key does not belong to its secret key")
	// ErrTooLarge: it has more than 64 KiB.
	ErrTooLarge = errors.New("larger than 64 KiB, so no key file")
)

// SyntaxError says what is wrong in a line of a key file. Its text tells nothing of what stands there.
type SyntaxError struct {
	Line int // from 1
	Err  error
}

// Error returns the line and what is wrong in it.
func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns what is wrong.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Parse reads the text of a key file, public or secret, as pyzmq and CZMQ write them.
//
// It takes what pyzmq's zmq.auth.load_certificate takes: keys in any section or none, quoted or not, and around them lines of any kind;
// and what CZMQ takes, comments behind values. It is stricter with keys, for a file whose meaning is open to doubt must admit nobody: a key that is not
// 40 characters of Z85, two keys that differ, and a public key that does not belong to the secret one are errors.
//
// text is not kept; the caller wipes it.
func Parse(text []byte) (*Certificate, error) {
	if len(text) > maxFile {
		return nil, ErrTooLarge
	}
	p := parser{cert: &Certificate{}}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if err := p.line(line); err != nil {
			p.cert.Secret.Wipe()
			return nil, &SyntaxError{number, err}
		}
	}
	if err := p.check(); err != nil {
		p.cert.Secret.Wipe()
		return nil, err
	}
	return p.cert, nil
}

// parser is between two lines of a key file.
type parser struct {
	cert       *Certificate
	inMetadata bool
}

func (p *parser) line(line []byte) error {
	indented := len(line) > 0 && (line[0] == ' ' || line[0] == '\t')
	line = bytes.TrimSpace(line)
	if len(line) == 0 || line[0] == '#' {
		return nil
	}
	name, value, isField := bytes.Cut(line, []byte("="))
	name = bytes.TrimSpace(name)
	if !indented {
		p.inMetadata = !isField && string(bytes.TrimRight(beforeComment(name), " \t")) == metadataName
	}
	switch {
	case !isField:
		return missingValue(name)
	case string(name) == publicName:
		return p.public(value)
	case string(name) == secretName:
		return p.secret(value)
	case p.inMetadata && indented:
		p.field(name, value)
	}
	return nil
}

// missingValue reports a line that was to be a key. All other lines without "=" are names of sections or nothing that concerns us.
func missingValue(line []byte) error {
	for _, name := range []string{publicName, secretName} {
		if bytes.HasPrefix(line, []byte(name)) {
			return fmt.Errorf("%s without =", name)
		}
	}
	return nil
}

func (p *parser) public(value []byte) error {
	var key PublicKey
	if err := decodeKey((*[Size]byte)(&key), keyText(value)); err != nil {
		return fmt.Errorf("public key: %w", err)
	}
	if !p.cert.Public.IsZero() && p.cert.Public != key {
		return errors.New("a second public key that differs from the first")
	}
	p.cert.Public = key
	return nil
}

func (p *parser) secret(value []byte) error {
	key, err := parseSecretKey(keyText(value))
	if err != nil {
		return err
	}
	if !p.cert.Secret.IsZero() && !p.cert.Secret.Equal(key) {
		key.Wipe()
		return errors.New("a second secret key that differs from the first")
	}
	p.cert.Secret = key
	return nil
}

// field takes a line of metadata. What is not UTF-8 is replaced: nothing depends on it.
func (p *parser) field(name, value []byte) {
	p.cert.Metadata = append(p.cert.Metadata, Field{
		Name:  strings.ToValidUTF8(string(name), string(utf8.RuneError)),
		Value: strings.ToValidUTF8(string(metadataText(value)), string(utf8.RuneError)),
	})
}

func (p *parser) check() error {
	switch {
	case p.cert.Public.IsZero():
		return ErrNoPublicKey
	case p.cert.HasSecret() && p.cert.Secret.Public() != p.cert.Public:
		return ErrMismatch
	}
	return nil
}

// keyText finds a key behind "=". No quote and no blank is in the alphabet of Z85, but the sign of comments is: only behind a blank it begins one.
func keyText(value []byte) []byte {
	const around = " \t'\""
	value = bytes.Trim(value, around)
	if key, rest, ok := cutBlank(value); ok && rest[0] == '#' {
		value = bytes.Trim(key, around)
	}
	return value
}

// cutBlank cuts at the first blank; rest begins with what follows the blanks, and is not empty, as value ends with none.
func cutBlank(value []byte) (before, rest []byte, ok bool) {
	i := bytes.IndexAny(value, " \t")
	if i < 0 {
		return value, nil, false
	}
	rest = bytes.TrimLeft(value[i:], " \t")
	return value[:i], rest, len(rest) > 0
}

// metadataText finds a value behind "=". A quoted one ends at the first such quote behind which there is nothing, or a comment; CZMQ writes
// quotes within quotes.
func metadataText(value []byte) []byte {
	value = bytes.TrimSpace(value)
	if len(value) < 2 || value[0] != '"' && value[0] != '\'' {
		return bytes.TrimRightFunc(beforeComment(value), unicode.IsSpace)
	}
	for i := 1; i < len(value); i++ {
		rest := bytes.TrimLeft(value[i+1:], " \t")
		if value[i] == value[0] && (len(rest) == 0 || rest[0] == '#') {
			return value[1:i]
		}
	}
	return value
}

func beforeComment(value []byte) []byte {
	before, _, _ := bytes.Cut(value, []byte("#"))
	return before
}
