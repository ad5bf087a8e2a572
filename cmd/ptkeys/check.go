package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/cmd/internal/keycheck"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/daemon"
)

func newCheckCommand() *cobra.Command {
	var clients string
	var expect []string
	cmd := &cobra.Command{
		Use:   "check [PATH]...",
		Short: "look for what is wrong with key files",
		Long: `Looks at key files, and at all of those in directories, and prints a line for each thing
that is wrong, with status 1:

  - files that can't be read, are no key files, or hold keys that are no pair
  - NAME.key and NAME.key_secret that don't belong together
  - secret keys that others than the owner can read or change, or in NAME.key
  - public key files and directories that anybody can change
  - files that belong to somebody else than root, the owner of their directory, and you
  - the same key under different names
  - files that an interrupted ptkeys has left

With --clients also, of the folder of the clients that a server admits: secret keys in
it, names whose key there is not the one in PATH, and, with --expect, names that are
missing or too many. Status 0: nothing found; 2: wrong usage.`,
		Example: `  ptkeys check /etc/posttroll/keys
  ptkeys check --clients /etc/posttroll/clients --expect alice,bob
  ptkeys check keys/ --clients /etc/posttroll/clients`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && clients == "":
				return usage("see "+cmd.CommandPath()+" --help", "want a PATH or --clients")
			case len(expect) > 0 && clients == "":
				return daemon.Usage("--expect needs --clients")
			}
			return nil
		},
		ValidArgsFunction: completeKeyFiles(curve.PublicSuffix, curve.SecretSuffix),
		RunE: func(cmd *cobra.Command, paths []string) error {
			c := keycheck.New()
			if clients != "" { // first: it may be among the paths too
				c.Clients(clients, expect)
			}
			for _, path := range paths {
				c.Path(path)
			}
			c.Together()
			return reportFindings(cmd, c)
		},
	}
	f := cmd.Flags()
	f.StringVar(&clients, "clients", "", "check also `DIRECTORY`, the folder of the clients that a server admits")
	f.StringSliceVar(&expect, "expect", nil, "`NAMES` that must be admitted there, and no others; by commas, may be repeated")
	if err := cmd.MarkFlagDirname("clients"); err != nil {
		panic("ptkeys: " + err.Error())
	}
	return cmd
}

// reportFindings prints what was found.
func reportFindings(cmd *cobra.Command, c *keycheck.Checker) error {
	for _, f := range c.Findings {
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", printable(f.Path), printable(f.Text)); err != nil {
			return err
		}
	}
	files := count(c.Files(), "key file")
	if len(c.Findings) > 0 {
		return fmt.Errorf("%s: %s checked, %s", cmd.Name(), files, count(len(c.Findings), "finding"))
	}
	_, err := fmt.Fprintf(cmd.ErrOrStderr(), "%s checked, nothing found\n", files)
	return err
}

// count is a number and its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
