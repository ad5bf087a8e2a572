package daemon

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"
)

// Execute runs root with args and returns the status that the program ends with. Errors go to stderr as by [Fail]; what comes
// before a command's own code, from flags and arguments, is wrong usage. A root without Version gets [Version].
func Execute(ctx context.Context, root *cobra.Command, args []string, stdout, stderr io.Writer) int {
	root.SetArgs(append([]string{}, args...)) // never nil, for which cobra takes os.Args
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SilenceErrors, root.SilenceUsage = true, true
	if root.Version == "" {
		root.Version = Version()
	}
	started := false
	markStart(root, &started)

	cmd, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil && !cmd.Runnable() && !answered(cmd):
		err = Hint(Usage("%s needs a command", cmd.CommandPath()), "they are listed above")
	case err != nil && !started:
		err = usageError(cmd, err)
	}
	return Fail(stderr, err)
}

// markStart notes when the code of a command begins.
func markStart(cmd *cobra.Command, started *bool) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(c *cobra.Command, args []string) error {
			*started = true
			return run(c, args)
		}
	}
	for _, sub := range cmd.Commands() {
		markStart(sub, started)
	}
}

// answered tells whether cobra itself has done what was asked: --help or --version.
func answered(cmd *cobra.Command) bool {
	for _, name := range []string{"help", "version"} {
		if asked, err := cmd.Flags().GetBool(name); err == nil && asked {
			return true
		}
	}
	return false
}

func usageError(cmd *cobra.Command, err error) error {
	if se, ok := errors.AsType[*StatusError](err); ok {
		return se
	}
	if _, ok := errors.AsType[hinter](err); !ok {
		err = Hint(err, "see %s --help", cmd.CommandPath())
	}
	return &StatusError{StatusUsage, err}
}
