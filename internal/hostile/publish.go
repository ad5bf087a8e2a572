package main

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// publishMany sends so many messages of so many bytes from each publisher, and waits until the last of each has come to all who hear it.
func (w *world) publishMany(ctx context.Context, times, size int) error {
	text := strings.Repeat("x", size)
	for source, p := range w.publishers() {
		var lines strings.Builder
		for i := range times {
			fmt.Fprintf(&lines, `pytroll://flow/%s file u@h 2024-05-17T09:41:12 v1.01 application/json {"uid": "many-%s-%d-%d", "text": "%s"}`+"\n",
				source, source, w.count, i, text)
		}
		if _, err := io.WriteString(p.stdin, lines.String()); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return w.checkOnly(ctx, aspects{flow: true})
}

// publishers are the processes that publish, by source.
func (w *world) publishers() map[string]*process {
	return map[string]*process{"ctl": w.publisher, "go": w.goPeer, "secure": w.securePublisher}
}
