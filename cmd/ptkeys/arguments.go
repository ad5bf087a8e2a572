package main

import "github.com/spf13/cobra"

// arguments wants so many arguments, from least to most; most 0 is any number. What says which.
func arguments(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least && len(args) == 0:
			// It may be a name of keys, as the reference would have it.
			return usage("see "+cmd.CommandPath()+" --help; to make keys of this name: ptkeys generate "+cmd.Name(), "want %s", what)
		case len(args) < least, most > 0 && len(args) > most:
			return usage("see "+cmd.CommandPath()+" --help", "want %s, got %d words", what, len(args))
		}
		return nil
	}
}
