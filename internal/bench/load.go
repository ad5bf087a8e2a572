package main

import (
	"context"
	"strconv"
	"time"
)

// load is the program that sends and receives: see c/load.c for its commands.
type load struct {
	*talker
	at string // the endpoint of its publisher
}

// load starts a load. Its subscriber connects to an endpoint, "": to its own publisher.
func (b *bench) load(ctx context.Context, message, to string) (*load, error) {
	args := []string{message, strconv.Itoa(queue)}
	if to != "" {
		args = append(args, to)
	}
	t, err := b.talk(ctx, b.program("load"), args...)
	if err != nil {
		return nil, err
	}
	at, err := t.line()
	return &load{t, at}, err
}

// begin waits until messages arrive.
func (l *load) begin(limit time.Duration) error {
	_, err := l.ask(0, "begin %d", limit/time.Second)
	return err
}

// rate sends as fast as messages arrive, and returns messages a second and how many there were in all.
func (l *load) rate(d time.Duration) (perSecond, all float64, err error) {
	values, err := l.ask(2, "rate %f %d", d.Seconds(), window)
	if err != nil {
		return 0, 0, err
	}
	return values[0], values[1], nil
}

// delay sends messages one by one, and returns the median and the 99th percentile of the times until they arrived.
func (l *load) delay(count int, interval time.Duration) (p50, p99 time.Duration, err error) {
	values, err := l.ask(2, "delay %d %d", count, interval.Microseconds())
	if err != nil {
		return 0, 0, err
	}
	us := func(v float64) time.Duration { return time.Duration(v * float64(time.Microsecond)) }
	return us(values[0]), us(values[1]), nil
}
