package main

import (
	"context"
	"strings"
	"time"
)

const (
	// againTime is how long a check that tells something else is asked again.
	againTime = 10 * time.Second
	// againPause is the time between.
	againPause = 500 * time.Millisecond
)

// hold takes a step and returns what it told, and how that differs from the page. A check is asked again while it does, as a monitoring system asks again: what one host has heard
// another one hears a moment later.
func hold(ctx context.Context, s *step, take func(context.Context, *step) ([]string, error)) (got []string, diff string, err error) {
	for end := time.Now().Add(againTime); ; {
		if got, err = take(ctx, s); err != nil {
			return nil, "", err
		}
		diff = compare(s.told, got)
		if diff == "" || !isCheck(s.command) || !time.Now().Before(end) {
			return got, diff, nil
		}
		select {
		case <-time.After(againPause):
		case <-ctx.Done():
			return nil, "", ctx.Err()
		}
	}
}

// isCheck tells whether a command asks how something is, and changes nothing.
func isCheck(command string) bool { return strings.HasPrefix(command, "ptctl check ") }
