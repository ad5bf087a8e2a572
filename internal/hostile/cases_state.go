package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
)

// stateMemory is the most memory that a nameserver may have had that was started with a bad state, in bytes.
const stateMemory = 200 << 20

// stateTexts are made of a state as it should be, and put in its place.
var stateTexts = []struct {
	name string
	made func(good string) string
}{
	{"empty", func(string) string { return "" }},
	{"a-byte", func(string) string { return "{" }},
	{"zeros", func(string) string { return strings.Repeat("\x00", 100_000) }},
	{"random", func(string) string { return randomText(100_000) }},
	{"cut-in-the-header", func(good string) string { return good[:20] }},
	{"cut-in-the-middle", func(good string) string { return good[:len(good)/2] }},
	{"cut-before-the-end", func(good string) string { return good[:len(good)-1] }},
	{"header-alone", func(good string) string { return good[:strings.Index(good, "\n")+1] }},
	{"header-of-a-megabyte", func(good string) string { return `{"format": "` + strings.Repeat("x", 1<<20) + `"}` + "\n" + good }},
	{"header-deep", func(good string) string { return nested(100_000) + "\n" + good }},
	{"header-twice", func(good string) string { return good + good }},
	{"version-99", func(good string) string { return strings.Replace(good, `"version": 1`, `"version": 99`, 1) }},
	{"version-of-400-digits", func(good string) string {
		return strings.Replace(good, `"version": 1`, `"version": `+strings.Repeat("9", 400), 1)
	}},
	{"saved-in-the-year-9999", func(good string) string { return strings.Replace(good, `"saved": "20`, `"saved": "99`, 1) }},
	{"heard-in-the-year-9999", func(good string) string { return strings.ReplaceAll(good, `"heard": "20`, `"heard": "99`) }},
	{"heard-never", func(good string) string { return strings.ReplaceAll(good, `"heard": "20`, `"heard": "00`) }},
	{"carriage-returns", func(good string) string { return strings.ReplaceAll(good, "\n", "\r\n") }},
	{"byte-order-mark", func(good string) string { return "\xef\xbb\xbf" + good }},
	{"not-utf8", func(good string) string { return strings.ReplaceAll(good, "service", "servi\xff") }},
	{"another-format", func(string) string { return "root:x:0:0:root:/root:/bin/sh\n" }},
	{"backend-unknown", func(good string) string { return strings.Replace(good, "unsecure_zmq", "carrier_pigeon", 1) }},
	{"from-nowhere", func(good string) string { return strings.ReplaceAll(good, `"from": "127.0.0.1"`, `"from": "nowhere"`) }},
	{"line-of-20-megabytes", withLine(func() string { return strings.Repeat("x", 20<<20) })},
	{"line-deep", withLine(func() string {
		return stateEntry(`{"URI": "tcp://127.0.0.1:1", "service": ["hostile"], "a": ` + nested(100_000) + `}`)
	})},
	{"100000-empty-lines", withLine(func() string { return strings.Repeat("\n", 100_000) })},
	{"100000-empty-objects", withLine(func() string { return strings.Repeat("{}\n", 100_000) })},
	{"same-entry-100000-times", withLine(func() string {
		return strings.Repeat(stateEntry(`{"URI": "tcp://127.0.0.1:1", "service": ["twice"]}`)+"\n", 100_000)
	})},
	{"entries-above-the-share", withLine(func() string {
		var all strings.Builder
		for i := range 30_000 {
			entry := stateEntry(fmt.Sprintf(`{"URI": "tcp://127.1.%d.%d:9", "service": ["x"]}`, i>>8, i&0xff))
			all.WriteString(strings.Replace(entry, `"127.0.0.1"`, `"192.0.2.1"`, 1) + "\n")
		}
		return all.String()
	})},
	{"bad-entries", withLine(func() string {
		var all strings.Builder
		for _, bad := range badAnnouncements {
			all.WriteString(stateEntry(bad.bytes) + "\n")
		}
		return all.String()
	})},
	{"control-characters", withLine(func() string { return stateEntry("{\"URI\": \"tcp://\x1b[2J\", \"service\": [\"hostile\x07\"]}") })},
}

// withLine puts a line behind the header.
func withLine(line func() string) func(string) string {
	return func(good string) string {
		head, rest, _ := strings.Cut(good, "\n")
		return head + "\n" + line() + "\n" + rest
	}
}

// stateEntry is a line of a state with the data of an entry.
func stateEntry(data string) string {
	return fmt.Sprintf(`{"heard": %q, "via": "direct", "from": "127.0.0.1", "entry": %s}`, time.Now().UTC().Format(time.RFC3339Nano), data)
}

// stateThings are no regular files, or none that can be written, in the place of the state.
var stateThings = []struct {
	name string
	made func(path string) error
}{
	{"directory", func(path string) error { return os.Mkdir(path, 0o755) }},
	{"directory-that-is-not-empty", func(path string) error { return os.MkdirAll(filepath.Join(path, "x"), 0o755) }},
	{"fifo", func(path string) error { return syscall.Mkfifo(path, 0o600) }},
	{"link-to-nothing", func(path string) error { return os.Symlink("/nonexistent/state", path) }},
	{"link-to-itself", func(path string) error { return os.Symlink(path, path) }},
	{"link-to-zeros-without-end", func(path string) error { return os.Symlink("/dev/zero", path) }},
	{"large-and-sparse", func(path string) error { return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 8<<30)) }},
	{"not-to-be-read", func(path string) error { return os.WriteFile(path, []byte("x"), 0) }},
	{"of-another-user", func(path string) error {
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil || os.Getuid() != 0 {
			return err
		}
		return os.Chown(path, 65534, 65534)
	}},
	{"next-is-a-fifo", func(path string) error { return syscall.Mkfifo(path+".new", 0o600) }},
	{"next-is-a-directory", func(path string) error { return os.Mkdir(path+".new", 0o755) }},
	{"next-is-a-link", func(path string) error { return os.Symlink("/dev/full", path+".new") }},
}

// stateCases start a nameserver of its own with a state that is no good. It serves all the same.
func stateCases() (all []testCase) {
	at := called("nameserverd-start")
	for _, t := range stateTexts {
		all = append(all, testCase{name: "state/" + t.name, at: at, run: func(a *attack) error {
			good, err := a.goodState()
			if err != nil {
				return err
			}
			return a.servesWith(func(path string) error { return os.WriteFile(path, []byte(t.made(good)), 0o600) })
		}})
	}
	for _, t := range stateThings {
		all = append(all, testCase{name: "state/" + t.name, at: at, run: func(a *attack) error { return a.servesWith(t.made) }})
	}
	return oneIn(6, all) // each is the start of a program
}

// goodState is the state of the world's nameserver, which there is soon after its start.
func (a *attack) goodState() (good string, err error) {
	return good, eventually(a, func() error {
		b, err := os.ReadFile(filepath.Join(a.w.dir, "state.jsonl"))
		if err == nil && bytes.Count(b, []byte("\n")) < 3 {
			err = errors.New("the nameserver has written no state")
		}
		good = string(b)
		return err
	})
}

// servesWith starts a nameserver with such a state, registers with it, finds what was registered, and stops it.
func (a *attack) servesWith(state func(path string) error) error {
	return a.servesAs(state, goesOn, func(ports) error { return nil })
}

// servesAs does so with somebody who reads its log, and after something was done to it.
func (a *attack) servesAs(state func(path string) error, reader logReader, done func(at ports) error) error {
	dir, err := os.MkdirTemp(a.w.dir, "start")
	if err != nil {
		return err
	}
	at, err := freePorts()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "state.jsonl")
	settings := filepath.Join(dir, "nameserver.toml")
	if err := errors.Join(state(path), os.WriteFile(settings, nil, 0o644)); err != nil {
		return err
	}
	p, err := a.beside(command{
		name: "another nameserverd", args: []string{"nameserverd", "-c", settings, "--no-multicast"}, ready: `"ready"`,
		env:    append(at.environ(), "POSTTROLL_BIND_ADDRESSES="+home, "POSTTROLL_STATE_FILE="+path),
		reader: reader,
	})
	if err != nil {
		return err
	}
	return errors.Join(done(at), a.serves(p, at), p.stop(), endedWell(p), os.RemoveAll(dir))
}

// serves checks that a nameserver at these ports does what it is for, and has not taken much for it.
func (a *attack) serves(p *process, at ports) error {
	const uri, service = "tcp://127.0.0.1:50999", "besides"
	m, err := discovery.Announcement{Name: service, URI: uri, Services: []string{service}}.Message(discovery.TypeInfo, message.Encoder{})
	if err != nil {
		return err
	}
	if err := a.w.tell(a, at.register, false, m.String()); err != nil {
		return fmt.Errorf("registering: %w; it said %s", err, p.tail(5))
	}
	if err := eventually(a, func() error { return a.w.finds(a, at.lookup, false, service, []string{uri}) }); err != nil {
		return err
	}
	if err := a.w.finds(a, at.lookup, false, "hostile", nil); err != nil {
		return err
	}
	peak, err := p.peak()
	if err == nil && peak > stateMemory {
		err = fmt.Errorf("took %.0f MB", megabytes(peak))
	}
	if n := p.lines(); n > maxLines {
		err = errors.Join(err, fmt.Errorf("logged %d lines, as %s", n, p.tail(3)))
	}
	return err
}

// beside starts a program that is not of the world.
func (a *attack) beside(c command) (*process, error) {
	ctx, cancel := context.WithTimeout(a, toolLimit)
	defer cancel()
	p, err := a.w.start(ctx, c)
	a.w.processes = slices.DeleteFunc(a.w.processes, func(q *process) bool { return q.name == c.name })
	return p, err
}

// endedWell is whether a program that was stopped ended with status 0.
func endedWell(p *process) error {
	<-p.ended
	if p.how != nil {
		return fmt.Errorf("%s: %w; it said %s", p.name, p.how, p.tail(keptLines))
	}
	return nil
}
