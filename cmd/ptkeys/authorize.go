package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/daemon"
)

// authorizing admits clients.
type authorizing struct {
	*clientsFolder
	name  string
	force bool
}

func newAuthorizeCommand(c *clientsFolder) *cobra.Command {
	a := &authorizing{clientsFolder: c}
	cmd := &cobra.Command{
		Use:   "authorize FILE...",
		Short: "admit clients by their public key files",
		Long: `Puts public keys into the folder of the clients that a server admits, each under the
name of its file, which the server's log calls the client by. "-" is standard input and
needs a --name.

A file with a secret key is refused: that key belongs to the client alone. A name that
another key has is refused without --force, and so is a key that has another name:
revoking one name would not shut it out. To change a client's key without a gap, admit
the new one under a new name, and revoke the old name when the client has changed.`,
		Example: `  ptkeys authorize alice.key -d /etc/posttroll/clients
  ssh lx1 cat keys/alice.key | ptkeys authorize - --name alice -d /etc/posttroll/clients`,
		Args:              arguments(1, 0, "the FILE of a client"),
		ValidArgsFunction: completeKeyFiles(curve.PublicSuffix),
		RunE: func(cmd *cobra.Command, paths []string) error {
			if a.name != "" && len(paths) > 1 {
				return daemon.Usage("--name is for one file")
			}
			var bad []error
			for _, path := range paths {
				if err := a.admit(cmd, path); err != nil {
					bad = append(bad, err)
				}
			}
			return errors.Join(bad...)
		},
	}
	a.flags(cmd)
	cmd.Flags().StringVar(&a.name, "name", "", "admit it as `NAME` instead of the file's name")
	cmd.Flags().BoolVar(&a.force, "force", false, "replace the key of a name, and give a key a second name")
	return cmd
}

// admit admits one client.
func (a *authorizing) admit(cmd *cobra.Command, path string) error {
	name, err := a.identity(path)
	if err != nil {
		return err
	}
	clients, bad, err := a.open(cmd.ErrOrStderr())
	if errors.Is(err, fs.ErrNotExist) {
		return daemon.Hint(err, "the directory must exist: mkdir -p %s", a.directory)
	}
	if err != nil {
		return err
	}
	warn(cmd, bad)
	cert, err := readKeyFile(cmd, path)
	if err != nil {
		return err
	}
	if cert.HasSecret() {
		cert.Secret.Wipe()
		return daemon.Hint(fmt.Errorf("%s holds a secret key, which is its client's alone: not admitted", label(path)),
			"ptkeys public makes the public file of it")
	}
	names := clients.Names(cert.Public)
	if slices.Contains(names, name) {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s is admitted already\n", name)
		return nil
	}
	if len(names) > 0 && !a.force {
		return daemon.Hint(fmt.Errorf("%s: the key is admitted already, as %s", label(path), strings.Join(names, " and ")),
			"ptkeys revoke %s first, or --force", names[0])
	}
	err = cert.WritePublic(a.directory, name, curve.WriteOptions{Replace: a.force})
	if errors.Is(err, fs.ErrExist) {
		return daemon.Hint(err, "it holds another key: --force replaces it, and shuts the other one out")
	}
	return err
}

// identity is the name to admit a file as.
func (a *authorizing) identity(path string) (string, error) {
	name := a.name
	if name == "" {
		base, ok := strings.CutSuffix(filepath.Base(path), curve.PublicSuffix)
		switch {
		case path == standard:
			return "", daemon.Usage("standard input needs a --name")
		case strings.HasSuffix(base, curve.SecretSuffix):
			return "", daemon.Hint(fmt.Errorf("%s is a secret key file: not admitted", path), "ptkeys public makes the public file of it")
		case !ok:
			return "", usage("--name says what to admit it as", "%s does not end in %s", path, curve.PublicSuffix)
		}
		name = base
	}
	if err := curve.CheckName(name); err != nil {
		return "", &daemon.StatusError{Status: daemon.StatusUsage, Err: err}
	}
	return name, nil
}

// warn tells of files that are bad, but not in the way.
func warn(cmd *cobra.Command, bad error) {
	if bad != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "warning: %s\n", strings.ReplaceAll(bad.Error(), "\n", "\nwarning: "))
	}
}
