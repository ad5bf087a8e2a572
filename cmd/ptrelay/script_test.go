package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){program: func() {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
	}})
}

// patience is how long scripts wait for what is to come.
const patience = testbed.Patience

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
	testscript.Run(t, testscript.Params{
		Dir:      "testdata/script",
		Deadline: time.Now().Add(3 * patience),
		Setup:    func(env *testscript.Env) error { return setUp(t, env, node) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"settings": writeSettings, "keys": makeKeys, "hold": hold,
			"publisher": newPublisher, "subscriber": newSubscriber, "flows": flows, "asked": asked, "stays": stays, "get": get,
			"sends": sends, "ended": ended, "exits": exits, "waitfor": waitFor, "logged": waitLogged,
			"notify": notify, "heard": heard,
		},
	})
}

// script is what the commands of one script share.
type script struct {
	node        *pubsub.Node
	publishers  map[string]*pubsub.Publisher
	subscribers map[string]*pubsub.Subscriber
	told        time.Time // to stop
	manager     *manager
}

// key finds it.
type key struct{}

// setUp gives a script ports of its own, and keeps everything else of this host out of it.
func setUp(t *testing.T, env *testscript.Env, node *pubsub.Node) error {
	env.Values[key{}] = &script{node: node, publishers: map[string]*pubsub.Publisher{}, subscribers: map[string]*pubsub.Subscriber{}}
	for _, name := range []string{"IN1", "IN2", "OUT1", "OUT2", "OUT3", "HTTP"} {
		env.Setenv(name, strconv.Itoa(testbed.FreePort(t)))
	}
	env.Setenv("GORACE", "atexit_sleep_ms=0") // or programs with the race detector take a second to end
	// A short path: that of a socket has room for a hundred bytes.
	dir, err := os.MkdirTemp("", "ptrelay")
	if err != nil {
		return err
	}
	env.Defer(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	env.Setenv("RUNTIME_DIRECTORY", dir)
	env.Setenv("LOGS_DIRECTORY", env.WorkDir)
	return nil
}

func of(ts *testscript.TestScript) *script { return ts.Value(key{}).(*script) }

// usage ends the script unless cond holds.
func usage(ts *testscript.TestScript, neg, cond bool, text string) {
	if neg || !cond {
		ts.Fatalf("usage: %s", text)
	}
}

// writeSettings copies a file with its variables filled in.
func writeSettings(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) == 2, "settings FROM TO")
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[1])), 0o755))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}

// makeKeys makes key pairs, in files in place of those that are there, and an empty folder of clients if there is none.
func makeKeys(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) >= 1, "keys NAME...")
	for _, name := range args {
		cert, err := curve.Generate()
		ts.Check(err)
		ts.Check(cert.WritePair(ts.MkAbs("."), name, curve.WriteOptions{Replace: true}))
	}
	ts.Check(os.MkdirAll(ts.MkAbs("clients"), 0o755))
}

// hold takes a port until the script ends.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) == 1, "hold PORT")
	l, err := net.Listen("tcp", "127.0.0.1:"+args[0])
	ts.Check(err)
	ts.Defer(func() {
		if err := l.Close(); err != nil {
			ts.Logf("close port %s: %v", args[0], err)
		}
	})
}

// sends sends a signal to the program in the background.
func sends(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) == 1 && signalNames[args[0]] != 0, "sends HUP|USR1|TERM|INT|KILL")
	background := ts.BackgroundCmds()
	if len(background) == 0 {
		ts.Fatalf("no program in the background")
	}
	of(ts).told = time.Now()
	ts.Check(background[len(background)-1].Process.Signal(signalNames[args[0]]))
}

var signalNames = map[string]syscall.Signal{
	"HUP": syscall.SIGHUP, "USR1": syscall.SIGUSR1, "TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "KILL": syscall.SIGKILL,
}

// ended checks, behind "wait", that stopping did not take long.
func ended(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) == 1, "ended DURATION")
	limit, err := time.ParseDuration(args[0])
	ts.Check(err)
	if took := time.Since(of(ts).told); took > limit {
		ts.Fatalf("stopping took %s", took)
	}
}

// exits runs a program and checks its status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) >= 2, "exits STATUS PROGRAM [ARGUMENT...]")
	status := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		status = exit.ExitCode()
	}
	if want := args[0]; strconv.Itoa(status) != want {
		ts.Fatalf("status %d, want %s", status, want)
	}
}

// eventually does something again and again until it succeeds.
func eventually(ts *testscript.TestScript, what string, do func() bool) {
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		if do() {
			return
		}
	}
	ts.Fatalf("waited %s for %s", patience, what)
}

// waitFor runs a program until it prints what matches.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) >= 2, "waitfor REGEXP PROGRAM [ARGUMENT...]")
	re, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	eventually(ts, args[0], func() bool { return ts.Exec(args[1], args[2:]...) == nil && re.MatchString(ts.ReadFile("stdout")) })
}

// waitLogged waits until a file has a line that matches.
func waitLogged(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) == 2, "logged FILE REGEXP")
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	eventually(ts, args[1]+" in "+args[0], func() bool {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && re.Match(text)
	})
}
