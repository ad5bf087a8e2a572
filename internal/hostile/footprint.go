package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// footprint is what a process takes of the machine.
type footprint struct {
	memory int64 // resident, bytes
	files  int   // descriptors
}

// footprint reads what the process takes now.
func (p *process) footprint() (footprint, error) {
	memory, err := p.status("VmRSS:")
	if err != nil {
		return footprint{}, err
	}
	files, err := os.ReadDir(p.proc("fd"))
	if err != nil {
		return footprint{}, err
	}
	return footprint{memory: memory, files: len(files)}, nil
}

// peak reads the most memory that the process has had since [process.resetPeak], in bytes.
func (p *process) peak() (int64, error) { return p.status("VmHWM:") }

// resetPeak makes the peak what the process takes now (proc(5), clear_refs).
func (p *process) resetPeak() error { return os.WriteFile(p.proc("clear_refs"), []byte("5"), 0) }

// status reads a line of /proc/PID/status that tells kilobytes.
func (p *process) status(key string) (int64, error) { return statusIn(p.proc("status"), key) }

// ownPeak reads the most memory that this program has had, in bytes.
func ownPeak() (int64, error) { return statusIn("/proc/self/status", "VmHWM:") }

func statusIn(file, key string) (int64, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(string(b), key)
	fields := strings.Fields(rest)
	if !found || len(fields) == 0 {
		return 0, fmt.Errorf("%s tells no %s", file, key)
	}
	kB, err := strconv.ParseInt(fields[0], 10, 64)
	return kB << 10, err
}

// clockTick is the unit of times in /proc (USER_HZ), the same on all systems that Go runs on.
const clockTick = time.Second / 100

// busy reads the processor time that the process has taken so far, in the program and for it in the kernel.
func (p *process) busy() (time.Duration, error) {
	b, err := os.ReadFile(p.proc("stat"))
	if err != nil {
		return 0, err
	}
	// The fields are counted from behind the name, which may hold anything.
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	const userTime, systemTime = 11, 12
	var ticks int64
	for _, i := range []int{userTime, systemTime} {
		n, err := strconv.ParseInt(string(fields[i]), 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

func (p *process) proc(file string) string {
	return fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, file)
}

func megabytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
