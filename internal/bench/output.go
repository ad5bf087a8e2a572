package main

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"time"
)

// output is what a program writes, to be read meanwhile.
type output struct {
	more chan struct{} // holds a value when something was written

	mu   sync.Mutex
	text bytes.Buffer
}

func newOutput() *output { return &output{more: make(chan struct{}, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	n, err := o.text.Write(p)
	o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return n, err
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits until a text has been written.
func (o *output) await(text string) error {
	limit := time.NewTimer(answerTime)
	defer limit.Stop()
	for !strings.Contains(o.String(), text) {
		select {
		case <-o.more:
		case <-limit.C:
			return fmt.Errorf("%q is not written", text)
		}
	}
	return nil
}
