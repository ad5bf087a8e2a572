package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pytroll/posttroll-go/internal/scripttest"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

func TestMain(m *testing.M) {
	scripttest.Main(m, "ptctl", func() int {
		return run(daemon.Signals(syscall.SIGHUP), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	})
}

// Each script has a nameserver of its own, which its settings lead to.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, scripttest.Params(setUp, nil))
}

// setUp starts a nameserver and keeps the settings of this host out of the script.
func setUp(env *testscript.Env) error {
	settings, stop, err := startNameserver(filepath.Join(env.WorkDir, "keys"))
	if err != nil {
		return err
	}
	env.Defer(func() {
		if err := stop(); err != nil {
			panic(err)
		}
	})
	env.Vars = append(env.Vars, settings...)
	env.Setenv("HOME", env.WorkDir)
	return nil
}

// makeKeys makes pairs for a server, alice, who is admitted, and mallory, who is not.
func makeKeys(dir string) (security.Config, error) {
	clients := filepath.Join(dir, "clients")
	if err := os.MkdirAll(clients, 0o755); err != nil {
		return security.Config{}, err
	}
	for _, name := range []string{"server", "alice", "mallory"} {
		pair, err := curve.Generate()
		if err != nil {
			return security.Config{}, err
		}
		err = pair.WritePair(dir, name, curve.WriteOptions{})
		if name == "alice" {
			err = errors.Join(err, pair.WritePublic(clients, name, curve.WriteOptions{}))
		}
		if err != nil {
			return security.Config{}, err
		}
	}
	return security.Config{ServerSecretKeyFile: curve.SecretPath(dir, "server"), ClientsPublicKeysDirectory: clients}, nil
}

// startNameserver runs a nameserver without multicast, for plain and secure programs, and returns the environment that leads to it. It makes the keys in dir.
func startNameserver(dir string) (environ []string, stop func() error, err error) {
	keys, err := makeKeys(dir)
	if err != nil {
		return nil, nil, err
	}
	sec, err := security.Open(keys, security.Options{})
	if err != nil {
		return nil, nil, err
	}
	network, err := zmq.New(zmq.Options{})
	if err != nil {
		return nil, nil, errors.Join(err, sec.Close())
	}
	cfg := nameserver.DefaultConfig()
	cfg.NameserverPort, cfg.AddressPublishPort, cfg.BroadcastPort = 0, 0, 0
	cfg.SecureNameserverPort, cfg.SecureAddressPublishPort, cfg.SecureBroadcastPort = 0, 0, 0
	cfg.RestrictToLocalhost, cfg.Multicast, cfg.FeedAnnounceInterval = true, false, 0
	server, err := nameserver.New(cfg, nameserver.Options{Transport: network, Security: sec})
	if err != nil {
		return nil, nil, errors.Join(err, network.Close(), sec.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := server.Listen(ctx); err != nil {
		cancel()
		return nil, nil, errors.Join(err, network.Close(), sec.Close())
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, nameserver.Hooks{}) }()
	stop = func() error {
		cancel()
		return errors.Join(<-ended, server.Close(), network.Close(), sec.Close())
	}
	ports := server.Endpoints()
	return []string{
		fmt.Sprintf("POSTTROLL_NAMESERVER_PORT=%d", ports.Lookups[0].Port()),
		fmt.Sprintf("POSTTROLL_ADDRESS_PUBLISH_PORT=%d", ports.Feed[0].Port()),
		fmt.Sprintf("POSTTROLL_BROADCAST_PORT=%d", ports.Designated[0].Port()),
		fmt.Sprintf("POSTTROLL_SECURE_ZMQ_NAMESERVER_PORT=%d", ports.Secure.Lookups[0].Port()),
		fmt.Sprintf("POSTTROLL_SECURE_ADDRESS_PUBLISH_PORT=%d", ports.Secure.Feed[0].Port()),
		fmt.Sprintf("POSTTROLL_SECURE_BROADCAST_PORT=%d", ports.Secure.Designated[0].Port()),
	}, stop, nil
}

// Watching shows the table again and again and ends with status 0 when it is interrupted.
func TestServicesWatch(t *testing.T) {
	t.Parallel()
	environ, stop, err := startNameserver(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	shown, stdout := io.Pipe()
	var stderr bytes.Buffer
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"services", "--watch"}, environ, strings.NewReader(""), stdout, &stderr)
		_ = stdout.Close()
	}()
	tables := 0
	for lines := bufio.NewScanner(shown); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "NAME ") {
			if tables++; tables == 2 {
				cancel()
			}
		}
	}
	if got := <-status; got != 0 || tables < 2 {
		t.Errorf("status %d after %d tables, want 0 after 2: %s", got, tables, &stderr)
	}
}
