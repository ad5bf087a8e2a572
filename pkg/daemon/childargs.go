package daemon

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Names of flags that have a part in "-d".
const (
	daemonFlag = "daemon"
	logFlag    = "log"
)

// childArgs returns the command line of the process that "-d start" makes: the flags given but for --daemon, file names made absolute,
// for it runs in the root directory; and --log FILE, by default what defaultLog returns, for there is no standard error to log to. It returns that
// file too.
func childArgs(flags *pflag.FlagSet, defaultLog func() (string, error)) (args []string, log string, err error) {
	flags.Visit(func(f *pflag.Flag) {
		if f.Name == daemonFlag || err != nil {
			return
		}
		for _, value := range flagValues(f) {
			if _, isFile := f.Annotations[cobra.BashCompFilenameExt]; isFile {
				if value, err = filepath.Abs(value); err != nil {
					err = fmt.Errorf("--%s: %w", f.Name, err)
				}
			}
			if f.Name == logFlag {
				log = value
			}
			args = append(args, "--"+f.Name+"="+value)
		}
	})
	if log == "" && err == nil {
		log, err = defaultLog()
		args = append(args, "--"+logFlag+"="+log)
	}
	if flags.NArg() > 0 {
		args = append(append(args, "--"), flags.Args()...)
	}
	return args, log, err
}

// flagValues returns what was given to a flag, once for each time it has to be repeated.
func flagValues(f *pflag.Flag) []string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	return []string{f.Value.String()}
}
