package relay

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// SettingError is one thing that is wrong with a setting.
type SettingError struct {
	Key  string // of the setting, as "route[2].source.services"
	Text string // what is wrong with its value
	Hint string // what to try; may be empty
	Err  error  // the cause, where there is one
}

// Unwrap returns the cause.
func (e *SettingError) Unwrap() error { return e.Err }

// Error returns key and text.
func (e *SettingError) Error() string { return e.Key + ": " + e.Text }

// ConfigKey returns the key at the top of the file, for readers of settings to tell where the value came from.
func (e *SettingError) ConfigKey() string {
	key, _, _ := strings.Cut(e.Key, "[")
	return key
}

// HintText returns the hint, for programs that print it on a line of its own.
func (e *SettingError) HintText() string { return e.Hint }

// Bounds of settings.
const (
	minLoopWindow, maxLoopWindow       = time.Second, 24 * time.Hour
	minLoopEntries, maxLoopEntries     = 1000, 50_000_000
	maxStopLimit                       = time.Minute
	maxSubjectDepth                    = 16
	maxConnections                     = 1_000_000
	minSilenceFactor, maxSilenceFactor = 1, 1000
	minHeartbeat, maxHeartbeat         = time.Second, time.Hour
)

// Validate returns all that is wrong with c, joined, each as a [*SettingError]; nil when nothing is. No file is looked at.
func (c Config) Validate() error {
	v := &validation{}
	v.duration("loop_window", c.LoopWindow, minLoopWindow, maxLoopWindow)
	v.between("loop_entries", c.LoopEntries, minLoopEntries, maxLoopEntries)
	v.duration("stop_limit", c.StopLimit, 0, maxStopLimit)
	v.between("subject_depth", c.SubjectDepth, 0, maxSubjectDepth)
	v.between("max_connections", c.MaxConnections, 0, maxConnections)
	v.between("max_connections_per_source", c.MaxConnectionsPerSource, 0, maxConnections)
	if most, source := c.MaxConnections, c.MaxConnectionsPerSource; most > 0 && source > most && source <= maxConnections {
		v.add("max_connections_per_source", "", "%d is more than max_connections, %d", source, most)
	}
	seen := make(map[string]int)
	for i, route := range c.Routes {
		at := fmt.Sprintf("route[%d]", i+1)
		v.routeName(at, route.Name, seen, i+1)
		v.route(at, route, c.Routes)
	}
	if len(v.problems) == 0 {
		v.together(c.plans())
	}
	return errors.Join(v.problems...)
}

// validation collects problems.
type validation struct{ problems []error }

func (v *validation) add(key, hint, format string, args ...any) {
	v.problems = append(v.problems, &SettingError{Key: key, Text: fmt.Sprintf(format, args...), Hint: hint})
}

func (v *validation) between(key string, value, low, high int) {
	if value < low || value > high {
		v.add(key, "", "%d is out of range, want %d to %d", value, low, high)
	}
}

func (v *validation) duration(key string, value, low, high time.Duration) {
	if value < low || value > high {
		v.add(key, "", "%s is out of range, want %s to %s", value, low, high)
	}
}

func (v *validation) routeName(at, name string, seen map[string]int, number int) {
	other, known := seen[name]
	switch {
	case name == "":
		v.add(at+".name", "each route needs a name of its own", "is missing")
	case strings.ContainsFunc(name, unsuitable):
		v.add(at+".name", "use letters, digits, '-', '_' and '.'", "%q holds white space or control characters", name)
	case known:
		v.add(at+".name", "", "%q is the name of route[%d] too", name, other)
	default:
		seen[name] = number
	}
}

// unsuitable are the characters that can't stand in a subject or would break lines of a log.
func unsuitable(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

func (v *validation) route(at string, route Route, all []Route) {
	switch route.Loops {
	case "", LoopsStop, LoopsPass:
	default:
		v.add(at+".loops", "", "%q is unknown, want %q or %q", route.Loops, LoopsStop, LoopsPass)
	}
	if route.Loops == LoopsPass && route.LoopGroup != "" {
		v.add(at+".loop_group", "leave one of the two out", "says nothing with loops = %q", LoopsPass)
	}
	v.process(at, route)
	v.source(at+".source", route, all)
	v.sink(at+".sink", route, all)
}

func (v *validation) source(at string, route Route, all []Route) {
	cfg := route.Source
	if cfg.SameAs != "" {
		rest := cfg
		rest.SameAs, rest.Topics = "", nil
		if rest.SilenceFactor != nil || rest.key() != (SourceConfig{}).key() {
			v.add(at+".same_as", "", "with it nothing but topics can be set")
		}
		v.sameAs(at, cfg.SameAs, route.Name, all, func(other Route) string { return other.Source.SameAs })
		return
	}
	if len(cfg.Services) == 0 && len(cfg.Addresses) == 0 {
		v.add(at, `services = [""] takes all publishers that the nameservers know`, "has neither services nor addresses")
	}
	for i, uri := range cfg.Addresses {
		if _, err := transport.ConnectEndpoint(uri); err != nil {
			v.add(fmt.Sprintf("%s.addresses[%d]", at, i+1), "as tcp://host:9010", "%v", err)
		}
	}
	v.nameservers(at, cfg.Nameservers)
	if len(cfg.Nameservers) > 0 && len(cfg.Services) == 0 {
		v.add(at+".nameservers", `add services; [""] are all`, "there are no services that they could be asked for")
	}
	v.backend(at, cfg.Backend)
	if cfg.Queue < 0 {
		v.add(at+".queue", "", "%d is below 0", cfg.Queue)
	}
	if factor := cfg.silenceFactor(); factor != 0 && !(factor >= minSilenceFactor && factor <= maxSilenceFactor) { // NaN is none of these
		v.add(at+".silence_factor", "3 is usual", "%v is out of range, want %d to %d, or 0 for never", factor, minSilenceFactor, maxSilenceFactor)
	}
}

func (v *validation) sameAs(at, name, own string, all []Route, next func(Route) string) {
	for _, other := range all {
		switch {
		case other.Name != name:
		case name == own:
			v.add(at+".same_as", "", "%q is this route", name)
			return
		case next(other) != "":
			v.add(at+".same_as", fmt.Sprintf("name %q", next(other)), "%q has its own from another route", name)
			return
		default:
			return
		}
	}
	v.add(at+".same_as", "", "there is no route %q", name)
}

func (v *validation) nameservers(at string, hosts []string) {
	for i, host := range hosts {
		if _, err := discovery.NameserverAddress(host, discovery.DefaultNameserverPort); err != nil {
			v.add(fmt.Sprintf("%s.nameservers[%d]", at, i+1), "give HOST or HOST:PORT", "%v", err)
		}
	}
}

func (v *validation) backend(at string, b transport.Backend) {
	if b == "" {
		return
	}
	if _, err := transport.ParseBackend(string(b)); err != nil {
		v.add(at+".backend", "", "%v", err)
	}
}
