package main

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/pytroll/posttroll-go/cmd/internal/keycheck"
	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/curve"
)

// keySetting is a setting that names a file or a directory.
type keySetting struct{ name, path string }

func keySettings(set config.Settings) []keySetting {
	all := []keySetting{
		{"server_secret_key_file", set.ServerSecretKeyFile},
		{"next_server_secret_key_file", set.NextServerSecretKeyFile},
		{"client_secret_key_file", set.ClientSecretKeyFile},
		{"server_public_key_file", set.ServerPublicKeyFile},
	}
	for _, entry := range set.ServerPublicKeys {
		if _, path, ok := strings.Cut(entry, "="); ok {
			all = append(all, keySetting{"server_public_keys", path})
		}
	}
	return slices.DeleteFunc(all, func(k keySetting) bool { return k.path == "" })
}

// lookAtKeys tells what is wrong with key files. That one may not be read is as it should be: keys of daemons are theirs.
func lookAtKeys(found *chart, set config.Settings) {
	tell := found.about("keys")
	c := keycheck.New()
	if dir := set.ClientsPublicKeysDirectory; dir != "" && readable(tell, keySetting{"clients_public_keys_directory", dir}) {
		c.Clients(dir, nil)
	}
	for _, k := range keySettings(set) {
		if !readable(tell, k) {
			continue
		}
		c.Path(k.path)
		if base, ok := strings.CutSuffix(k.path, curve.SecretSuffix); ok {
			if _, err := os.Stat(base + curve.PublicSuffix); err == nil {
				c.Path(base + curve.PublicSuffix)
			}
		}
	}
	c.Together()
	for _, f := range c.Findings {
		tell(levelWarning, "ptkeys check "+f.Path+" tells the same; ptkeys(1) mends it", "%s: %s", f.Path, f.Text)
	}
	if c.Files() > 0 && len(c.Findings) == 0 {
		tell(levelOK, "", "%s: readable by the right people, and pairs", things(c.Files(), "key file"))
	}
	lookAtMissingKeys(tell, set)
}

// readable tells of what this user may not read, or what is not there.
func readable(tell func(level, string, string, ...any), k keySetting) bool {
	f, err := os.Open(k.path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		tell(levelNote, "sudo ptctl doctor looks at it, and "+k.name+" = \"\" in ~/.config/posttroll/posttroll.toml does without it", "%s (%s) is not for this user to read", k.path, k.name)
		return false
	case err != nil:
		advice := "ptkeys NAME makes a pair; correct " + k.name
		if k.name == "clients_public_keys_directory" {
			advice = "make it, and put NAME.key of each client into it (ptkeys authorize); or correct " + k.name
		}
		tell(levelError, advice, "%s: %v", k.name, err)
		return false
	}
	_ = f.Close() // nothing was written
	return true
}

// lookAtMissingKeys compares the keys that are set with the backend.
func lookAtMissingKeys(tell func(level, string, string, ...any), set config.Settings) {
	asks := set.ClientSecretKeyFile != "" && (set.ServerPublicKeyFile != "" || len(set.ServerPublicKeys) > 0)
	serves := set.ServerSecretKeyFile != "" && set.ClientsPublicKeysDirectory != ""
	switch {
	case set.Backend != config.Secure && len(keySettings(set)) == 0:
		tell(levelOK, "", "none are set: connections are plain")
	case set.Backend != config.Secure:
	case !asks && !serves:
		tell(levelError, "doc/security.md tells which; ptkeys NAME makes a pair", "backend %q, and the keys for it are not set", config.Secure)
	case !asks:
		tell(levelNote, "client_secret_key_file and server_public_key_file are for that", "programs here can't subscribe or look up")
	case !serves:
		tell(levelNote, "server_secret_key_file and clients_public_keys_directory are for that", "programs here can't publish")
	}
}
