package main

import (
	"errors"
	"io/fs"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/httpd"
	"github.com/pytroll/posttroll-go/pkg/logging"
	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/security"
)

// settled are settings as they were read at one time.
type settled struct {
	shared  config.Settings
	own     relay.Config
	http    httpd.Config
	control httpd.ControlConfig
	log     logging.Settings
	report  *config.Report
}

// load reads all settings. The report is there also with an error.
func (p *process) load() (*settled, error) {
	s := &settled{shared: config.DefaultSettings(), own: relay.DefaultConfig(), http: httpd.DefaultConfig(), control: httpd.DefaultControlConfig(),
		log: logging.DefaultSettings()}
	var err error
	s.report, err = config.Load(config.DaemonSources(settings, p.flags.Config, p.environ), &s.shared, (*unvalidated)(&s.own), &s.http, &s.control, &s.log)
	if len(s.own.Routes) == 0 && err == nil {
		s.report.Warnings = append(s.report.Warnings, config.Warning{
			Origin: config.Origin{File: instanceOf(p.flags.Config).file}, Text: "no [[route]]: nothing is carried",
		})
	}
	return s, daemon.BadConfig(config.Together(err, s.located(s.own.Validate())))
}

// unvalidated are settings that are validated by load, which knows the places of parts of routes.
type unvalidated relay.Config

// located says of each setting that err finds bad where it comes from.
func (s *settled) located(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var problems []error
		for _, err := range joined.Unwrap() {
			problems = append(problems, s.located(err))
		}
		return errors.Join(problems...)
	}
	if bad, ok := errors.AsType[*relay.SettingError](err); ok {
		return &config.Problem{Origin: s.report.Origin(bad.Key), Key: bad.Key, Text: bad.Text, Hint: bad.Hint + handedOver(err)}
	}
	if bad, ok := errors.AsType[*security.SettingError](err); ok {
		return &config.Problem{Origin: s.report.Origin(bad.Key), Key: bad.Key, Hint: bad.HintText() + handedOver(err), Err: bad.Err}
	}
	return err
}

// handedOver adds to the hint on a file that the program may not read how a unit gets it.
func handedOver(err error) string {
	if !errors.Is(err, fs.ErrPermission) {
		return ""
	}
	return "; systemd hands it over with LoadCredential, as the unit says"
}

// routeNames are the names of the routes in their order.
func (s *settled) routeNames() []string {
	names := []string{}
	for _, route := range s.own.Routes {
		names = append(names, route.Name)
	}
	return names
}
