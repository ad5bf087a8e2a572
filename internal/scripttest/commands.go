package scripttest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

func exits(ts *testscript.TestScript, neg bool, args []string) {
	Usage(ts, neg, len(args) >= 2, "exits STATUS PROGRAM [ARGUMENT...]")
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

func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	Usage(ts, neg, len(args) >= 2, "waitfor REGEXP PROGRAM [ARGUMENT...]")
	re, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	Eventually(ts, func() error {
		if err := ts.Exec(args[1], args[2:]...); err != nil || re.MatchString(ts.ReadFile("stdout")) {
			return err
		}
		return fmt.Errorf("no line of the output matches %s", args[0])
	})
}

func logged(ts *testscript.TestScript, neg bool, args []string) {
	Usage(ts, neg, len(args) == 2, "logged FILE REGEXP")
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	Eventually(ts, func() error {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if err != nil || re.Match(text) {
			return err
		}
		return fmt.Errorf("%s has no text that matches %s:\n%s", args[0], re, text)
	})
}

var signals = map[string]syscall.Signal{
	"HUP": syscall.SIGHUP, "USR1": syscall.SIGUSR1, "TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "KILL": syscall.SIGKILL,
}

func sends(ts *testscript.TestScript, neg bool, args []string) {
	Usage(ts, neg, len(args) == 1 && signals[args[0]] != 0, "sends HUP|USR1|TERM|INT|KILL")
	background := ts.BackgroundCmds()
	if len(background) == 0 {
		ts.Fatalf("no program in the background")
	}
	of(ts).told = time.Now()
	ts.Check(background[len(background)-1].Process.Signal(signals[args[0]]))
}

func ended(ts *testscript.TestScript, neg bool, args []string) {
	Usage(ts, neg, len(args) == 1, "ended DURATION")
	limit, err := time.ParseDuration(args[0])
	ts.Check(err)
	if took := time.Since(of(ts).told); took > limit {
		ts.Fatalf("stopping took %s", took)
	}
}

// makeKeys puts its files in place of those that are there.
func makeKeys(ts *testscript.TestScript, neg bool, args []string) {
	Usage(ts, neg, len(args) >= 1, "keys NAME...")
	for _, name := range args {
		cert, err := curve.Generate()
		ts.Check(err)
		ts.Check(cert.WritePair(ts.MkAbs("."), name, curve.WriteOptions{Replace: true}))
	}
	ts.Check(os.MkdirAll(ts.MkAbs("clients"), 0o755))
}

func hold(ts *testscript.TestScript, neg bool, args []string) {
	Usage(ts, neg, len(args) == 1, "hold PORT")
	l, err := net.Listen("tcp", ":"+args[0])
	ts.Check(err)
	ts.Defer(func() {
		if err := l.Close(); err != nil {
			ts.Logf("close port %s: %v", args[0], err)
		}
	})
}
