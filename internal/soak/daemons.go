package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// Where the daemons tell of themselves.
const (
	nameserverHTTP = loopback + ":9181"
	relayHTTP      = loopback + ":9180"
)

// Services of the publishers, and those under which the relay gives on what they send.
const (
	plainService   = "soak"
	secureService  = "soak-secure"
	plainGathered  = "gathered"
	secureGathered = "gathered-secure"
)

const relaySettings = `
[[route]]
name = "` + plainGathered + `"
[route.source]
services = ["` + plainService + `"]
[route.sink]
advertise = "` + loopback + `"

[[route]]
name = "` + secureGathered + `"
[route.source]
services = ["` + secureService + `"]
backend = "secure_zmq"
[route.sink]
backend = "secure_zmq"
advertise = "` + loopback + `"
nameservers = ["` + loopback + `"]
`

// writeKeys makes the keys: one pair for all servers, and one for all clients, who are admitted.
func writeKeys(dir string) error {
	clients := filepath.Join(dir, "clients")
	err := os.MkdirAll(clients, 0o700)
	for _, name := range []string{"server", "client"} {
		pair, e := curve.Generate()
		if e == nil {
			e = pair.WritePair(dir, name, curve.WriteOptions{})
		}
		err = errors.Join(err, e)
	}
	return errors.Join(err, os.Link(filepath.Join(dir, "client.key"), filepath.Join(clients, "client.key")))
}

// where are the folders of the daemons.
type where struct {
	bin  string // of the programs
	dir  string // for settings, keys and state
	logs string // "": they write to us
}

// startDaemon starts one with a file of settings, and waits until it is ready.
func startDaemon(ctx context.Context, at where, name, http, settings string) (*process, error) {
	file, keys := filepath.Join(at.dir, name+".toml"), filepath.Join(at.dir, "keys")
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		return nil, err
	}
	args := []string{"--config", file}
	if at.logs != "" {
		args = append(args, "--log", filepath.Join(at.logs, name+".log"))
	}
	d, err := start(ctx, name, []string{
		"POSTTROLL_SERVER_SECRET_KEY_FILE=" + filepath.Join(keys, "server.key_secret"),
		"POSTTROLL_CLIENTS_PUBLIC_KEYS_DIRECTORY=" + filepath.Join(keys, "clients"),
		"POSTTROLL_CLIENT_SECRET_KEY_FILE=" + filepath.Join(keys, "client.key_secret"),
		"POSTTROLL_SERVER_PUBLIC_KEY_FILE=" + filepath.Join(keys, "server.key"),
		"POSTTROLL_MULTICAST_INTERFACE=" + loopback,
		"POSTTROLL_HTTP_LISTEN=" + http,
	}, filepath.Join(at.bin, name), args...)
	if err != nil {
		return nil, err
	}
	err = until(ctx, answerTime, func() error {
		_, err := get(ctx, "http://"+http+"/readyz", "")
		return err
	})
	if err != nil {
		return nil, d.explain(err)
	}
	return d, nil
}

// goroutines asks a daemon for the number of its goroutines.
func goroutines(ctx context.Context, http string) (int, error) {
	n, err := get(ctx, "http://"+http+"/metrics", "go_goroutines ")
	return int(n), err
}

// get asks for a page that has to be there, and returns the number behind a prefix in it.
func get(ctx context.Context, url, prefix string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	req.Close = true // no connection is to be there that is not of the load
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", url, res.Status)
	}
	if prefix == "" {
		return 0, nil
	}
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), prefix); ok {
			return strconv.ParseFloat(rest, 64)
		}
	}
	return 0, errors.Join(fmt.Errorf("%s: no %q", url, prefix), lines.Err())
}

// until tries again and again, for limit at most, until there is no error.
func until(ctx context.Context, limit time.Duration, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}
