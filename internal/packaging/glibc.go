package main

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// shared are the libraries that the packages depend on by their own words, in packaging/nfpm.yaml: libzmq, and those of glibc, of which newer
// ones are all in libc.so.6.
var shared = []string{"libzmq.so.5", "libc.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libresolv.so.2"}

func printGlibc(files []string, out io.Writer) error {
	newest := []int{0}
	for _, file := range files {
		v, err := glibcOf(file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if slices.Compare(v, newest) > 0 {
			newest = v
		}
	}
	if len(newest) == 1 {
		return errors.New("none of the programs needs glibc: are they linked statically?")
	}
	texts := make([]string, len(newest))
	for i, n := range newest {
		texts[i] = strconv.Itoa(n)
	}
	_, err := fmt.Fprintln(out, strings.Join(texts, "."))
	return err
}

// glibcOf returns the newest version of glibc whose symbols a program needs. A library that no package would bring is an error.
func glibcOf(file string) (newest []int, err error) {
	f, err := elf.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	libraries, err := f.ImportedLibraries()
	if err != nil {
		return nil, err
	}
	for _, name := range libraries {
		if !slices.Contains(shared, name) && !strings.HasPrefix(name, "ld-linux") {
			return nil, fmt.Errorf("it needs %s, which the packages do not depend on", name)
		}
	}
	needs, err := f.DynamicVersionNeeds()
	if err != nil {
		return nil, err
	}
	for _, need := range needs {
		for _, dep := range need.Needs {
			text, ok := strings.CutPrefix(dep.Dep, "GLIBC_")
			if !ok {
				return nil, fmt.Errorf("it needs %s of %s, which the packages do not depend on", dep.Dep, need.Name)
			}
			v, err := numbers(text)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", dep.Dep, err)
			}
			if slices.Compare(v, newest) > 0 {
				newest = v
			}
		}
	}
	return newest, nil
}

func numbers(text string) ([]int, error) {
	var v []int
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, err
		}
		v = append(v, n)
	}
	return v, nil
}
