package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
)

// nameserver is a nameserver that runs, or what answers in place of one.
type nameserver struct {
	*process
	lookups string // port
	direct  string // port where publishers register
}

// lookup is a request as peers send it.
func lookup(name string) []byte {
	return fmt.Appendf(nil, `pytroll://oper/ns request safusr@lxserv1 2024-05-17T09:41:12.345678 v1.01 application/json {"service": %q}`, name)
}

func serviceName(i int) string { return fmt.Sprintf("viirs_sdr_%d", i) }

// announcement is one as programs with Python posttroll 1.14 and later send it.
func announcement(i int) []byte {
	name := serviceName(i)
	return fmt.Appendf(nil, `pytroll://address/%s info safusr@lxserv1 2024-05-17T09:41:12.345678 v1.01 application/json `+
		`{"URI": "tcp://10.%d.%d.%d:9000", "service": [%q], "supported_message_version": "v1.2", "backend": "unsecure_zmq"}`,
		name, i>>16, i>>8&255, i&255, name)
}

// startNameserver starts nameserverd on ports of its own. It may not be ready yet.
func (b *bench) startNameserver(ctx context.Context, settings ...string) (_ *nameserver, err error) {
	return b.startNameserverIn(ctx, nil, settings...)
}

// startNameserverIn starts one in an environment with more than settings.
func (b *bench) startNameserverIn(ctx context.Context, environ []string, settings ...string) (_ *nameserver, err error) {
	n := &nameserver{}
	var feed string
	for _, port := range []*string{&n.lookups, &n.direct, &feed} {
		free, err := freePort()
		if err != nil {
			return nil, err
		}
		*port = free
	}
	file := b.file("nameserver.toml")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return nil, err
	}
	settings = slices.Concat([]string{"NAMESERVER_PORT=" + n.lookups, "BROADCAST_PORT=" + n.direct, "ADDRESS_PUBLISH_PORT=" + feed,
		"MAX_ENTRIES_PER_SOURCE=100000", "FEED_ANNOUNCE_INTERVAL=0s"}, settings)
	prepare := func(cmd *exec.Cmd) {
		cmd.Env = append(cmd.Env, environ...)
		for _, s := range settings {
			cmd.Env = append(cmd.Env, "POSTTROLL_"+s)
		}
	}
	n.process, err = start(ctx, prepare, b.program("nameserverd"), "--local-only", "--config", file)
	return n, err
}

// register makes the nameserver list so many publishers.
func (n *nameserver) register(ctx context.Context, count int) error {
	a, err := dialAsker(ctx, n.direct)
	if err != nil {
		return err
	}
	defer a.close()
	for i := range count {
		if _, err := a.ask(announcement(i)); err != nil {
			return err
		}
	}
	return nil
}

// count returns how many publishers are listed.
func (n *nameserver) count(ctx context.Context) (int, error) {
	a, err := dialAsker(ctx, n.lookups)
	if err != nil {
		return 0, err
	}
	defer a.close()
	answer, err := a.ask(lookup(""))
	return strings.Count(string(answer), `"URI"`), err
}

// received stops the nameserver and returns how many announcements it has counted.
func (n *nameserver) received() (int, error) {
	if err := n.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		return 0, err
	}
	if err := n.stderr.await(`"announcements":`); err != nil {
		return 0, err
	}
	n.stop()
	_, rest, found := strings.Cut(n.stderr.String(), `"announcements":`)
	var count int
	if !found {
		return 0, n.explain(errors.New("no counters"))
	}
	_, err := fmt.Sscanf(rest, "%d", &count)
	return count, err
}
