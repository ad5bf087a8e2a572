package main

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"
)

// What the unit files call themselves.
const (
	unit          = "posttroll-relay.service"
	instanceUnit  = "posttroll-relay@%s.service"
	instancesPath = "/etc/posttroll/relay.d" // has a file of settings for each
)

// maxName bounds what a name of a file becomes part of: paths of sockets have little room.
const maxName = 32

// instance is one relay of this host, told from others by its file of settings.
type instance struct {
	name string // of its pid file, log and socket
	unit string // that runs it; empty: none does
	file string // of settings
}

// instanceOf returns the relay that has its settings in a file; empty: in the usual one.
func instanceOf(config string) instance {
	if config == "" {
		return instance{program, unit, file}
	}
	path, err := filepath.Abs(config)
	if err != nil {
		path = filepath.Clean(config) // the working directory is gone: so is the file, which will be told
	}
	name := strings.TrimSuffix(filepath.Base(path), ".toml")
	switch {
	case path == file:
		return instance{program, unit, file}
	case filepath.Dir(path) == instancesPath && name != filepath.Base(path) && len(name) <= maxName:
		return instance{program + "-" + name, strings.Replace(instanceUnit, "%s", name, 1), path}
	}
	// Files of the same name in other directories are other relays.
	sum := sha256.Sum256([]byte(path))
	return instance{program + "-" + name[:min(len(name), maxName)] + "-" + hex.EncodeToString(sum[:4]), "", path}
}

// socket is the name of the file of its control socket.
func (in instance) socket() string { return in.name + ".sock" }

// unitSocket is where its unit has the control socket; empty: there is no unit.
func (in instance) unitSocket() string {
	switch in.unit {
	case "":
		return ""
	case unit:
		return "/run/posttroll-relay/" + in.socket()
	}
	return "/run/posttroll-relay-" + strings.TrimPrefix(in.name, program+"-") + "/" + in.socket()
}
