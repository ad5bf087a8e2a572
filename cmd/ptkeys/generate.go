package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/daemon"
)

// generating makes a key pair.
type generating struct {
	directory            string
	owner, host, comment string
	force, quiet         bool
}

func (g *generating) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&g.directory, "directory", "d", ".", "put the files into `DIRECTORY`, which exists; - prints the text of NAME.key_secret")
	f.StringVar(&g.owner, "owner", "", "note in both files whose key it is: `WHO`")
	f.StringVar(&g.host, "host", "", "note in both files where it is used: `WHERE`")
	f.StringVar(&g.comment, "comment", "", "note `TEXT` in both files")
	f.BoolVar(&g.force, "force", false, "replace files that exist; the old secret key is lost")
	f.BoolVarP(&g.quiet, "quiet", "q", false, "don't say on standard error what was made")
	completeDirectory(cmd)
}

// completeDirectory completes --directory.
func completeDirectory(cmd *cobra.Command) {
	if err := cmd.MarkFlagDirname("directory"); err != nil {
		panic("ptkeys: " + err.Error())
	}
}

func newGenerateCommand() *cobra.Command {
	g := &generating{}
	cmd := &cobra.Command{
		Use:   "generate NAME",
		Short: "make a key pair",
		Long: `Makes a key pair: NAME.key with the public key, and NAME.key_secret with both, which
nobody but its owner can read. Both files are made or none, and nothing is replaced
without --force. "ptkeys NAME" does the same, unless NAME resembles a command.

NAME may hold a path. The last part of it is what a server that admits the key calls
its client in logs.

"-d -" writes no files: it prints the text of the secret key file, which holds both keys,
for a program that keeps secrets. "ptkeys public" makes the public file of it.`,
		Example: `  ptkeys generate server -d /etc/posttroll/keys
  ptkeys generate alice --owner "Ada Lovelace" --comment "laptop"
  ptkeys generate alice -d - | systemd-creds encrypt --name=alice.key_secret - alice.cred`,
		Args:              g.args,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return g.run(cmd, args[0]) },
	}
	g.flags(cmd)
	return cmd
}

// args wants one name.
func (g *generating) args(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return usage("see "+cmd.CommandPath()+" --help", "want the NAME of the keys to make")
	case len(args) > 1:
		if err := noCommand(cmd, args[0]); err != nil {
			return err
		}
		return usage("quote a name with blanks; see "+cmd.CommandPath()+" --help", "want one NAME, got %d words", len(args))
	}
	return nil
}

// noCommand refuses a name that may be a command misspelt.
func noCommand(cmd *cobra.Command, name string) error {
	const shortest = 3 // what is shorter begins with the same letters as too many commands
	if cmd.HasParent() || len(name) < shortest {
		return nil
	}
	near := nearCommands(cmd, name)
	if len(near) == 0 {
		return nil
	}
	return usage(fmt.Sprintf("did you mean ptkeys %s? To make keys of this name: ptkeys generate %s", strings.Join(near, " or ptkeys "), name),
		"%q resembles a command", name)
}

// nearCommands returns the commands that name begins, or that are one letter away from it or have two neighbours swapped; long ones two letters.
func nearCommands(root *cobra.Command, name string) []string {
	const long = 5 // letters of the shortest command that two wrong letters leave recognisable: half of "test" is "host"
	if strings.EqualFold(name, "version") {
		return []string{"--version"}
	}
	root.SuggestionsMinimumDistance = 1
	near := root.SuggestionsFor(name)
	root.SuggestionsMinimumDistance = 2
	for _, command := range root.SuggestionsFor(name) {
		if (len(command) >= long || swapped(command, name)) && !slices.Contains(near, command) {
			near = append(near, command)
		}
	}
	return near
}

// swapped tells whether b is a with two neighbours swapped.
func swapped(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) - 1 {
		if a[i] != b[i] {
			return a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
		}
	}
	return false
}

func (g *generating) run(cmd *cobra.Command, name string) error {
	if g.directory == "" { // an empty variable, as a rule: the current directory would be the wrong place for a secret
		return usage("see "+cmd.CommandPath()+" --help", "--directory is empty")
	}
	directory, name := g.place(name)
	if err := curve.CheckName(name); err != nil {
		return usage("see "+cmd.CommandPath()+" --help", "%w", err)
	}
	cert, err := curve.Generate()
	if err != nil {
		return err
	}
	defer cert.Secret.Wipe()
	cert.Metadata = g.metadata(time.Now())
	if _, err := cert.AppendPublic(nil); err != nil {
		return usage("see "+cmd.CommandPath()+" --help", "%w", err)
	}
	if g.directory == standard {
		return g.print(cmd, cert)
	}
	switch err := cert.WritePair(directory, name, curve.WriteOptions{Replace: g.force}); {
	case errors.Is(err, fs.ErrExist):
		return daemon.Hint(err, "nothing was written; choose another name or directory, or --force to lose the old key")
	case errors.Is(err, fs.ErrNotExist):
		return daemon.Hint(err, "the directory must exist: mkdir -p %s", directory)
	case err != nil:
		return err
	}
	if !g.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "made %s and %s, fingerprint %s\n",
			curve.PublicPath(directory, name), curve.SecretPath(directory, name), cert.Public.Fingerprint())
	}
	return nil
}

// print writes the text of the secret key file to standard output, unless a person would read it there.
func (g *generating) print(cmd *cobra.Command, cert *curve.Certificate) error {
	if g.force {
		return daemon.Usage("--force is for files, and -d - writes none")
	}
	if f, ok := cmd.OutOrStdout().(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return usage("lead it into the program that is to keep it", "standard output is a terminal, which would show the secret key")
	}
	text, err := cert.AppendSecret(nil)
	if err != nil {
		return err
	}
	defer clear(text)
	if _, err := cmd.OutOrStdout().Write(text); err != nil {
		return err
	}
	if !g.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "made a key pair, fingerprint %s\n", cert.Public.Fingerprint())
	}
	return nil
}

// place tells the directory and the name. A path in the name goes below the directory, or counts alone when it is absolute, as in the reference.
func (g *generating) place(name string) (directory, base string) {
	path, base := filepath.Split(name)
	if filepath.IsAbs(path) {
		return filepath.Clean(path), base
	}
	return filepath.Join(g.directory, path), base
}

func (g *generating) metadata(now time.Time) curve.Metadata {
	var m curve.Metadata
	for _, f := range []curve.Field{
		{Name: curve.OwnerName, Value: g.owner}, {Name: curve.HostName, Value: g.host}, {Name: curve.CommentName, Value: g.comment},
		{Name: curve.CreatedName, Value: now.UTC().Format(time.RFC3339)},
	} {
		if f.Value != "" {
			m = append(m, f)
		}
	}
	return m
}
