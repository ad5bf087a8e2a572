package main

import (
	"fmt"
	"strings"
)

// logCases start a nameserver of its own whose log nobody reads, and have it log more than a pipe holds. It serves all the same, and ends when it is told to.
func logCases() (all []testCase) {
	for _, c := range []struct {
		name   string
		reader logReader
	}{{"nobody-reads", stops}, {"reader-has-gone", leaves}} {
		all = append(all, testCase{name: "log/" + c.name, at: called("nameserverd-start"), run: func(a *attack) error {
			return a.servesAs(func(string) error { return nil }, c.reader, a.fillsLog)
		}})
	}
	return all
}

// fillsLog registers publishers, each of which is news.
func (a *attack) fillsLog(at ports) error {
	const publishers, letters = 300, 1000 // a pipe holds 64 KiB
	for i := range publishers {
		data := fmt.Sprintf(`{"URI": "tcp://127.0.0.1:%d", "service": ["x-%d-%s"]}`, 1024+i, i, strings.Repeat("x", letters))
		if err := a.w.tell(a, at.register, false, announceHead+data); err != nil {
			return fmt.Errorf("registering: %w", err)
		}
	}
	return nil
}
