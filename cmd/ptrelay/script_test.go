package main

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pytroll/posttroll-go/internal/scripttest"
	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

func TestMain(m *testing.M) {
	scripttest.Main(m, program, func() int {
		return run(daemon.Signals(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	network, err := zmq.New(zmq.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := network.Close(); err != nil {
			t.Error(err)
		}
	})
	node, err := pubsub.New(pubsub.Options{Transport: network})
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, scripttest.Params(
		func(env *testscript.Env) error { return setUp(t, env, node) },
		map[string]scripttest.Command{
			"settings": writeSettings, "publisher": newPublisher, "subscriber": newSubscriber,
			"flows": flows, "asked": asked, "stays": stays,
		}))
}

// script is what the commands of one script share.
type script struct {
	node        *pubsub.Node
	publishers  map[string]*pubsub.Publisher
	subscribers map[string]*pubsub.Subscriber
}

// key finds it.
type key struct{}

// setUp gives a script ports of its own, and keeps everything else of this host out of it.
func setUp(t *testing.T, env *testscript.Env, node *pubsub.Node) error {
	env.Values[key{}] = &script{node: node, publishers: map[string]*pubsub.Publisher{}, subscribers: map[string]*pubsub.Subscriber{}}
	for _, name := range []string{"IN1", "IN2", "OUT1", "OUT2", "OUT3", "HTTP"} {
		env.Setenv(name, strconv.Itoa(testbed.FreePort(t)))
	}
	env.Setenv("LOGS_DIRECTORY", env.WorkDir)
	return scripttest.RuntimeDirectory(env)
}

func of(ts *testscript.TestScript) *script { return ts.Value(key{}).(*script) }

// writeSettings copies a file with its variables filled in.
func writeSettings(ts *testscript.TestScript, neg bool, args []string) {
	scripttest.Usage(ts, neg, len(args) == 2, "settings FROM TO")
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[1])), 0o755))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}
