package main

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/daemon"
)

func newPublicCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "public SECRET [FILE]",
		Short: "make the public key file of a secret one",
		Long: `Makes the public key file of a secret one, with its notes: beside it, NAME.key of
NAME.key_secret, or as FILE, which ends in .key. "-" stands for standard input and
standard output; of what came by standard input, standard output is the default.`,
		Example: `  ptkeys public server.key_secret
  ptkeys public server.key_secret - | ssh client 'cat > server.key'
  ptkeys public alice.key_secret - | ptkeys authorize - --name alice -d /etc/posttroll/clients`,
		Args:              arguments(1, 2, "SECRET, and a FILE at most"),
		ValidArgsFunction: completeKeyFiles(curve.SecretSuffix),
		RunE: func(cmd *cobra.Command, args []string) error {
			target, err := publicTarget(args)
			if err != nil {
				return err
			}
			return public(cmd, args[0], target, curve.WriteOptions{Replace: force})
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace a file that exists")
	return cmd
}

// publicTarget is the path to write to.
func publicTarget(args []string) (string, error) {
	if len(args) == 2 {
		if args[1] != standard && !strings.HasSuffix(args[1], curve.PublicSuffix) {
			return "", daemon.Usage("%s: the name of a public key file ends in %s", args[1], curve.PublicSuffix)
		}
		return args[1], nil
	}
	if args[0] == standard {
		return standard, nil
	}
	name, ok := strings.CutSuffix(args[0], curve.SecretSuffix)
	if !ok {
		return "", usage("name the file to write, or - for standard output", "%s does not end in %s", args[0], curve.SecretSuffix)
	}
	return name + curve.PublicSuffix, nil
}

func public(cmd *cobra.Command, source, target string, options curve.WriteOptions) error {
	cert, err := readKeyFile(cmd, source)
	if err != nil {
		return err
	}
	defer cert.Secret.Wipe()
	if !cert.HasSecret() {
		return daemon.Hint(&curve.FileError{Path: label(source), Err: curve.ErrNoSecretKey}, "it is a public key file already")
	}
	if target == standard {
		text, err := cert.AppendPublic(nil)
		if err != nil {
			return err
		}
		_, err = cmd.OutOrStdout().Write(text)
		return err
	}
	name := strings.TrimSuffix(filepath.Base(target), curve.PublicSuffix)
	err = cert.WritePublic(filepath.Dir(target), name, options)
	if errors.Is(err, fs.ErrExist) {
		return daemon.Hint(err, "--force replaces it")
	}
	return err
}
