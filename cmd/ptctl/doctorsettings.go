package main

import (
	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/httpd"
	"github.com/pytroll/posttroll-go/pkg/logging"
	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// Settings of the daemons, which have variables too: they are no misspelt ones. Whether their values are good their --check tells.
type (
	nameserverSettings nameserver.Config
	relaySettings      relay.Config
	httpSettings       httpd.Config
	controlSettings    httpd.ControlConfig
	logSettings        logging.Settings
)

// lookAtSettings tells which settings are not the default, and what is wrong with them. What can't be read has its default.
func (c *doctor) lookAtSettings(found *chart) config.Settings {
	tell := found.about("settings")
	set := config.DefaultSettings()
	// A value that only one of the daemons takes is told of by that one.
	report, err := config.Load(config.ProgramSources(c.config, c.environ), &set,
		(*nameserverSettings)(new(nameserver.DefaultConfig())), (*relaySettings)(new(relay.DefaultConfig())),
		(*httpSettings)(new(httpd.DefaultConfig())), (*controlSettings)(new(httpd.DefaultControlConfig())), (*logSettings)(new(logging.DefaultSettings())))
	for _, path := range report.Files {
		tell(levelOK, "", "%s is read", path)
	}
	changed := 0
	for _, v := range report.Values() {
		if v.Origin != (config.Origin{}) {
			changed++
			tell(levelOK, "", "%s = %s, from %s", v.Key, v.Text, v.Origin)
		}
	}
	if changed == 0 {
		tell(levelOK, "", "all have their defaults: no file and no variable sets any")
	}
	for _, w := range report.Warnings {
		advice := w.Hint
		if advice == "" {
			advice = "remove it, or correct its name: posttroll.toml(5) has all"
		}
		tell(levelWarning, advice, "%s: %s", w.Origin, w.Text)
	}
	for _, err := range config.Unjoin(err) {
		advice := hintOf(err)
		if advice == "" {
			advice = "posttroll.toml(5) tells what the setting takes"
		}
		tell(levelError, advice, "%v; programs here end with it", err)
	}
	if err := c.chooseBackend(&set); err != nil {
		tell(levelError, "see ptctl doctor --help", "%v", err)
	}
	return set
}

// lookAtVersions tells what runs here.
func lookAtVersions(found *chart, set config.Settings) {
	tell := found.about("versions")
	tell(levelOK, "", "ptctl %s", daemon.Version())
	switch curve := zmq.LibraryHasCurve(); {
	case curve:
		tell(levelOK, "", "libzmq %s, with CURVE", zmq.LibraryVersion())
	case set.Backend == config.Secure:
		tell(levelError, "install the libzmq of the distribution, or one that was built with libsodium", "libzmq %s without CURVE: backend %q can't work", zmq.LibraryVersion(), config.Secure)
	default:
		tell(levelNote, "", "libzmq %s without CURVE: connections can't be encrypted", zmq.LibraryVersion())
	}
}
