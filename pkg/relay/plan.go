package relay

import (
	"cmp"
	"encoding/json"
	"slices"
)

// plan is a route with same_as resolved and defaults filled in.
type plan struct {
	Route
	sourceKey, sinkKey string // what is the same for routes that share one
}

// plans resolves the routes of a valid c.
func (c Config) plans() []plan {
	byName := make(map[string]*Route, len(c.Routes))
	for i := range c.Routes {
		byName[c.Routes[i].Name] = &c.Routes[i]
	}
	plans := make([]plan, len(c.Routes))
	for i, route := range c.Routes {
		if other, ok := byName[route.Source.SameAs]; ok {
			topics := route.Source.Topics
			route.Source = other.Source
			if len(topics) > 0 {
				route.Source.Topics = topics
			}
		}
		if other, ok := byName[route.Sink.SameAs]; ok {
			route.Sink = other.Sink
			route.Sink.Name = cmp.Or(route.Sink.Name, other.Name)
		}
		route.Sink.Name = cmp.Or(route.Sink.Name, route.Name)
		plans[i] = plan{Route: route, sourceKey: route.Source.key(), sinkKey: route.Sink.key()}
	}
	return plans
}

// key is the same for sources that one subscriber serves: topics may differ.
func (cfg SourceConfig) key() string {
	cfg.Topics = nil
	cfg.Services = sorted(cfg.Services)
	cfg.Nameservers = sorted(cfg.Nameservers)
	cfg.Addresses = sorted(cfg.Addresses)
	cfg.ServerPublicKeys = sorted(cfg.ServerPublicKeys)
	if factor := cfg.silenceFactor(); factor >= 0 && factor <= maxSilenceFactor {
		cfg.SilenceFactor = new(factor)
	} else {
		cfg.SilenceFactor = nil // is refused, and may be what JSON does not have
	}
	return keyOf(cfg)
}

// key is the same for sinks that are one.
func (cfg SinkConfig) key() string {
	cfg.Aliases = sorted(cfg.Aliases)
	cfg.Nameservers = sorted(cfg.Nameservers)
	cfg.AuthorizedClientAddresses = sorted(cfg.AuthorizedClientAddresses)
	return keyOf(cfg)
}

// sorted returns a copy in order, and nil for an empty list.
func sorted(list []string) []string {
	return slices.Sorted(slices.Values(list))
}

// keyOf writes settings in one way.
func keyOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("relay: settings can't be written: " + err.Error()) // they are texts, numbers and lists of them
	}
	return string(b)
}
