// Packaging says what the deb and rpm packages have to say of themselves and what nobody should write by hand: their version, their changelog,
// the oldest C library that their programs start with, and the licences of what is linked into them. It is a part of scripts/package.
//
//	packaging version DESCRIBE COUNT            from git describe --tags --long --always --dirty, and the number of commits
//	packaging changelog deb|rpm VERSION EPOCH   from CHANGELOG.md on standard input; EPOCH is the time of the commit in seconds
//	packaging glibc PROGRAM...                  the newest version of glibc that one of them needs, as "2.34"
//	packaging notices PROGRAM...                the licences of all Go modules in them
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "packaging:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) < 2 {
		return errors.New("usage: version, changelog, glibc or notices, and their arguments: see the head of internal/packaging/main.go")
	}
	switch name, args := args[0], args[1:]; name {
	case "version":
		return printVersion(args, out)
	case "changelog":
		return printChangelog(args, in, out)
	case "glibc":
		return printGlibc(args, out)
	case "notices":
		return printNotices(args, out)
	default:
		return fmt.Errorf("%q is none of version, changelog, glibc, notices", name)
	}
}
