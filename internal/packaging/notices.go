package main

import (
	"debug/buildinfo"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// legal are the names of files by which modules say under which terms they may be passed on.
var legal = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([.-].*)?$`)

// apache is the first line of a text that our own licence is, too, and that need not be there a second time.
const apache = "Apache License"

// printNotices prints the terms of the Go library and of every module in the programs, which most of them want to go with each copy.
func printNotices(files []string, out io.Writer) error {
	modules := map[string]bool{}
	for _, file := range files {
		info, err := buildinfo.ReadFile(file)
		if err != nil {
			return err
		}
		for _, dep := range info.Deps {
			modules[dep.Path] = true
		}
	}
	root, err := output("go", "env", "GOROOT")
	if err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(modules))
	list, err := output("go", append([]string{"list", "-m", "-f", "{{.Path}} {{.Version}}\t{{.Dir}}"}, names...)...)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(out, "The programs of this package are linked with the Go modules below. They may be passed on under these terms.\n"); err != nil {
		return err
	}
	for line := range strings.Lines("The Go standard library and runtime\t" + root + "\n" + list + "\n") {
		name, dir, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			return fmt.Errorf("%s: its source is not there: go mod download", name)
		}
		text, err := terms(dir)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if _, err := fmt.Fprintf(out, "\n%s\n%s\n\n%s", strings.Repeat("=", 100), name, text); err != nil {
			return err
		}
	}
	return nil
}

// terms returns the legal files of a module.
func terms(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, e := range entries {
		if e.Type() != fs.FileMode(0) || !legal.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", err
		}
		if strings.HasPrefix(strings.TrimSpace(string(text)), apache) {
			text = []byte("Apache License, Version 2.0, as posttroll itself.\n")
		}
		fmt.Fprintf(&b, "%s:\n\n%s\n", e.Name(), strings.TrimRight(string(text), "\n"))
	}
	if b.Len() == 0 {
		return "", fmt.Errorf("no licence in %s", dir)
	}
	return b.String(), nil
}

func output(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	return strings.TrimSpace(string(text)), err
}
