package main

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"strings"

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
	// What could be read is looked at too: who mends a file wants to hear of all that is wrong with it.
	invalid := unrelated(config.Unjoin(s.located(s.own.Validate())), config.Unjoin(err))
	if len(s.own.Routes) == 0 && err == nil {
		s.report.Warnings = append(s.report.Warnings, config.Warning{
			Origin: config.Origin{File: instanceOf(p.flags.Config).file}, Text: "no [[route]]: nothing is carried",
		})
	}
	return s, daemon.BadConfig(inOrder(append(config.Unjoin(err), invalid...)))
}

// inOrder joins problems in the order of the lines of their files.
func inOrder(problems []error) error {
	files := make(map[string]int) // in the order in which they come
	for _, err := range problems {
		if at := originOf(err); files[at.File] == 0 {
			files[at.File] = len(files) + 1
		}
	}
	slices.SortStableFunc(problems, func(a, b error) int {
		x, y := originOf(a), originOf(b)
		return cmp.Or(cmp.Compare(files[x.File], files[y.File]), cmp.Compare(x.Line, y.Line))
	})
	return errors.Join(problems...)
}

// originOf returns where the setting that err is about comes from.
func originOf(err error) config.Origin {
	if p, ok := errors.AsType[*config.Problem](err); ok {
		return p.Origin
	}
	return config.Origin{}
}

// unvalidated are settings that are validated by load, which knows the places of parts of routes.
type unvalidated relay.Config

// unrelated returns those of problems that can't be the consequence of another one: of a value that could not be read.
func unrelated(problems, others []error) []error {
	var kept []error
	for _, err := range problems {
		related := false
		for _, other := range others {
			related = related || relatedKeys(keyOf(err), keyOf(other))
		}
		if !related {
			kept = append(kept, err)
		}
	}
	return kept
}

// keyOf returns the setting that err is about; empty: a whole file.
func keyOf(err error) string {
	if p, ok := errors.AsType[*config.Problem](err); ok {
		return p.Key
	}
	return ""
}

// relatedKeys tells whether one setting is a part of the other; "" holds all of them.
func relatedKeys(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	rest, ok := strings.CutPrefix(b, a)
	return ok && (a == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
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
