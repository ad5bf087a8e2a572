package daemon

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version can be set when linking: -ldflags "-X github.com/pytroll/posttroll-go/pkg/daemon.version=1.2.3".
var version string

// Version returns the version of the program: the one set when linking, else that of its module, with revision and Go version.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return versionOf(version, info)
}

func versionOf(linked string, info *debug.BuildInfo) string {
	name := linked
	if name == "" {
		name = info.Main.Version
	}
	if name == "" || name == "(devel)" {
		name = "development"
	}
	revision, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = " with changes"
		}
	}
	if revision == "" {
		return fmt.Sprintf("%s (%s)", name, runtime.Version())
	}
	return fmt.Sprintf("%s (%s%s, %s)", name, revision, changed, runtime.Version())
}
