package relay

// maxMaxPorts bounds max_ports.
const maxMaxPorts = 64

// names checks under what the sink is announced.
func (v *validation) names(at string, cfg SinkConfig) {
	v.between(at+".max_ports", cfg.MaxPorts, 0, maxMaxPorts)
	if !cfg.AnnounceServices {
		if cfg.MaxPorts != 0 {
			v.add(at+".max_ports", "", "says nothing without announce_services = true")
		}
		return
	}
	if cfg.Announce == "none" {
		v.add(at+".announce_services", "leave one of the two out", `nobody is told with announce = "none"`)
	}
	bound := cfg.bindsAt()
	switch {
	case bound.IsZero():
		return // which is an error already
	case bound.Scheme() != "tcp":
		v.add(at+".announce_services", "", "needs a TCP port, as names may take several (%s)", bound)
		return
	}
	v.lastPort(at+".max_ports", bound.Port(), cfg)
	v.lastPort(at+".next_port", cfg.NextPort, cfg)
	if a, b := bound.Port(), cfg.NextPort; a != 0 && b != 0 && a < b+cfg.maxPorts() && b < a+cfg.maxPorts() {
		v.add(at+".next_port", "move it behind them, or set max_ports", "names take %d ports from %d on, and as many from %d on", cfg.maxPorts(), a, b)
	}
}

// lastPort checks that there are as many ports as are needed from first on.
func (v *validation) lastPort(key string, first int, cfg SinkConfig) {
	if last := first + cfg.maxPorts() - 1; first != 0 && first <= 65535 && last > 65535 {
		v.add(key, "set a lower port, or max_ports", "the last of %d ports from %d on would be %d", cfg.maxPorts(), first, last)
	}
}
