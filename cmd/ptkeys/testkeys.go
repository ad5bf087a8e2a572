package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// serverKeys returns the keys that the server may have: the one that was given, or those that the settings name for its address.
func (t *trying) serverKeys(cmd *cobra.Command, endpoint transport.Endpoint) (curve.PublicKeys, error) {
	if t.server == "" {
		return t.serverKeysFromSettings(cmd.ErrOrStderr(), endpoint)
	}
	cert, err := readKeyFile(cmd, t.server)
	if err == nil {
		cert.Secret.Wipe()
		return curve.NewPublicKeys(cert.Public), nil
	}
	if key, bad := curve.ParsePublicKey(t.server); bad == nil && errors.Is(err, fs.ErrNotExist) {
		return curve.NewPublicKeys(key), nil
	}
	return curve.PublicKeys{}, err
}

func (t *trying) serverKeysFromSettings(stderr io.Writer, endpoint transport.Endpoint) (curve.PublicKeys, error) {
	settings, err := t.load(stderr)
	if err != nil {
		return curve.PublicKeys{}, err
	}
	known, err := security.Open(security.Config{
		ServerPublicKeyFile: settings.ServerPublicKeyFile, ServerPublicKeys: settings.ServerPublicKeys,
	}, security.Options{})
	if err != nil {
		return curve.PublicKeys{}, daemon.BadConfig(err)
	}
	keys := known.ServerKeys(endpoint)
	if err := known.Close(); err != nil {
		return curve.PublicKeys{}, err
	}
	if keys.Len() == 0 {
		return keys, usage("name it by --server-key FILE, or in the setting server_public_key_file or server_public_keys", "no public key of the server is named")
	}
	return keys, nil
}

// clientKey reads our pair. The caller wipes it.
func (t *trying) clientKey(cmd *cobra.Command) (curve.KeyPair, error) {
	path, shared := t.secret, false
	if path == standard {
		cert, err := readKeyFile(cmd, path)
		if err != nil {
			return curve.KeyPair{}, err
		}
		if !cert.HasSecret() {
			return curve.KeyPair{}, &curve.FileError{Path: label(path), Err: curve.ErrNoSecretKey}
		}
		return cert.KeyPair, nil
	}
	settings, err := t.load(cmd.ErrOrStderr())
	switch {
	case err == nil:
		shared = settings.AllowSharedKeyFiles
	case path == "":
		return curve.KeyPair{}, err
	}
	if path == "" {
		if path = settings.ClientSecretKeyFile; path == "" {
			return curve.KeyPair{}, usage("name its file by --secret-key FILE, or in the setting client_secret_key_file", "no key pair of ours is named")
		}
	}
	pair, err := curve.ReadPair(path, curve.ReadOptions{AllowShared: shared})
	switch {
	case errors.Is(err, curve.ErrNoSecretKey):
		return pair, daemon.Hint(err, "the test needs the %s file of the client", curve.SecretSuffix)
	case err != nil:
		return pair, withEnding(path, err)
	}
	return pair, nil
}

// load reads the settings, once.
func (t *trying) load(stderr io.Writer) (config.Settings, error) {
	if t.settingsRead {
		return t.settings, nil
	}
	settings := config.DefaultSettings()
	report, err := config.Load(config.ProgramSources(t.config, t.environ), &settings)
	for _, w := range report.Warnings {
		fmt.Fprintf(stderr, "warning: %s\n", w)
	}
	if err != nil {
		return settings, daemon.BadConfig(err)
	}
	t.settings, t.settingsRead = settings, true
	return settings, nil
}
