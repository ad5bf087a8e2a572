// Package daemon holds what the programs of the suite have in common around their work: what a status of exit means, how an error is
// shown, the common flags, and for the daemons a group of named parts that tells systemd how it is, reloads on SIGHUP, stops within
// a limit, and can be started and stopped by "-d".
//
// A program is a main of a few lines and a run that tests call:
//
//	func main() {
//		os.Exit(run(daemon.Signals(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
//	}
//
//	func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
//		return daemon.Execute(ctx, newCommand(environ), args, stdout, stderr)
//	}
//
// newCommand builds the cobra command, adds the [Flags] it wants, and its RunE returns an error made by [Usage], [BadConfig] or
// [Nothing] where the status is to say more than "failed". Environ is a list, not a lookup, for misspelt variables are found in
// the whole of it.
//
// A [Group] may be run once; its methods and those of [Handle] may be called concurrently.
package daemon
