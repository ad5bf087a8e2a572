package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
)

// checkLimit is how long all that a check asks for may take: far longer than it does on a machine that has nothing else to do.
const checkLimit = 20 * time.Second

// quickNewcomers is how many checks of the short form there are for each that has newcomers, which take as long as all else together.
const quickNewcomers = 4

// aspects are what a check looks at, besides whether programs run.
type aspects struct {
	register, lookup, flow, http, newcomers bool
	multicast                               bool // register by that alone, and hear of it over connections that are there
}

var everything = aspects{register: true, lookup: true, flow: true, http: true, newcomers: true}

// check says whether the world does what it is for.
func (w *world) check(ctx context.Context) error {
	return w.checkOnly(ctx, everything)
}

// checkOnly looks at some of it.
func (w *world) checkOnly(ctx context.Context, what aspects) error {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	w.count++
	defer w.board.forget()
	var parts []func(context.Context) error
	if what.flow {
		parts = append(parts, w.checkFlow)
	}
	if what.register {
		parts = append(parts, func(ctx context.Context) error { return w.checkRegistering(ctx, what.lookup) })
	}
	if what.multicast {
		parts = append(parts, w.checkMulticast)
	}
	if what.newcomers && (!w.quick || w.count%quickNewcomers == 0) {
		parts = append(parts, w.checkNewcomers)
	}
	if what.http {
		parts = append(parts, w.checkHTTP)
	}
	errs := make([]error, len(parts))
	var done sync.WaitGroup
	for i, part := range parts {
		done.Go(func() { errs[i] = part(ctx) })
	}
	done.Wait()
	for _, p := range w.processes {
		errs = append(errs, p.runs(), p.oddLine())
	}
	return errors.Join(append(errs, w.board.complaints())...)
}

// checkFlow sends a message from each publisher and waits until it has come to all that hear it.
func (w *world) checkFlow(ctx context.Context) error {
	for source, p := range w.publishers() {
		mark := fmt.Sprintf("%s-%d", source, w.count)
		line := fmt.Sprintf(`pytroll://flow/%s file u@h 2024-05-17T09:41:12 v1.01 application/json {"mark": "%s", "uid": "%s", "uri": "/from/x"}`, source, mark, mark)
		if _, err := io.WriteString(p.stdin, line+"\n"); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	var all []string
	for receiver, heard := range receivers {
		for _, source := range heard {
			all = append(all, fmt.Sprintf("%s %s-%d", receiver, source, w.count))
		}
	}
	if err := w.board.wait(ctx, all...); err != nil {
		return fmt.Errorf("messages: %w", err)
	}
	return nil
}

// checkRegistering registers publishers in each way, finds them in each way, and hears of them and of their end on both feeds.
func (w *world) checkRegistering(ctx context.Context, lookup bool) error {
	name := fmt.Sprint("check", w.count)
	var uris []string
	for i := range 3 {
		uris = append(uris, fmt.Sprintf("tcp://%s:%d", home, 1+3*w.count%20_000+i))
	}
	stop := func() {}
	defer func() { stop() }()
	say := func(typ string) error {
		stop()
		var frames [3]string
		for i, uri := range uris {
			m, err := discovery.Announcement{Name: name, URI: uri, Services: []string{name}}.Message(typ, message.Encoder{})
			if err != nil {
				return err
			}
			frames[i] = m.String()
		}
		stop = w.sendOften(ctx, frames[0])
		return errors.Join(w.tell(ctx, w.ports.register, false, frames[1]), w.tell(ctx, w.ports.secureRegister, true, frames[2]))
	}
	hear := func(status bool) error {
		var all []string
		for _, uri := range uris {
			all = append(all, fmt.Sprintf("feed %s %t", uri, status), fmt.Sprintf("secure feed %s %t", uri, status))
		}
		return w.board.wait(ctx, all...)
	}
	if err := say(discovery.TypeInfo); err != nil {
		return fmt.Errorf("registering: %w", err)
	}
	if err := hear(true); err != nil {
		return fmt.Errorf("change feed: %w", err)
	}
	if lookup {
		if err := errors.Join(w.finds(ctx, w.ports.lookup, false, name, uris), w.finds(ctx, w.ports.secureLookup, true, name, uris)); err != nil {
			return err
		}
	}
	if err := say(discovery.TypeWithdraw); err != nil {
		return fmt.Errorf("withdrawing: %w", err)
	}
	if err := hear(false); err != nil {
		return fmt.Errorf("change feed: %w", err)
	}
	return nil
}

// checkMulticast registers a publisher by multicast, and hears of it and of its end on both feeds.
func (w *world) checkMulticast(ctx context.Context) error {
	name, uri := fmt.Sprint("group", w.count), fmt.Sprintf("tcp://%s:%d", home, 1+w.count%60_000)
	for _, step := range []struct {
		typ    string
		status bool
	}{{discovery.TypeInfo, true}, {discovery.TypeWithdraw, false}} {
		m, err := discovery.Announcement{Name: name, URI: uri, Services: []string{name}}.Message(step.typ, message.Encoder{})
		if err != nil {
			return err
		}
		stop := w.sendOften(ctx, m.String())
		err = w.board.wait(ctx, fmt.Sprintf("feed %s %t", uri, step.status), fmt.Sprintf("secure feed %s %t", uri, step.status))
		stop()
		if err != nil {
			return fmt.Errorf("change feed, by multicast alone: %w", err)
		}
	}
	return nil
}

// sendOften sends an announcement by multicast, again and again until it is stopped, as publishers do: a datagram may be lost where many others come.
func (w *world) sendOften(ctx context.Context, datagram string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(time.Second); ; {
			_ = w.sender.Send(ctx, []byte(datagram)) // one that does not get out is as good as lost
			select {
			case <-tick.C:
			case <-ctx.Done():
				tick.Stop()
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}

// ask asks a port of the nameserver, over a connection of its own.
func (w *world) ask(ctx context.Context, port int, secure bool, frame string) (string, error) {
	addr, err := w.address(port, secure)
	if err != nil {
		return "", err
	}
	answer, err := w.network.Request(ctx, addr, []byte(frame), w.options(secure))
	return string(answer), err
}

// tell registers.
func (w *world) tell(ctx context.Context, port int, secure bool, frame string) error {
	answer, err := w.ask(ctx, port, secure, frame)
	if err == nil && answer != "ok" {
		err = fmt.Errorf("answered with %q", answer)
	}
	return err
}

// finds looks a service up, which has to have these addresses and no others.
func (w *world) finds(ctx context.Context, port int, secure bool, name string, uris []string) error {
	answer, err := w.ask(ctx, port, secure, requestHead+`{"service": "`+name+`"}`)
	if err != nil {
		return fmt.Errorf("lookup (secure: %t): %w", secure, err)
	}
	right := strings.Count(answer, `"URI"`) == len(uris)
	for _, uri := range uris {
		right = right && strings.Contains(answer, `"`+uri+`"`)
	}
	if !right {
		return fmt.Errorf("lookup (secure: %t): answered with %q, want %q", secure, answer, uris)
	}
	return nil
}

// checkHTTP asks the relay at both of its addresses. A connection is closed at once.
func (w *world) checkHTTP(ctx context.Context) error {
	return errors.Join(
		w.get(ctx, "tcp", fmt.Sprintf("%s:%d", home, w.ports.http), "/readyz", `"ok"`),
		w.get(ctx, "tls", fmt.Sprintf("%s:%d", home, w.ports.https), "/v1/publishers", `"total"`),
		w.get(ctx, "unix", w.control(), "/v1/routes", `"route":"rules"`))
}

// get asks over a connection of its own, and looks for want in the answer.
func (w *world) get(ctx context.Context, network, addr, path, want string) error {
	body, err := w.fetch(ctx, network, addr, path)
	if err == nil && !strings.Contains(body, want) {
		err = fmt.Errorf("HTTP at %s: %s: %.200q has no %q", addr, path, body, want)
	}
	return err
}

// fetch returns what is answered, where that is no error.
func (w *world) fetch(ctx context.Context, network, addr, path string) (string, error) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		if network == "tls" {
			return (&tls.Dialer{Config: w.certificate.client}).DialContext(ctx, "tcp", addr)
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: dial}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := client.Do(request)
	if err != nil {
		return "", fmt.Errorf("HTTP at %s: %w", addr, err)
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return "", fmt.Errorf("HTTP at %s: %w", addr, err)
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("HTTP at %s: %s: %s: %.200q", addr, path, answer.Status, body)
	}
	return string(body), nil
}
