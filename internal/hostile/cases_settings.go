package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// settingsMemory is the most memory that a program may take to read settings, in bytes.
const settingsMemory = 200 << 20

// maxSaid is how much a program may say of settings that are no good, in bytes.
const maxSaid = 64 << 10

// settingsTexts are files of settings.
var settingsTexts = []text{
	{"empty", ""},
	{"zeros", strings.Repeat("\x00", 10_000)},
	{"random", randomText(10_000)},
	{"not-utf8", "log_level = \"\xff\xfe\""},
	{"utf-16", "\xff\xfel\x00o\x00g\x00_\x00"},
	{"byte-order-mark", "\xef\xbb\xbflog_level = \"info\""},
	{"control-characters", "log_level = \"\x1b[2J\x07\""},
	{"control-characters-escaped", `log_level = "\u001b[2J\u0007\r\n"`},
	{"control-characters-in-a-key", `"\u001b[2J\n" = 1`},
	{"key-of-100-kilobytes", strings.Repeat("k", 100_000) + " = 1"},
	{"value-of-100-kilobytes", `log_level = "` + strings.Repeat("v", 100_000) + `"`},
	{"10000-unknown-keys", many(10_000, "key_%d = 1\n")},
	{"10000-unknown-tables", many(10_000, "[table_%d]\n")},
	{"same-key-twice", "log_level = \"info\"\nlog_level = \"info\""},
	{"number-of-10000-digits", "nameserver_port = " + strings.Repeat("9", 10_000)},
	{"number-of-10000-places", "nameserver_port = 1." + strings.Repeat("9", 10_000)},
	{"port-negative", "nameserver_port = -1"},
	{"port-70000", "nameserver_port = 70000"},
	{"port-not-a-number", "nameserver_port = nan"},
	{"port-of-a-date", "nameserver_port = 1979-05-27T07:32:00Z"},
	{"duration-of-nothing", `max_age = ""`},
	{"duration-negative", `max_age = "-1h"`},
	{"duration-without-end", `max_age = "` + strings.Repeat("9", 100) + `h"`},
	{"list-in-place-of-text", "log_level = [1, [2, {a = 3}]]"},
	{"table-in-place-of-text", "[log_level]\na = 1"},
	{"deep-lists", "bind_addresses = " + nested(100_000)},
	{"deep-lists-not-ended", "bind_addresses = " + strings.Repeat("[", 500_000)},
	{"deep-tables", "a = " + strings.Repeat("{a = ", 50_000) + "1" + strings.Repeat("}", 50_000)},
	{"deep-dotted-keys", strings.Repeat("a.", 100_000) + "a = 1"},
	{"deep-headings", "[" + strings.Repeat("a.", 100_000) + "a]"},
	{"text-not-ended", `log_level = "info`},
	{"text-of-many-lines-not-ended", `log_level = """` + strings.Repeat("x\n", 100_000)},
	{"yaml", "log_level: info\nports:\n  - 1\n"},
	{"json", `{"log_level": "info"}`},
	{"a-program", "\x7fELF\x02\x01\x01" + randomText(5000)},
	{"above-the-limit", strings.Repeat("# a comment that is longer than it has to be\n", 50_000)},
	{"routes-without-anything", strings.Repeat("[[route]]\n", 10_000)},
	{"route-of-other-kinds", "route = [1, \"x\", [], {}]"},
	{"names-with-markup", "[[route]]\nname = \"<script>\\u0000\"\nsource = { services = [\"\\u001b\"] }\nsink = { address = \"tcp://*:0\" }"},
	{"pattern-that-takes-for-ever", "[[route]]\nname = \"x\"\n[[route.step]]\nrename = { pattern = \"" + strings.Repeat("(a*)*", 1000) + "\", to = \"x\" }"},
}

// settingsThings are no files of settings, in their place.
var settingsThings = []struct {
	name string
	made func(path string) error
}{
	{"missing", func(string) error { return nil }},
	{"directory", func(path string) error { return os.Mkdir(path, 0o755) }},
	{"fifo", func(path string) error { return syscall.Mkfifo(path, 0o600) }},
	{"link-to-itself", func(path string) error { return os.Symlink(path, path) }},
	{"zeros-without-end", func(path string) error { return os.Symlink("/dev/zero", path) }},
	{"large-and-sparse", func(path string) error { return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 8<<30)) }},
	{"terminal", func(path string) error { return os.Symlink("/dev/tty", path) }},
}

// namedFiles are settings that name a file.
var namedFiles = []string{
	"server_secret_key_file", "server_public_key_file", "client_secret_key_file", "clients_public_keys_directory", "http_token_file", "http_certificate_file",
}

// settingsCases have a program read settings that are no good. It ends soon, with a status that says so, and a few words.
func settingsCases() (all []testCase) {
	at := called("nameserverd-start", "ptrelay-start")
	all = table("settings", at, settingsTexts, func(a *attack, text string) error {
		return a.reads(func(path string) error { return os.WriteFile(path, []byte(text), 0o600) })
	})
	for _, t := range settingsThings {
		all = append(all, testCase{name: "settings/" + t.name, at: at, run: func(a *attack) error { return a.reads(t.made) }})
		for _, key := range namedFiles {
			all = append(all, testCase{name: "settings/" + strings.ReplaceAll(key, "_", "-") + "-is-" + t.name, at: at, run: func(a *attack) error {
				return a.reads(func(path string) error {
					named := path + ".named"
					text := fmt.Sprintf("%s = %q\nhttp_listen = \"127.0.0.1:0\"\n", key, named)
					return errors.Join(t.made(named), os.WriteFile(path, []byte(text), 0o600))
				})
			}})
		}
	}
	all = append(all, table("variables", at, []text{
		{"port-that-is-none", "POSTTROLL_NAMESERVER_PORT=x"},
		{"port-of-100-kilobytes", "POSTTROLL_NAMESERVER_PORT=" + strings.Repeat("9", 100_000)},
		{"port-that-is-deep", "POSTTROLL_NAMESERVER_PORT=" + nested(50_000)},
		{"list-that-is-deep", "POSTTROLL_BIND_ADDRESSES=" + nested(50_000)},
		{"list-not-ended", "POSTTROLL_BIND_ADDRESSES=['a', 'b"},
		{"control-characters", "POSTTROLL_LOG_LEVEL=\x1b[2J\x07\n"},
		{"not-utf8", "POSTTROLL_LOG_LEVEL=\xff"},
		{"unknown-with-control-characters", "POSTTROLL_\x1b[2J=1"},
		{"deep-names", "POSTTROLL_" + strings.Repeat("A__", 20_000) + "=1"},
	}, func(a *attack, variable string) error {
		return a.reads(func(path string) error { return os.WriteFile(path, nil, 0o600) }, variable)
	})...)
	return oneIn(9, all) // each is the run of a program
}

// reads has a program check its settings, in a file that is made so.
func (a *attack) reads(made func(path string) error, env ...string) error {
	dir, err := os.MkdirTemp(a.w.dir, "settings")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "settings.toml")
	if err := made(path); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(a, toolLimit)
	defer cancel()
	program, _, _ := strings.Cut(a.at.name, "-")
	cmd := exec.CommandContext(ctx, filepath.Join(a.w.bin, program), "--check", "-c", path)
	var said bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = dir, &said, &said, append(environment(), env...)
	status, peak, err := measured(filepath.Join(a.w.bin, "hostile"), cmd)
	errs := []error{err, os.RemoveAll(dir)}
	if err == nil && !slices.Contains([]int{0, 2, 78}, status) || strings.Contains(said.String(), "goroutine ") {
		errs = append(errs, fmt.Errorf("status %d", status))
	}
	if peak > settingsMemory {
		errs = append(errs, fmt.Errorf("took %.0f MB", megabytes(peak)))
	}
	if said.Len() > maxSaid {
		errs = append(errs, fmt.Errorf("said %d bytes", said.Len()))
	}
	if strings.ContainsFunc(said.String(), isControl) {
		errs = append(errs, errors.New("said control characters"))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%w; it said %.1000q", err, said.String())
	}
	return nil
}

// isControl tells whether a character does something to a terminal.
func isControl(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0
}
