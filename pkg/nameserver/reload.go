package nameserver

import (
	"reflect"
	"slices"

	"go.uber.org/zap"
)

// reloadable are the settings that Reload applies.
var reloadable = []string{
	"max_age", "withdraw_grace", "max_entries", "max_entries_per_source", "max_request_bytes", "show_secure_entries", "feed_heartbeat",
	"max_requests_per_source", "max_announcements_per_source", "max_changes_per_source", "probe", "probe_after", "probe_grace", "probe_rate", "probe_rate_per_host",
}

// Reload applies what it can of cfg, and returns the keys of the settings that have changed and need a restart. It changes nothing when cfg is not
// valid. What is listed stays listed, also beyond new limits.
func (n *Nameserver) Reload(cfg Config) (restart []string, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	before := *n.config()
	after := before
	from, to := reflect.ValueOf(cfg), reflect.ValueOf(&after).Elem()
	var applied []string
	for i := range from.NumField() {
		key := from.Type().Field(i).Tag.Get("toml")
		switch {
		case key == "-" || same(from.Field(i), to.Field(i)):
		case slices.Contains(reloadable, key):
			to.Field(i).Set(from.Field(i))
			applied = append(applied, key)
		default:
			restart = append(restart, key)
		}
	}
	n.setConfig(after)
	n.registry.Configure(tableConfig(after))
	select {
	case n.reloaded <- struct{}{}:
	default: // one is waiting already
	}
	n.prober.poke()
	if len(applied) > 0 {
		n.log.Info("settings applied", zap.Strings("settings", applied))
	}
	return restart, nil
}

// same tells whether two settings are; an empty list is the same as none.
func same(a, b reflect.Value) bool {
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}
