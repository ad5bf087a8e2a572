package httpd

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// secrets are what the files of a [Config] hold.
type secrets struct {
	certificate *tls.Certificate // nil: HTTP
	token       *[sha256.Size]byte
}

// Bounds of tokens in bytes. What is shorter can be guessed.
const (
	minToken = 16
	maxToken = 1024
)

// CheckFiles returns what is wrong with the files that c names, joined, each as a [*SettingError]; nil when nothing is.
func (c Config) CheckFiles() error {
	_, err := c.read()
	return err
}

// read reads the files.
func (c Config) read() (s secrets, err error) {
	var errs []error
	wrong := func(key string, err error) {
		errs = append(errs, &SettingError{Key: key, Text: err.Error(), Err: err})
	}
	if c.TokenFile != "" {
		token, err := readToken(c.TokenFile)
		if err != nil {
			wrong("http_token_file", err)
		}
		s.token = &token
	}
	if c.CertificateFile != "" {
		certificate, key, err := c.readCertificate()
		if err != nil {
			wrong(key, err)
		}
		s.certificate = &certificate
	}
	return s, errors.Join(errs...)
}

// readToken returns the hash of a token: comparing hashes takes the same time wherever they differ, whatever the lengths were.
func readToken(path string) (hash [sha256.Size]byte, err error) {
	text, err := readSecret(path)
	if err != nil {
		return hash, err
	}
	token := bytes.TrimRight(text, "\r\n")
	switch {
	case len(token) < minToken || len(token) > maxToken:
		return hash, fmt.Errorf("%s: the token has %d characters, want %d to %d", path, len(token), minToken, maxToken)
	case bytes.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return hash, fmt.Errorf("%s: the token has characters that are not visible ones of ASCII", path)
	}
	return sha256.Sum256(token), nil
}

// readCertificate returns the certificate with its key, or the setting that the error is about.
func (c Config) readCertificate() (pair tls.Certificate, setting string, err error) {
	chain, err := readBounded(c.CertificateFile)
	if err == nil {
		err = checkChain(c.CertificateFile, chain)
	}
	if err != nil {
		return pair, "http_certificate_file", err
	}
	setting, path := "http_key_file", c.KeyFile
	if path == "" {
		setting, path = "http_certificate_file", c.CertificateFile
	}
	key, err := readSecret(path)
	if err != nil {
		return pair, setting, err
	}
	if pair, err = tls.X509KeyPair(chain, key); err != nil {
		return pair, setting, fmt.Errorf("%s: %w", path, err)
	}
	return pair, "", nil
}

// checkChain wants a certificate, so that what is wrong with it is not taken for something with the key.
func checkChain(path string, chain []byte) error {
	for {
		block, rest := pem.Decode(chain)
		if block == nil {
			return fmt.Errorf("%s: no certificate in it, as PEM", path)
		}
		if block.Type == "CERTIFICATE" {
			if _, err := x509.ParseCertificate(block.Bytes); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			return nil
		}
		chain = rest
	}
}

// maxSecret bounds what is read of a file, in bytes.
const maxSecret = 1 << 20

// readSecret reads a file that only its user and its group can read. The group may: systemd hands credentials over so, with a list of rights.
func readSecret(path string) ([]byte, error) {
	f, info, err := open(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o027 != 0 {
		err = &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("others can read it, or its group can change it: its mode is %04o; chmod 600 mends it", info.Mode().Perm())}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return readAll(f)
}

func readBounded(path string) ([]byte, error) {
	f, _, err := open(path)
	if err != nil {
		return nil, err
	}
	return readAll(f)
}

// open opens a regular file. Opening a pipe would wait for somebody who writes, and hold up the start or a reload for ever.
func open(path string) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

// readAll reads f and closes it.
func readAll(f *os.File) (text []byte, err error) {
	defer func() { err = errors.Join(err, f.Close()) }()
	text, err = io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err == nil && len(text) > maxSecret {
		err = fmt.Errorf("%s: more than %d bytes", f.Name(), maxSecret)
	}
	return text, err
}
