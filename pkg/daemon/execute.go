package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Execute runs root with args and returns the status that the program ends with. Errors go to stderr as by [Fail]; what comes
// before a command's own code, from flags and arguments, is wrong usage. A root without Version gets [Version].
//
// From then on a panic ends the process by SIGABRT: Go's own status for it is 2, which says wrong usage here, and after which the units
// do not start a daemon again (RestartPreventExitStatus=). The same goes for the watchdog of systemd, which sends SIGABRT.
func Execute(ctx context.Context, root *cobra.Command, args []string, stdout, stderr io.Writer) int {
	debug.SetTraceback("crash")
	root.SetArgs(append([]string{}, args...)) // never nil, for which cobra takes os.Args
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.DisableSuggestions = true // they are hints here
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
		err = usageError(root, cmd, args, err)
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

// usageError makes err wrong usage of cmd, with a hint.
func usageError(root, cmd *cobra.Command, args []string, err error) error {
	if _, ok := errors.AsType[*StatusError](err); ok {
		return err // with the hint that may stand around it
	}
	if _, ok := errors.AsType[hinter](err); !ok {
		err = Hint(err, "%s", usageHint(root, cmd, args))
	}
	return &StatusError{StatusUsage, err}
}

func usageHint(root, cmd *cobra.Command, args []string) string {
	word := slices.IndexFunc(args, func(arg string) bool { return !strings.HasPrefix(arg, "-") })
	found, _, unknown := root.Find(args)
	// A root that does something by itself, and takes no arguments, finds itself.
	if (unknown != nil || found == root && root.HasSubCommands()) && word >= 0 {
		root.SuggestionsMinimumDistance = 2
		if near := root.SuggestionsFor(args[word]); len(near) > 0 {
			return fmt.Sprintf("did you mean %s?", strings.Join(near, " or "))
		}
	}
	return fmt.Sprintf("see %s --help", cmd.CommandPath())
}
