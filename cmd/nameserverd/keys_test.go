package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pytroll/posttroll-go/internal/scripttest"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// shown are the keys that the requests of a script show: none at first.
type shown struct {
	client string // its name; empty: plain requests to the plain ports
	pair   curve.KeyPair
	server curve.PublicKey
	ports  ports
}

// ports are those of lookups and registrations.
type ports struct{ lookups, register int }

func (k shown) backend() transport.Backend {
	if k.client == "" {
		return transport.Plain
	}
	return transport.Secure
}

func (k shown) address(ep transport.Endpoint) transport.Address {
	return transport.Address{Endpoint: ep, Backend: k.backend(), ServerKeys: curve.NewPublicKeys(k.server)}
}

func (k shown) options() transport.SocketOptions {
	return transport.SocketOptions{ClientKey: k.pair, HandshakeInterval: time.Second}
}

// authorize lets clients in.
func authorize(ts *testscript.TestScript, neg bool, args []string) {
	scripttest.Usage(ts, neg, len(args) >= 1, "authorize NAME...")
	for _, name := range args {
		ts.Check(os.Link(curve.PublicPath(ts.MkAbs("."), name), curve.PublicPath(ts.MkAbs("clients"), name)))
	}
}

// revoke shuts them out.
func revoke(ts *testscript.TestScript, neg bool, args []string) {
	scripttest.Usage(ts, neg, len(args) >= 1, "revoke NAME...")
	for _, name := range args {
		ts.Check(curve.Revoke(ts.MkAbs("clients"), name))
	}
}

// as says with which keys the requests that follow are made; next: to the ports of the next server key.
func as(ts *testscript.TestScript, neg bool, args []string) {
	scripttest.Usage(ts, neg, slices.Equal(args, []string{"anybody"}) || len(args) == 2 || len(args) == 3 && args[2] == "next",
		"as anybody|CLIENT SERVER [next]")
	s := of(ts)
	s.shown = shown{ports: s.plain}
	if len(args) == 1 {
		return
	}
	var err error
	s.shown.client, s.shown.ports = args[0], s.secure
	if len(args) == 3 {
		s.shown.ports = s.next
	}
	s.shown.pair, err = curve.ReadPair(curve.SecretPath(ts.MkAbs("."), args[0]), curve.ReadOptions{})
	ts.Check(err)
	s.shown.server, err = curve.ReadPublic(curve.PublicPath(ts.MkAbs("."), args[1]))
	ts.Check(err)
}

// unanswered checks that lookups with these keys are not answered. One that is still answered, as the program has yet to see a change, is
// tried again.
func unanswered(ts *testscript.TestScript, neg bool, args []string) {
	scripttest.Usage(ts, neg, len(args) == 0, "unanswered")
	ep, err := transport.ConnectEndpoint(fmt.Sprintf("tcp://127.0.0.1:%d", of(ts).shown.ports.lookups))
	ts.Check(err)
	for end := time.Now().Add(patience); time.Now().Before(end); {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		_, err := of(ts).network.Request(ctx, of(ts).shown.address(ep), lookup(ts, ""), of(ts).shown.options())
		cancel()
		if err != nil {
			ts.Logf("%v", err)
			return
		}
	}
	ts.Fatalf("lookups at %s are answered", ep)
}
