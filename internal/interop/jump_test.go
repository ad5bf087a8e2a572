package interop

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// The clock of a program is set by signals: an hour on, or back. There are no namespaces for the time of day, and a library that is loaded before others (as faketime) is not
// asked by Go. So the programs are built with another time.Now, which differs from the system's by what the signals have said, in the time of day alone, as after setting
// the clock: the monotonic part, timers and libzmq's clock go on as they were.
const (
	hourOn   = syscall.Signal(40)
	hourBack = syscall.Signal(41)
)

// jumpOfTime is added to package time.
const jumpOfTime = `package time

import "sync/atomic"

var jumped atomic.Int64 // seconds

// Jump sets the clock by so much.
func Jump(d Duration) { jumped.Add(int64(d / Second)) }
`

// jumpOfMain is added to a program.
const jumpOfMain = `package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

func init() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.Signal(%d), syscall.Signal(%d))
	go func() {
		for s := range signals {
			if s == syscall.Signal(%[1]d) {
				time.Jump(time.Hour)
			} else {
				time.Jump(-time.Hour)
			}
		}
	}()
}
`

// nowBefore and nowAfter are the line of time.Now that is changed.
const (
	nowBefore = "sec, nsec, mono := runtimeNow()\n"
	nowAfter  = nowBefore + "\tsec += jumped.Load()\n"
)

// jumpingPrograms returns the folder of programs whose clocks can be set.
func jumpingPrograms(t *testing.T) string {
	t.Helper()
	dir, err := buildJumping()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// buildJumping builds them, once.
var buildJumping = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(programsDir, "jumping")
	overlay, err := jumpOverlay(filepath.Join(dir, "overlay"))
	if err != nil {
		return "", err
	}
	args := []string{"build", "-overlay", overlay, "-o", dir}
	for _, program := range jumping {
		args = append(args, module+"/cmd/"+program)
	}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return dir, nil
})

// jumping are the programs.
var jumping = []string{"nameserverd", "ptctl", "ptrelay"}

// jumpOverlay writes the changed files below dir, and returns the list that go build takes.
func jumpOverlay(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	at := filepath.Join(strings.TrimSpace(string(root)), "src", "time")
	clock, err := os.ReadFile(filepath.Join(at, "time.go"))
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(clock), nowBefore); n != 1 {
		return "", fmt.Errorf("%s has %q %d times: Go has changed, and the test has to follow", at, nowBefore, n)
	}
	replace := make(map[string]string)
	files := map[string]string{
		filepath.Join(at, "time.go"): strings.Replace(string(clock), nowBefore, nowAfter, 1),
		filepath.Join(at, "jump.go"): jumpOfTime,
	}
	for _, program := range jumping {
		main, err := filepath.Abs(filepath.Join("..", "..", "cmd", program, "jump.go"))
		if err != nil {
			return "", err
		}
		files[main] = fmt.Sprintf(jumpOfMain, hourOn, hourBack)
	}
	for path, text := range files {
		file := filepath.Join(dir, fmt.Sprint(len(replace), ".go"))
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return "", err
		}
		replace[path] = file
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, list, 0o644)
}
