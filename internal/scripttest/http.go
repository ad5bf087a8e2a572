package scripttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

func get(ts *testscript.TestScript, neg bool, args []string) {
	Usage(ts, neg, len(args) == 2 || len(args) == 4 || len(args) == 5, "get [METHOD HOST [TOKEN]] PORT PATH")
	method, host, token := http.MethodGet, "", ""
	if len(args) == 5 {
		token = args[2]
	}
	if len(args) > 2 {
		method, host, args = args[0], args[1], args[len(args)-2:]
	}
	answer, err := ask(method, host, token, args[0], args[1])
	ts.Check(err)
	fmt.Fprint(ts.Stdout(), answer)
}

func gets(ts *testscript.TestScript, neg bool, args []string) {
	Usage(ts, neg, len(args) == 3, "gets PORT PATH REGEXP")
	re, err := regexp.Compile("(?m)" + args[2])
	ts.Check(err)
	Eventually(ts, func() error {
		answer, err := ask(http.MethodGet, "", "", args[0], args[1])
		if err != nil || re.MatchString(answer) {
			return err
		}
		return fmt.Errorf("no line of the answer matches %s:\n%s", args[2], answer)
	})
}

func streams(ts *testscript.TestScript, neg bool, args []string) {
	Usage(ts, neg, len(args) == 3, "streams PORT PATH REGEXP")
	re, err := regexp.Compile(args[2])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+args[0]+args[1], nil)
	ts.Check(err)
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	var text []byte
	for buffer := make([]byte, 4096); !re.Match(text); {
		n, err := res.Body.Read(buffer)
		if text = append(text, buffer[:n]...); err != nil && !re.Match(text) {
			ts.Fatalf("%s has no text that matches %s: %v\n%s", args[1], re, err, text)
		}
	}
	ts.Check(res.Body.Close())
}

// ask asks over HTTP, and returns the answer behind its status. Empty are a host that is that of the address, and no token.
func ask(method, host, token, port, path string) (_ string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://127.0.0.1:"+port+path, nil)
	if err != nil {
		return "", err
	}
	req.Host, req.Close = host, true
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	body, err := io.ReadAll(res.Body)
	return fmt.Sprintf("%d %s", res.StatusCode, body), err
}
