package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/httpd"
)

// maxRelayAnswer bounds the answer of a relay in bytes.
const maxRelayAnswer = 64 << 20

// relayClient asks a running relay over HTTP (doc/http.md).
type relayClient struct {
	place     string // http://HOST:PORT, https://HOST:PORT or unix:PATH
	tokenFile string
}

func (r *relayClient) flags(f *pflag.FlagSet) {
	f.StringVar(&r.place, "relay", "", "ask the relay that tells of itself at `URL` (its http_listen), as http://localhost:9180, or at its control socket, as unix:/run/posttroll-relay/ptrelay.sock")
	f.StringVar(&r.tokenFile, "token-file", "", "`FILE` with the secret that the relay wants to hear (its http_token_file)")
}

// check finds what is wrong usage.
func (r *relayClient) check() error {
	switch {
	case r.place == "" && r.tokenFile != "":
		return errors.New("--token-file needs --relay")
	case r.place == "" || strings.HasPrefix(r.place, "unix:/"):
		return nil
	}
	u, err := url.Parse(r.place)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("--relay %q: want http://HOST:PORT, https://HOST:PORT or unix:/PATH", r.place)
	}
	return nil
}

// ask gets the JSON at a path into answer.
func (r *relayClient) ask(ctx context.Context, path string, answer any) error {
	body, err := r.get(ctx, path)
	if err != nil {
		return fmt.Errorf("relay at %s: %w", r.place, err)
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("relay at %s: %s: answer: %w", r.place, path, err)
	}
	return nil
}

func (r *relayClient) get(ctx context.Context, path string) (_ []byte, err error) {
	if socket, ok := strings.CutPrefix(r.place, "unix:"); ok {
		body, err := httpd.NewClient(socket).Do(ctx, http.MethodGet, path, nil)
		return body, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(r.place, "/")+path, nil)
	if err != nil {
		return nil, err
	}
	if err := r.authorize(req); err != nil {
		return nil, err
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment}}).Do(req)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = bare(wrapped.Err)
		}
		return nil, daemon.Hint(err, "http_listen of that relay says where it tells of itself")
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxRelayAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return body, refusal(res, body)
}

// authorize adds the secret to a request.
func (r *relayClient) authorize(req *http.Request) error {
	if r.tokenFile == "" {
		return nil
	}
	secret, err := os.ReadFile(r.tokenFile)
	if err != nil {
		return fmt.Errorf("token: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(secret)))
	return nil
}

// refusal is the error of an answer that is none.
func refusal(res *http.Response, body []byte) error {
	if res.StatusCode == http.StatusOK {
		return nil
	}
	var failure httpd.Failure
	err := fmt.Errorf("answered with %s", res.Status)
	if json.Unmarshal(body, &failure) == nil && failure.Error != "" {
		err = fmt.Errorf("%w: %.200s", err, failure.Error)
	}
	if res.StatusCode == http.StatusUnauthorized {
		return daemon.Hint(err, "--token-file names the file with the secret")
	}
	return err
}
