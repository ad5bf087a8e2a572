package main

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/httpd"
	"github.com/pytroll/posttroll-go/pkg/logging"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/multicast"
	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// settled are settings as they were read at one time.
type settled struct {
	shared config.Settings
	own    nameserver.Config
	http   httpd.Config
	log    logging.Settings
	report *config.Report
}

// load reads all settings. The report is there also with an error.
func (p *process) load() (*settled, error) {
	s := &settled{shared: config.DefaultSettings(), own: nameserver.DefaultConfig(), http: httpd.DefaultConfig(), log: logging.DefaultSettings()}
	src := config.DaemonSources(settings, p.flags.Config, p.environ)
	if p.flags.noMulticast {
		src.Flags = append(src.Flags, config.Flag{Name: "--no-multicast", Key: "multicast", Value: false})
	}
	if p.flags.localOnly {
		src.Flags = append(src.Flags, config.Flag{Name: "--local-only", Key: "restrict_to_localhost", Value: true})
	}
	var err error
	s.report, err = config.Load(src, &s.shared, (*unvalidated)(&s.own), &s.http, &s.log)
	s.share()
	s.own.StateFile = stateFile(s.own.StateFile, p.environ)
	s.warnOfKeys()
	return s, daemon.BadConfig(config.Together(err, s.located(s.own.Validate())))
}

// unvalidated are settings that are validated when they are complete: with the shared ones.
type unvalidated nameserver.Config

// stateDirectory is the variable in which systemd names the directories of StateDirectory=, with colons between them.
const stateDirectory = "STATE_DIRECTORY="

// stateFile finds the file of a nameserver that is to find it itself; empty: it keeps none.
func stateFile(set string, environ []string) string {
	if set != nameserver.StateAuto {
		return set
	}
	for _, variable := range environ {
		if all, ok := strings.CutPrefix(variable, stateDirectory); ok && all != "" {
			first, _, _ := strings.Cut(all, ":")
			return filepath.Join(first, "state.jsonl")
		}
	}
	return ""
}

// share gives the nameserver the settings that all programs share.
func (s *settled) share() {
	s.own.Backend = transport.Backend(s.shared.Backend)
	s.own.AnnounceBackend = transport.Backend(s.shared.AnnounceBackend)
	s.own.NameserverPort = s.shared.NameserverPort
	s.own.AddressPublishPort = s.shared.AddressPublishPort
	s.own.BroadcastPort = s.shared.BroadcastPort
	s.own.SecureNameserverPort = s.shared.SecureNameserverPort
	s.own.SecureAddressPublishPort = s.shared.SecureAddressPublishPort
	s.own.SecureBroadcastPort = s.shared.SecureBroadcastPort
	s.own.MessageVersion = message.Version(s.shared.MessageVersion)
	s.own.KeepAlive = keepAlive(s.shared)
}

func keepAlive(s config.Settings) transport.KeepAlive {
	mode := transport.KeepAliveSystem
	switch s.TCPKeepalive {
	case config.On:
		mode = transport.KeepAliveOn
	case config.Off:
		mode = transport.KeepAliveOff
	}
	seconds := func(n int) time.Duration { return time.Duration(max(n, 0)) * time.Second }
	return transport.KeepAlive{
		Mode:     mode,
		Count:    max(s.TCPKeepaliveCount, 0),
		Idle:     seconds(s.TCPKeepaliveIdle),
		Interval: seconds(s.TCPKeepaliveInterval),
	}
}

// group is where announcements are sent and received.
func (s *settled) group() multicast.Config {
	return multicast.Config{
		Group:     s.shared.MulticastGroup,
		Port:      s.own.BroadcastPort,
		TTL:       s.shared.MulticastTTL,
		Interface: s.shared.MulticastInterface,
	}
}

// located says of each setting that err finds bad where it comes from.
func (s *settled) located(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var problems []error
		for _, err := range joined.Unwrap() {
			problems = append(problems, s.located(err))
		}
		return errors.Join(problems...)
	}
	if bad, ok := errors.AsType[*nameserver.SettingError](err); ok {
		return &config.Problem{Origin: s.report.Origin(bad.Key), Key: bad.Key, Text: bad.Text, Hint: bad.Hint}
	}
	if bad, ok := errors.AsType[*security.SettingError](err); ok {
		hint := bad.HintText()
		if errors.Is(err, fs.ErrPermission) {
			hint += "; systemd hands it over with LoadCredential, as the unit says, and " + bad.Key + ` = "" in ` + file + " does without"
		}
		return &config.Problem{Origin: s.report.Origin(bad.Key), Key: bad.Key, Hint: hint, Err: bad.Err}
	}
	return err
}
