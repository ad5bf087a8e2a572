package main

import (
	"context"
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
	stranger     bool
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

ADDRESS is as publishers announce it: tcp://HOST:PORT, or ipc://PATH. The secure ports of
a nameserver are 5558 (lookups), 21201 (announcements) and 16544 (changes; 16543 where
it has only that).

Of a server that lets us in, it also shows the type of its socket: PUB or XPUB is a
publisher, REP or ROUTER answers requests.

Where the settings name several keys for a server they are tried in turn. Keys that
server_public_keys names by service are not known by an address: give --server-key.

A server can be set up so that it encrypts and admits anybody; nothing shows that, for all
works. With --stranger, a server that admits us is tried a second time with a key that
is made for it and thrown away, and the test fails when that is admitted too. A server
that refuses by silence takes as long over it as it waits for a handshake.

Not all causes can be told apart from here: a server that does not admit a key or an
address does not say which, and may say nothing at all. The message lists then what looks
alike; the log of the server knows more.

Status 0: the server let us in; 1: it did not; 2: wrong usage; 78: bad configuration.`,
		Example: `  ptkeys test tcp://satellite.example:9010 --server-key server.key --secret-key alice.key_secret
  ptkeys test tcp://satellite.example:5558        with the keys that the settings name
  ptkeys test tcp://satellite.example:5558 --stranger
  ptkeys test tcp://localhost:9010 --json | jq -r .outcome`,
		Args:              arguments(1, 1, "the ADDRESS of a server"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return t.run(cmd, args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&t.server, "server-key", "", "the server's public key: `FILE`, or its 40 characters (default: by the settings server_public_keys and server_public_key_file)")
	f.StringVar(&t.secret, "secret-key", "", "`FILE` with our pair (default: the setting client_secret_key_file)")
	f.DurationVar(&t.timeout, "timeout", curveprobe.DefaultTimeout, "give up after this `TIME`")
	f.BoolVar(&t.stranger, "stranger", false, "try also a key that nobody knows: the server must not admit it")
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
	target, err := t.target(cmd, address)
	if err != nil {
		return err
	}
	defer target.client.Secret.Wipe()
	report, err := t.tryInTurn(cmd.Context(), &target)
	if err == nil && t.stranger && report.Outcome == curveprobe.Admitted {
		report, target.refusal, err = t.tryStranger(cmd.Context(), target, report)
	}
	if err != nil {
		return err
	}
	if t.asJSON {
		return printTestJSON(cmd.OutOrStdout(), target, report)
	}
	return printVerdict(cmd.OutOrStdout(), target, report)
}

// target is what to test, and with which keys.
type target struct {
	endpoint transport.Endpoint
	servers  curve.PublicKeys // that the server may have
	server   curve.PublicKey  // the one of them that was tried last
	client   curve.KeyPair
	refusal  curveprobe.Outcome // how a stranger was refused, if one was tried
}

// target puts together what is needed. The caller wipes the secret key.
func (t *trying) target(cmd *cobra.Command, address string) (to target, err error) {
	if to.endpoint, err = parseAddress(address); err != nil {
		return to, err
	}
	if t.timeout <= 0 {
		return to, daemon.Usage("--timeout %v: must be above 0", t.timeout)
	}
	if t.server == standard && t.secret == standard {
		return to, daemon.Usage("standard input can't be both --server-key and --secret-key")
	}
	if to.servers, err = t.serverKeys(cmd, to.endpoint); err != nil {
		return to, err
	}
	to.client, err = t.clientKey(cmd)
	return to, err
}

// tryInTurn tries the keys that the server may have, until it has one.
func (t *trying) tryInTurn(ctx context.Context, to *target) (report curveprobe.Report, err error) {
	for to.server = range to.servers.All() {
		report, err = curveprobe.Probe{Endpoint: to.endpoint, ServerKey: to.server, ClientKey: to.client, Timeout: t.timeout}.Run(ctx)
		if err != nil || report.Outcome != curveprobe.WrongServerKey {
			break
		}
	}
	return report, err
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
