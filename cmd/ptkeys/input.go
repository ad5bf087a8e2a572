package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/daemon"
)

// standard is the path that means standard input or output.
const standard = "-"

// maxInput bounds what is read from standard input, in bytes: more than a key file may have.
const maxInput = 128 << 10

// readKeyFile reads a key file of either kind, or standard input. The caller wipes the secret key.
func readKeyFile(cmd *cobra.Command, path string) (*curve.Certificate, error) {
	if path != standard {
		cert, err := curve.Read(path)
		if err != nil {
			return nil, withEnding(path, err)
		}
		return cert, nil
	}
	text, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), maxInput))
	defer clear(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", label(path), err)
	}
	cert, err := curve.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", label(path), err)
	}
	return cert, nil
}

// withEnding adds a hint when a file was named without its ending.
func withEnding(path string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, ending := range []string{curve.PublicSuffix, curve.SecretSuffix} {
		if _, missing := os.Stat(path + ending); missing == nil {
			return daemon.Hint(err, "did you mean %s%s?", path, ending)
		}
	}
	return err
}

// label is how a path is called in messages.
func label(path string) string {
	if path == standard {
		return "standard input"
	}
	return path
}

// usage is wrong usage, with a hint.
func usage(hint, format string, args ...any) error {
	return daemon.Hint(daemon.Usage(format, args...), "%s", hint)
}

// completeKeyFiles completes names of key files.
func completeKeyFiles(endings ...string) cobra.CompletionFunc {
	var filter []string
	for _, ending := range endings {
		filter = append(filter, strings.TrimPrefix(ending, "."))
	}
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return filter, cobra.ShellCompDirectiveFilterFileExt
	}
}
