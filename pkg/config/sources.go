package config

import "path/filepath"

// Directory is where the files of a host lie.
const Directory = "/etc/posttroll"

// sharedName is the name of the file with the shared settings.
const sharedName = "posttroll.toml"

// Sources says where [Load] reads, in the order in which later wins.
type Sources struct {
	// Shared are files with shared settings alone. One that is not there is passed over.
	Shared []string
	// Own is the daemon's own file, which may set shared settings too. Empty: none.
	Own string
	// OwnRequired makes it an error that Own is not there: an operator has named it.
	OwnRequired bool
	// Environ is the environment as [os.Environ] gives it. All of it is needed, to find what is misspelt.
	Environ []string
	// Flags are settings that the command line changes.
	Flags []Flag
}

// Flag is a setting given on the command line.
type Flag struct {
	Name  string // as written: "--no-multicast"
	Key   string // the setting
	Value any    // a value that the setting takes, or its text
}

// DaemonSources returns the sources of a daemon that is called name: the shared file and its own in [Directory], and the environment.
// A file that the operator names (--config) takes the place of its own and has to be there; empty means none is named.
func DaemonSources(name, named string, environ []string) Sources {
	src := Sources{
		Shared:  []string{filepath.Join(Directory, sharedName)},
		Own:     filepath.Join(Directory, name+".toml"),
		Environ: environ,
	}
	if named != "" {
		src.Own, src.OwnRequired = named, true
	}
	return src
}

// ProgramSources returns the sources of a program that people run: the shared file in [Directory], the user's own in
// $XDG_CONFIG_HOME/posttroll or ~/.config/posttroll, and the environment. A file that the user names (--config) comes after both and
// has to be there; empty means none is named.
func ProgramSources(named string, environ []string) Sources {
	src := Sources{
		Shared:      []string{filepath.Join(Directory, sharedName)},
		Own:         named,
		OwnRequired: named != "",
		Environ:     environ,
	}
	if dir := userDirectory(environ); dir != "" {
		src.Shared = append(src.Shared, filepath.Join(dir, "posttroll", sharedName))
	}
	return src
}

// userDirectory is where the user's settings lie; empty when the environment does not tell.
func userDirectory(environ []string) string {
	// The specification has relative paths ignored.
	if dir, _ := lookup(environ, "XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	if home, _ := lookup(environ, "HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".config")
	}
	return ""
}
