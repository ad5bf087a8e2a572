// Package scripttest drives programs as their operators do: by scripts (testscript) in testdata/script of the program. It holds the commands and
// waits that scripts of several programs share; a program adds those of its own. Each script is also the shortest description of one feature.
//
//	func TestMain(m *testing.M) { scripttest.Main(m, "prog", run) }
//
//	func TestScripts(t *testing.T) {
//		t.Parallel()
//		testscript.Run(t, scripttest.Params(nil, nil))
//	}
//
// Besides those of testscript, scripts have these commands:
//
//	exits STATUS PROGRAM [ARGUMENT...]    run a program and check its status
//	waitfor REGEXP PROGRAM [ARGUMENT...]  run a program until it succeeds and prints a line that matches
//	logged FILE REGEXP                    wait until a file has text that matches
//	sends HUP|USR1|TERM|INT|KILL          send a signal to the program that was last started in the background
//	ended DURATION                        behind "wait": the program has ended within this time of the signal
//	notify WATCHDOG                       play the service manager of programs that start from here on (sd_notify(3))
//	heard REGEXP                          wait until the service manager has heard a further line that matches
//	keys NAME...                          make key pairs, and an empty folder "clients" if there is none
//	hold PORT                             take a TCP port until the script ends
//	get [METHOD HOST [TOKEN]] PORT PATH   ask over HTTP, and print the answer behind its status
//	streams PORT PATH REGEXP              ask over HTTP, and read the answer as it comes until it has text that matches
//	gets PORT PATH REGEXP                 ask over HTTP until the answer, behind its status, has text that matches
//
// A command runs in the goroutine of its script; the state of a script is its own, so scripts run in parallel.
package scripttest

import (
	"maps"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// Patience is how long scripts wait for what is to come: [testbed.Patience].
const Patience = testbed.Patience

// Command is a command of scripts. neg tells that it stands behind "!".
type Command = func(ts *testscript.TestScript, neg bool, args []string)

// Main runs the tests of a program, as TestMain does. Scripts know the program by its name: there run is all of its main function, and returns its status.
func Main(m testscript.TestingM, name string, run func() int) {
	testscript.Main(m, map[string]func(){name: func() { os.Exit(run()) }})
}

// Params are for the scripts in testdata/script, which are to end within three times [Patience]. setUp, where it is not nil, completes what a script
// finds; commands are those of the program besides the common ones.
func Params(setUp func(*testscript.Env) error, commands map[string]Command) testscript.Params {
	all := map[string]Command{
		"exits": exits, "waitfor": waitFor, "logged": logged, "sends": sends, "ended": ended,
		"notify": notify, "heard": heard, "keys": makeKeys, "hold": hold, "get": get, "gets": gets, "streams": streams,
	}
	maps.Copy(all, commands)
	hearHangups()
	return testscript.Params{
		Dir:      "testdata/script",
		Deadline: time.Now().Add(3 * Patience),
		Setup: func(env *testscript.Env) error {
			env.Values[key{}] = &state{}
			env.Setenv("GORACE", "atexit_sleep_ms=0") // or programs with the race detector take a second to end
			if setUp == nil {
				return nil
			}
			return setUp(env)
		},
		Cmds: all,
	}
}

// hearHangups lets programs of scripts get SIGHUP where the tests run under nohup: they would ignore it, too, as what they start does not inherit handlers but what is ignored.
func hearHangups() {
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // for nobody, as before
	}
}

// state is what the commands of one script share.
type state struct {
	told    time.Time // to stop
	manager *manager  // since "notify"
}

// key finds it.
type key struct{}

func of(ts *testscript.TestScript) *state { return ts.Value(key{}).(*state) }

// Usage ends a script with a line on how a command is used, unless it is used so: cond holds, and it does not stand behind "!".
func Usage(ts *testscript.TestScript, neg, cond bool, text string) {
	if neg || !cond {
		ts.Fatalf("usage: %s", text)
	}
}

// Eventually does something again and again, every 20 ms, until it succeeds. After [Patience] it ends the script with the error of the last try.
func Eventually(ts *testscript.TestScript, do func() error) {
	err := do()
	for end := time.Now().Add(Patience); err != nil && time.Now().Before(end); err = do() {
		<-time.After(20 * time.Millisecond)
	}
	if err != nil {
		ts.Fatalf("after %s: %v", Patience, err)
	}
}

// RuntimeDirectory gives the programs of a script a RUNTIME_DIRECTORY with a short path, as that of a socket has room for a hundred bytes. It is
// removed with the script.
func RuntimeDirectory(env *testscript.Env) error {
	dir, err := os.MkdirTemp("", "script")
	if err != nil {
		return err
	}
	env.Defer(func() {
		if err := os.RemoveAll(dir); err != nil {
			env.T().Log(err)
		}
	})
	env.Setenv("RUNTIME_DIRECTORY", dir)
	return nil
}
