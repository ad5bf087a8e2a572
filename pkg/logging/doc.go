// Package logging builds the logger of a program, once, in its main:
//
//	log, err := logging.Open(logging.Config{Program: "nameserverd", File: flags.Log, Verbose: flags.Verbose, Stderr: stderr})
//	if err != nil {
//		return err
//	}
//	defer log.Close()
//	defer zap.RedirectStdLog(log.Logger)()
//
// Where standard error leads decides how it looks: into the journal it goes natively, with a priority and each value as a field of its own; on a
// terminal it is for people; anywhere else it is one JSON object a line. With a file it is JSON lines there, turned over daily.
// Nothing is sampled: what repeats is logged on change and counted by those who log it.
//
// Who logs is not held up by who reads: where nobody takes the lines they wait, up to 1 MiB of them, and of those beyond a line tells their number when somebody does.
// What is written to a file is written at once.
//
// Messages and values may hold anything: a newline or an escape sequence in them makes no line and does nothing to a terminal.
package logging
