package main

import "path/filepath"

// reference is the command of Python posttroll that makes keys. The package posttroll-compat has it as a link to this program.
const reference = "posttroll-generate-keys"

// underName returns the arguments of a command line. Under the name of Python's command the program makes keys and nothing else, so that each
// name is one that keys can have, as there: also "list".
func underName(line []string) []string {
	if len(line) == 0 {
		return nil
	}
	if filepath.Base(line[0]) == reference {
		return append([]string{"generate"}, line[1:]...)
	}
	return line[1:]
}
