package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
)

// measureCommand makes the program start another one, wait for it, and say on descriptor 3 how much memory it took. It ends with the status of the other.
//
// What wait4(2) tells of a child is the most memory that it ever had, and Linux counts in what it had before it executed the program: as Go starts
// programs, that is all that its parent has. The runner of cases may have much, a process that only starts and waits has little.
const measureCommand = "measure"

// peakFile is the descriptor for the peak, in bytes and decimal.
const peakFile = 3

// errStatus is the exit status of a measured program that is not 0.
type errStatus int

func (e errStatus) Error() string { return fmt.Sprintf("status %d", int(e)) }

// runMeasured runs a program with these arguments, with the standard files of this one.
func runMeasured(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("measure takes a program")
	}
	syscall.CloseOnExec(peakFile) // else the end of the other is not the end of it
	runtime.LockOSThread()        // which Pdeathsig is about
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := ended(cmd.Run()); err != nil {
		return err
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return errors.New("the system tells no memory of children")
	}
	peak := os.NewFile(peakFile, "peak")
	_, err := fmt.Fprint(peak, usage.Maxrss<<10)
	if err = errors.Join(err, peak.Close()); err != nil {
		return err
	}
	if status := cmd.ProcessState.ExitCode(); status != 0 {
		return errStatus(status)
	}
	return nil
}

// ended is an error of a program that has run but for its status, at which others look.
func ended(err error) error {
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil
	}
	return err
}

// measured runs cmd by way of a process of its own, for which runner is this program, and returns its status and the most memory that it took, in bytes.
// A program that could not be started, or was killed, is an error.
func measured(runner string, cmd *exec.Cmd) (status int, peak int64, err error) {
	cmd.Args = append([]string{runner, measureCommand, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = runner
	r, w, err := os.Pipe()
	if err != nil {
		return 0, 0, err
	}
	cmd.ExtraFiles = []*os.File{w} // the first is descriptor 3
	if err := cmd.Start(); err != nil {
		return 0, 0, errors.Join(err, r.Close(), w.Close())
	}
	err = w.Close()
	said, e := io.ReadAll(r)
	if err = errors.Join(err, e, r.Close(), ended(cmd.Wait())); err != nil {
		return 0, 0, err
	}
	status = cmd.ProcessState.ExitCode()
	if peak, err = strconv.ParseInt(string(said), 10, 64); err != nil {
		return status, 0, fmt.Errorf("%s: was not measured: %v", cmd.Args[2], cmd.ProcessState)
	}
	return status, peak, nil
}
