package daemon

import "github.com/spf13/pflag"

// Flags are the flags that the programs have in common; each registers those that it has.
type Flags struct {
	Config  string // -c, --config FILE
	Check   bool   // --check
	Verbose bool   // -v, --verbose
	Log     string // -l, --log FILE
	Action  Action // -d, --daemon ACTION; empty: run in the foreground
}

// Register adds --config, --check and --verbose, which all programs have. file is where the settings are read without --config.
func (f *Flags) Register(flags *pflag.FlagSet, file string) {
	flags.StringVarP(&f.Config, "config", "c", "", "read settings from `FILE` instead of "+file)
	flags.BoolVar(&f.Check, "check", false, "check the settings, print those that count and where they come from, and end")
	flags.BoolVarP(&f.Verbose, "verbose", "v", false, "log more")
}

// RegisterDaemon adds --log and --daemon, which daemons have.
func (f *Flags) RegisterDaemon(flags *pflag.FlagSet) {
	flags.StringVarP(&f.Log, "log", "l", "", "log to `FILE`, turned over daily, 7 kept, instead of standard error")
	flags.VarP(&f.Action, "daemon", "d", "start, stop or restart it in the background, or tell its status")
}
