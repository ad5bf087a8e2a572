package relay

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pytroll/posttroll-go/pkg/relay/step"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func (v *validation) sink(at string, route Route, all []Route) {
	cfg := route.Sink
	if cfg.SameAs != "" {
		rest := cfg
		rest.SameAs = ""
		if rest.key() != (SinkConfig{}).key() {
			v.add(at+".same_as", "", "with it nothing else can be set")
		}
		v.sameAs(at, cfg.SameAs, route.Name, all, func(other Route) string { return other.Sink.SameAs })
		return
	}
	if strings.ContainsFunc(cfg.Name, unsuitable) {
		v.add(at+".name", "use letters, digits, '-', '_', '.' or '/'", "%q holds white space or control characters: it becomes part of subjects", cfg.Name)
	}
	v.place(at, cfg)
	v.announcing(at, cfg)
	v.names(at, cfg)
	v.late(at, cfg)
	v.backend(at, cfg.Backend)
	if cfg.Heartbeat != 0 {
		v.duration(at+".heartbeat", cfg.Heartbeat, minHeartbeat, maxHeartbeat)
		if cfg.Heartbeat%time.Second != 0 {
			v.add(at+".heartbeat", "", "%s is not a whole number of seconds", cfg.Heartbeat)
		}
	}
	if cfg.Queue < 0 {
		v.add(at+".queue", "", "%d is below 0", cfg.Queue)
	}
}

// place checks where the sink is bound.
func (v *validation) place(at string, cfg SinkConfig) {
	v.between(at+".port", cfg.Port, 0, 65535)
	v.between(at+".next_port", cfg.NextPort, 0, 65535)
	v.between(at+".min_port", cfg.MinPort, 0, 65535)
	v.between(at+".max_port", cfg.MaxPort, 0, 65536)
	if cfg.MinPort != 0 && cfg.MaxPort != 0 && cfg.MinPort >= cfg.MaxPort {
		v.add(at+".max_port", "", "no port from %d up to, but not including, %d", cfg.MinPort, cfg.MaxPort)
	}
	if cfg.Port != 0 && cfg.MinPort != 0 {
		v.add(at+".min_port", "leave one of them out", "is a bound for free ports, and port = %d is fixed", cfg.Port)
	}
	if cfg.Port != 0 && cfg.MaxPort != 0 {
		v.add(at+".max_port", "leave one of them out", "is a bound for free ports, and port = %d is fixed", cfg.Port)
	}
	if cfg.Address == "" {
		return
	}
	if cfg.Port != 0 {
		v.add(at+".port", "give one of them", "there is an address too (%s)", cfg.Address)
	}
	if e, err := transport.ParseEndpoint(cfg.Address); err != nil {
		v.add(at+".address", "as tcp://10.0.0.1:9100", "%v", err)
	} else if e.OfNoHost() {
		v.add(at+".address", "as tcp://10.0.0.1:9100", "want an address of this host, got the multicast or broadcast address %s", e.Host())
	}
}

// announcing checks who is told.
func (v *validation) announcing(at string, cfg SinkConfig) {
	v.nameservers(at, cfg.Nameservers)
	if cfg.BroadcastInterval < 0 {
		v.add(at+".broadcast_interval", `announce = "none" tells nobody`, "%s is below 0", cfg.BroadcastInterval)
	}
	switch cfg.Announce {
	case "", "auto", "both":
	case "none":
		if len(cfg.Nameservers) > 0 {
			v.add(at+".nameservers", "leave one of the two out", `are not told with announce = "none"`)
		}
		if cfg.Port == 0 && cfg.Address == "" {
			v.add(at+".announce", "set port or address", `"none" and a free port: nobody could find the sink`)
		}
	default:
		v.add(at+".announce", "", `%q is unknown, want "auto", "both" or "none"`, cfg.Announce)
	}
}

// together checks what routes have to do with each other.
func (v *validation) together(plans []plan) {
	for i, p := range plans {
		at := fmt.Sprintf("route[%d]", i+1)
		for j, other := range plans[:i] {
			if p.sinkKey != other.sinkKey && p.Sink.collides(other.Sink) {
				v.add(at+".sink", fmt.Sprintf("same_as = %q feeds that one", other.Name), "is where route[%d] %q binds another one", j+1, other.Name)
				break
			}
		}
		for j, uri := range p.Source.Addresses {
			if name := ownSink(uri, plans); name != "" {
				v.add(fmt.Sprintf("%s.source.addresses[%d]", at, j+1), "give the route the source of that one: same_as",
					"%s is the sink of route %q: a relay does not subscribe to itself", uri, name)
			}
		}
	}
}

// ownSink returns the route whose sink an address on this host is, as far as can be told from the settings.
func ownSink(uri string, plans []plan) string {
	at, err := transport.ConnectEndpoint(uri)
	if err != nil || at.Host() != "localhost" && !strings.HasPrefix(at.Host(), "127.") && at.Host() != "::1" {
		return ""
	}
	for _, p := range plans {
		if port := at.Port(); port != 0 && (port == p.Sink.port() || port == p.Sink.ReplayPort) {
			return p.Name
		}
	}
	return ""
}

// process checks what is done with messages.
func (v *validation) process(at string, route Route) {
	if route.Duplicates != nil {
		v.below(at+".duplicates.", route.Duplicates.Validate())
	}
	v.below("", step.Validate(at+".step", route.Steps))
}

// below takes over the problems of a table of settings; prefix is what stands before their keys.
func (v *validation) below(prefix string, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			v.below(prefix, err)
		}
		return
	}
	if err == nil {
		return
	}
	key, text, hint := prefix, err.Error(), ""
	if bad, ok := errors.AsType[interface {
		error
		ConfigKey() string
		HintText() string
	}](err); ok {
		key, hint = prefix+bad.ConfigKey(), bad.HintText()
		text = strings.TrimPrefix(text, bad.ConfigKey()+": ")
	}
	v.problems = append(v.problems, &SettingError{Key: key, Text: text, Hint: hint})
}
