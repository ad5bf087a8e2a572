package nameserver

import (
	"context"
	"errors"
	"os"
	"slices"
	"syscall"
)

// outcome is what a probe found.
type outcome string

// The outcomes. They stand in the log as causes.
const (
	probeAnswered   outcome = "answered"
	probeRefused    outcome = "refused"
	probeUnanswered outcome = "no answer"
	probeFailed     outcome = "failed" // that says nothing of the other end
)

// judge tells what the error of a probe means.
func judge(err error) outcome {
	is := func(errnos ...syscall.Errno) bool {
		return slices.ContainsFunc(errnos, func(e syscall.Errno) bool { return errors.Is(err, e) })
	}
	switch {
	case err == nil:
		return probeAnswered
	case is(syscall.ECONNREFUSED, syscall.ECONNRESET):
		return probeRefused
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		is(syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.EHOSTDOWN):
		return probeUnanswered
	}
	return probeFailed
}
