package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// keyLine is what is told about a key, as a line of JSON.
type keyLine struct {
	Path        string            `json:"path,omitempty"`
	Name        string            `json:"name,omitempty"`
	PublicKey   curve.PublicKey   `json:"public_key"`
	Fingerprint string            `json:"fingerprint"`
	Secret      bool              `json:"secret"` // the file holds the secret key too
	Mode        string            `json:"mode,omitempty"`
	Metadata    map[string]string `json:"metadata"` // the first value of each name
}

func newKeyLine(cert *curve.Certificate) keyLine {
	line := keyLine{PublicKey: cert.Public, Fingerprint: cert.Public.Fingerprint(), Secret: cert.HasSecret(), Metadata: map[string]string{}}
	for _, f := range cert.Metadata {
		if _, ok := line.Metadata[f.Name]; !ok {
			line.Metadata[f.Name] = f.Value
		}
	}
	return line
}

func newShowCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show FILE...",
		Short: "show the public key, fingerprint and notes of key files",
		Long: `Shows of each key file, public or secret, the public key, its fingerprint, what the
file notes about it, and the file's mode. Never shows a secret key. A FILE of "-" is
standard input.

Fingerprints are what people compare, by telephone say: the SHA-256 of the 32 bytes of
the public key, in Base64 as OpenSSH prints it.`,
		Example: `  ptkeys show alice.key
  ssh server cat /etc/posttroll/keys/server.key | ptkeys show -
  ptkeys show --json *.key | jq -r .fingerprint`,
		Args:              arguments(1, 0, "a FILE"),
		ValidArgsFunction: completeKeyFiles(curve.PublicSuffix, curve.SecretSuffix),
		RunE: func(cmd *cobra.Command, paths []string) error {
			var bad []error
			for _, path := range paths {
				if err := show(cmd, path, asJSON); err != nil {
					bad = append(bad, err)
				}
			}
			return errors.Join(bad...)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON line for each file")
	return cmd
}

func show(cmd *cobra.Command, path string, asJSON bool) error {
	cert, err := readKeyFile(cmd, path)
	if err != nil {
		return err
	}
	defer cert.Secret.Wipe()
	line := newKeyLine(cert)
	if path != standard {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		line.Path, line.Mode = path, fmt.Sprintf("%04o", info.Mode().Perm())
		line.Name = strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), curve.SecretSuffix), curve.PublicSuffix)
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), line)
	}
	return printText(cmd.OutOrStdout(), line, cert.Metadata)
}

// printJSON prints a line of JSON.
func printJSON(w io.Writer, line any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // < > and & are in the alphabet of keys
	if err := enc.Encode(line); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

func printText(w io.Writer, line keyLine, metadata curve.Metadata) error {
	var b strings.Builder
	holds := "the public key"
	if line.Secret {
		holds = "the public and the SECRET key"
	}
	head := line.Path
	if head == "" {
		head = "standard input"
	}
	fmt.Fprintf(&b, "%s\n", printable(head))
	item := func(name, value string) { fmt.Fprintf(&b, "  %-11s  %s\n", printable(name), printable(value)) }
	item("public key", line.PublicKey.String())
	item("fingerprint", line.Fingerprint)
	item("holds", holds)
	if line.Mode != "" {
		item("mode", line.Mode)
	}
	for _, f := range metadata {
		item(f.Name, f.Value)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// printable keeps control characters in what others have written from reaching the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, s)
}
