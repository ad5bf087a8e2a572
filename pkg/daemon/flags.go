package daemon

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Flags are the flags that the programs have in common; each registers those that it has.
type Flags struct {
	Config  string // -c, --config FILE
	Check   bool   // --check
	NoKeys  bool   // --no-keys
	Verbose bool   // -v, --verbose
	Log     string // -l, --log FILE
	Action  Action // -d, --daemon ACTION; empty: run in the foreground
}

// Register adds --config, --check and --verbose, which all programs have. file is where the settings are read without --config.
func (f *Flags) Register(flags *pflag.FlagSet, file string) {
	flags.StringVarP(&f.Config, "config", "c", "", "read settings from `FILE` instead of "+file)
	markFile(flags, "config")
	flags.BoolVar(&f.Check, "check", false, "check the settings, print those that count and where they come from, and end")
	flags.BoolVarP(&f.Verbose, "verbose", "v", false, "log more")
}

// RegisterDaemon adds --no-keys, --log and --daemon to a command, which daemons have.
func (f *Flags) RegisterDaemon(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.NoKeys, "no-keys", false, "with --check: leave the keys unread, which the running service alone may see")
	flags.StringVarP(&f.Log, logFlag, "l", "", "log to `FILE`, turned over daily, 7 kept, instead of standard error")
	markFile(flags, logFlag)
	flags.VarP(&f.Action, daemonFlag, "d", "start, stop or restart it in the background, or tell its status")
	actions := []cobra.Completion{string(Start), string(Stop), string(Restart), string(Query)}
	if err := cmd.RegisterFlagCompletionFunc(daemonFlag, cobra.FixedCompletions(actions, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic("daemon: " + err.Error())
	}
}

// markFile says that a flag names a file, for completion and for [Control], which makes its name absolute. Flags of a daemon's own
// that name files need the same (cobra's MarkFlagFilename).
func markFile(flags *pflag.FlagSet, name string) {
	if err := flags.SetAnnotation(name, cobra.BashCompFilenameExt, []string{}); err != nil {
		panic("daemon: " + err.Error())
	}
}
