package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// step is a command of a page.
type step struct {
	line    int // of the page, from 1
	host    string
	command string
	told    []string // lines
}

// page is a text with commands in it.
type page struct {
	steps []step
	parts []string // what stands before each step, without the lines that it tells, and behind the last one
}

// prompt begins a command.
var prompt = regexp.MustCompile(`^([a-z]+)\$ (\S.*)$`)

const (
	fence     = "```"
	blockHead = fence + "console"
)

// readPage finds the commands in a text.
func readPage(text string) (*page, error) {
	var p page
	var part strings.Builder
	inBlock := false
	for i, line := range strings.SplitAfter(text, "\n") {
		bare := strings.TrimSuffix(line, "\n")
		m := prompt.FindStringSubmatch(bare)
		switch {
		case inBlock && m != nil:
			part.WriteString(line)
			p.parts = append(p.parts, part.String())
			part.Reset()
			p.steps = append(p.steps, step{line: i + 1, host: m[1], command: m[2]})
		case inBlock && bare != fence:
			if part.Len() > 0 || len(p.steps) == 0 {
				return nil, fmt.Errorf("line %d: a block begins with a command", i+1)
			}
			last := &p.steps[len(p.steps)-1]
			last.told = append(last.told, bare)
		default:
			part.WriteString(line)
			inBlock = !inBlock && bare == blockHead
		}
	}
	p.parts = append(p.parts, part.String())
	switch {
	case inBlock:
		return nil, errors.New("the last block does not end")
	case len(p.steps) == 0:
		return nil, errors.New("there are no commands")
	}
	return &p, nil
}

// text is the page with what its steps tell.
func (p *page) text() string {
	var b strings.Builder
	for i, s := range p.steps {
		b.WriteString(p.parts[i])
		for _, line := range s.told {
			b.WriteString(line + "\n")
		}
	}
	return b.String() + p.parts[len(p.steps)]
}
