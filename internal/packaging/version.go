package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

func printVersion(args []string, out io.Writer) error {
	if len(args) != 2 {
		return fmt.Errorf("version takes git's description and the number of commits, not %q", args)
	}
	v, err := packageVersion(args[0], args[1])
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, v)
	return err
}

var (
	// described is what git describe --long prints: tag, commits since, and commit. Without any tag it is the commit alone.
	described = regexp.MustCompile(`^(?:v(\d[^-]*)(?:-([^-]+))?-(\d+)-g)?([0-9a-f]{7,40})(-dirty)?$`)
	// sortable holds what both dpkg and rpm take in a version and compare in the same way.
	sortable = regexp.MustCompile(`^\d+(\.\d+)+(~[A-Za-z0-9.]+)?(\+[A-Za-z0-9.]+)?$`)
)

// packageVersion turns what git describe says of a commit into a version that dpkg and rpm sort alike, and as time goes:
//
//	v0.1.0-rc.1-0-gHASH   0.1.0~rc.1          "~" sorts before nothing at all
//	v0.1.0-0-gHASH        0.1.0
//	v0.1.0-7-gHASH        0.1.0+git7.gHASH    after 0.1.0 and before 0.1.1, whatever the next will be
//	HASH                  0.0.0+git95.gHASH   before the first tag; 95 is the number of commits
//
// Changes that are not committed add ".dirty".
func packageVersion(description, commits string) (string, error) {
	m := described.FindStringSubmatch(description)
	if m == nil {
		return "", fmt.Errorf("%q is nothing that git describe --long prints of a tag v1.2.3 or v1.2.3-rc.1", description)
	}
	version, pre, since, hash, dirty := m[1], m[2], m[3], m[4], m[5] != ""
	if version == "" {
		version, since = "0.0.0", commits
	}
	if pre != "" {
		version += "~" + pre
	}
	if since != "0" || dirty {
		version += "+git" + since + ".g" + hash
	}
	if dirty {
		version += ".dirty"
	}
	if !sortable.MatchString(version) {
		return "", fmt.Errorf("%q of %q is no version that dpkg and rpm sort alike", version, description)
	}
	return version, nil
}

// isSnapshot tells whether a version is that of a commit without a tag.
func isSnapshot(version string) bool { return strings.Contains(version, "+git") }
