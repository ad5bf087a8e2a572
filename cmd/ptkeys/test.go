package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/internal/curveprobe"
	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// trying tries a server.
type trying struct {
	environ      []string
	config       string
	server       string // file or key
	secret       string // file
	timeout      time.Duration
	asJSON       bool
	settings     config.Settings
	settingsRead bool
}

func newTestCommand(environ []string) *cobra.Command {
	t := &trying{environ: environ}
	cmd := &cobra.Command{
		Use:   "test ADDRESS",
		Short: "try whether a server lets us in, and say why not",
		Long: `Makes an encrypted connection to the server at ADDRESS as a client does, and says how far
it came: nobody listens there, it is not ZeroMQ, a plain server, the server has another
key, it does not admit our key or our address, or ok, and how long it took. No
secret key is sent: the connection proves that we have it. The server's log shows the
test as a client that came and went.

ADDRESS is as publishers announce it: tcp://HOST:PORT, or ipc://PATH. A nameserver with
keys listens on 5558, and for subscribers on 16543 or 16544.

Of a server that lets us in, it also shows the type of its socket: PUB or XPUB is a
publisher, REP or ROUTER answers requests.

Not all causes can be told apart from here: a server that does not admit a key or an
address does not say which, and may say nothing at all. The message lists then what looks
alike; the log of the server knows more.

Status 0: the server let us in; 1: it did not; 2: wrong usage; 78: bad configuration.`,
		Example: `  ptkeys test tcp://satellite.example:9010 --server-key server.key --secret-key alice.key_secret
  ptkeys test tcp://satellite.example:5558        with the keys that the settings name
  ptkeys test tcp://localhost:9010 --json | jq -r .outcome`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return t.run(cmd, args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&t.server, "server-key", "", "the server's public key: `FILE`, or its 40 characters (default: the setting server_public_key_file)")
	f.StringVar(&t.secret, "secret-key", "", "`FILE` with our pair (default: the setting client_secret_key_file)")
	f.DurationVar(&t.timeout, "timeout", curveprobe.DefaultTimeout, "give up after this `TIME`")
	f.BoolVar(&t.asJSON, "json", false, "print what was found as a JSON line")
	f.StringVarP(&t.config, "config", "c", "", "read settings also from `FILE`")
	for name, complete := range map[string]cobra.CompletionFunc{
		"server-key": completeKeyFiles(curve.PublicSuffix, curve.SecretSuffix), "secret-key": completeKeyFiles(curve.SecretSuffix),
		"timeout": cobra.NoFileCompletions,
	} {
		if err := cmd.RegisterFlagCompletionFunc(name, complete); err != nil {
			panic("ptkeys: " + err.Error())
		}
	}
	return cmd
}

func (t *trying) run(cmd *cobra.Command, address string) error {
	probe, err := t.probe(cmd, address)
	if err != nil {
		return err
	}
	defer probe.ClientKey.Secret.Wipe()
	report, err := probe.Run(cmd.Context())
	if err != nil {
		return err
	}
	if t.asJSON {
		return t.printJSON(cmd.OutOrStdout(), probe, report)
	}
	return printVerdict(cmd.OutOrStdout(), probe, report)
}

// probe puts together what the probe needs. The caller wipes its secret key.
func (t *trying) probe(cmd *cobra.Command, address string) (curveprobe.Probe, error) {
	endpoint, err := parseAddress(address)
	if err != nil {
		return curveprobe.Probe{}, err
	}
	if t.timeout <= 0 {
		return curveprobe.Probe{}, daemon.Usage("--timeout %v: must be above 0", t.timeout)
	}
	if t.server == standard && t.secret == standard {
		return curveprobe.Probe{}, daemon.Usage("standard input can't be both --server-key and --secret-key")
	}
	server, err := t.serverKey(cmd)
	if err != nil {
		return curveprobe.Probe{}, err
	}
	pair, err := t.clientKey(cmd)
	if err != nil {
		return curveprobe.Probe{}, err
	}
	return curveprobe.Probe{Endpoint: endpoint, ServerKey: server, ClientKey: pair, Timeout: t.timeout}, nil
}

// parseAddress checks the address of a server.
func parseAddress(text string) (transport.Endpoint, error) {
	endpoint, err := transport.ConnectEndpoint(text)
	switch {
	case err != nil && !strings.Contains(text, "://"):
		return endpoint, usage("did you mean tcp://"+text+"?", "%w", err)
	case err != nil:
		return endpoint, &daemon.StatusError{Status: daemon.StatusUsage, Err: err}
	case endpoint.Scheme() == "inproc":
		return endpoint, daemon.Usage("%s is within a program: nobody can connect from here", endpoint)
	}
	return endpoint, nil
}

// serverKey reads the server's public key.
func (t *trying) serverKey(cmd *cobra.Command) (curve.PublicKey, error) {
	path := t.server
	if path == "" {
		settings, err := t.load(cmd.ErrOrStderr())
		if err != nil {
			return curve.PublicKey{}, err
		}
		if path = settings.ServerPublicKeyFile; path == "" {
			return curve.PublicKey{}, usage("name it by --server-key FILE, or in the setting server_public_key_file", "no public key of the server is named")
		}
	}
	cert, err := readKeyFile(cmd, path)
	if err == nil {
		cert.Secret.Wipe()
		return cert.Public, nil
	}
	if key, bad := curve.ParsePublicKey(path); bad == nil && errors.Is(err, fs.ErrNotExist) {
		return key, nil
	}
	return curve.PublicKey{}, err
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
