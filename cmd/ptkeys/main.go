// Ptkeys makes and looks after the keys of posttroll's encrypted backend: key pairs, their files, and the folder of the clients that a server
// admits; and tests whether a server lets us in. See ptkeys --help.
package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/daemon"
)

func main() {
	os.Exit(run(daemon.Signals(), underName(os.Args), os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newCommand(environ)
	root.SetIn(stdin)
	return daemon.Execute(ctx, root, args, stdout, stderr)
}

func newCommand(environ []string) *cobra.Command {
	g := &generating{}
	root := &cobra.Command{
		Use:   "ptkeys NAME",
		Short: "make and look after the keys of encrypted posttroll connections",
		Long: `ptkeys makes the key pairs by which posttroll programs encrypt their connections and
know each other (backend secure_zmq, ZeroMQ CURVE), and looks after their files.

"ptkeys NAME" makes a pair, as Python's posttroll-generate-keys does: NAME.key, the
public key, which others may have, and NAME.key_secret, which stays where it is used.
Python posttroll, pyzmq and CZMQ read these files, and ptkeys reads theirs.

A server needs a pair, and a folder with the NAME.key of each client that it admits.
A client needs a pair of its own, and the server's public key. "ptkeys test" says whether
a server lets a client in, and why not.

Exit status: 0 done, 1 failed, something found (check), or not let in (test), 2 wrong
usage, 78 bad configuration.`,
		Example: `  ptkeys server -d /etc/posttroll/keys
  ptkeys generate alice --owner "Ada Lovelace" --host lx1
  ptkeys show alice.key
  ptkeys authorize alice.key -d /etc/posttroll/clients
  ptkeys check /etc/posttroll/keys --clients /etc/posttroll/clients
  ptkeys test tcp://satellite.example:9010 --server-key server.key --secret-key alice.key_secret`,
		Args:              g.args,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := noCommand(cmd, args[0]); err != nil {
				return err
			}
			return g.run(cmd, args[0])
		},
	}
	g.flags(root)
	c := &clientsFolder{environ: environ}
	root.AddCommand(
		newGenerateCommand(), newShowCommand(), newPublicCommand(), newCheckCommand(),
		newAuthorizeCommand(c), newRevokeCommand(c), newListCommand(c), newTestCommand(environ),
	)
	return root
}
