package httpd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
)

// maxAnswer bounds what a [Client] reads in bytes.
const maxAnswer = 64 << 20

// Client asks a server at a unix socket.
type Client struct{ path string }

// NewClient returns a client of the server at path. Nothing is connected to before it asks.
func NewClient(path string) *Client { return &Client{path} }

// Do asks and returns the body of the answer. A [Failure] is returned as its text.
func (c *Client) Do(ctx context.Context, method, path string, query url.Values) (_ []byte, err error) {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", c.path)
		},
		DisableKeepAlives: true,
	}
	target := url.URL{Scheme: "http", Host: "localhost", Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, target.String(), nil)
	if err != nil {
		return nil, err
	}
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		if bad, ok := errors.AsType[*url.Error](err); ok {
			err = bad.Err
		}
		return nil, fmt.Errorf("socket %s: %w", c.path, cause(err))
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("socket %s: read the answer: %w", c.path, err)
	}
	if res.StatusCode/100 == 2 {
		return body, nil
	}
	var failure Failure
	if json.Unmarshal(body, &failure) != nil || failure.Error == "" {
		return nil, fmt.Errorf("socket %s: answered with %s", c.path, res.Status)
	}
	return nil, errors.New(failure.Error)
}
