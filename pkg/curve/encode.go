package curve

import (
	"fmt"
	"strings"
	"time"
)

// AppendPublic appends the text of a public key file: the public key and the metadata. It is read by pyzmq, CZMQ and [Parse]. An error is
// metadata that can't be written, or no key.
func (c *Certificate) AppendPublic(dst []byte) ([]byte, error) {
	return c.append(dst, `# ZeroMQ CURVE public certificate%s.
# Give it to those who are to know this key, by a way that nobody can tamper with, or
# compare fingerprints afterwards: ptkeys show.
`, false)
}

// AppendSecret appends the text of a secret key file: both keys and the metadata. It is read by pyzmq, CZMQ and [Parse]. An error is
// metadata that can't be written, or no secret key. The caller wipes the result.
func (c *Certificate) AppendSecret(dst []byte) ([]byte, error) {
	if !c.HasSecret() {
		return dst, ErrNoSecretKey
	}
	return c.append(dst, `# ZeroMQ CURVE **secret** certificate%s.
# DO NOT GIVE THIS FILE TO ANYBODY, nor let others read it.
`, true)
}

func (c *Certificate) append(dst []byte, head string, withSecret bool) ([]byte, error) {
	if c.Public.IsZero() {
		return dst, ErrNoPublicKey
	}
	for _, f := range c.Metadata {
		if err := f.check(); err != nil {
			return dst, err
		}
	}
	begin := len(dst)
	// Room for all: growing would leave a copy of the secret key behind.
	text := append(make([]byte, 0, begin+1024+len(c.Metadata)*(maxName+maxValue+16)), dst...)
	text = fmt.Appendf(text, head, c.made())
	text = append(text, "\nmetadata\n"...)
	for _, f := range c.Metadata {
		quote := `"`
		if strings.Contains(f.Value, quote) {
			quote = "'"
		}
		text = fmt.Appendf(text, "    %s = %s%s%s\n", f.Name, quote, f.Value, quote)
	}
	text = fmt.Appendf(text, "curve\n    %s = \"%s\"\n", publicName, c.Public)
	if withSecret {
		text = append(text, "    "+secretName+` = "`...)
		text = c.Secret.appendZ85(text)
		text = append(text, "\"\n"...)
	}
	if len(text)-begin > maxFile {
		clear(text)
		return dst, ErrTooLarge
	}
	return text, nil
}

// made says when the keys were made, if that is known.
func (c *Certificate) made() string {
	created, _ := c.Metadata.Get(CreatedName)
	if at, err := time.Parse(time.RFC3339, created); err == nil {
		return ", made on " + at.UTC().Format(time.DateOnly)
	}
	return ""
}

// appendZ85 reveals the key.
func (k SecretKey) appendZ85(dst []byte) []byte {
	dst, err := AppendEncodeZ85(dst, k.bytes()[:])
	if err != nil {
		panic("curve: " + err.Error()) // 32 is a multiple of four
	}
	return dst
}
