package pubsub

import (
	"fmt"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// publisherKeys are what [ParsePublisherOptions] reads.
var publisherKeys = []string{
	"name", "port", "nameservers", "address", "min_port", "max_port", "aliases", "broadcast_interval", // as the reference
	"announce", "advertise", "backend", "lax", "server_secret_key_file", "next_server_secret_key_file", "next_port",
}

// ParsePublisherOptions reads the settings of a publisher as they come from YAML, TOML, JSON or an INI file, with the keys of Python
// posttroll's create_publisher_from_dict_config. An unknown key is an error that names the nearest known one; all problems are
// told at once.
//
//	name                text
//	port                0 to 65535; 0 or missing: a free one
//	address             ZeroMQ endpoint to bind, instead of port
//	min_port, max_port  the free port is at least the first and below the second
//	nameservers         hosts, as a list or as a text with commas or blanks between them; missing, none or empty: multicast;
//	                    false, "false" or [false]: nobody is told, and a port or address is needed
//	aliases             list of texts, or one text with commas between them; blanks are part of an alias
//	broadcast_interval  seconds between announcements, default 2; 0 or less: never
//
// And these, which the reference does not have:
//
//	announce            "auto" (default), "both" (multicast and nameservers) or "none", see [AnnounceMode]
//	advertise           host or network interface to announce
//	backend             "unsecure_zmq" or "secure_zmq"
//	lax                 true: also send what ends Python subscribers
//
// And of the secure backend, see [PublisherOptions]:
//
//	server_secret_key_file       key pair of this publisher alone
//	next_server_secret_key_file  the one that is to follow it
//	next_port                    0 to 65535, where the key that is to follow is served; 0 or missing: a free one
//
// Numbers and booleans may be text.
func ParsePublisherOptions(settings map[string]any) (PublisherOptions, error) {
	v := &values{m: settings}
	o := PublisherOptions{
		Name:              v.text("name", ""),
		Port:              v.within("port", 0, 0, 65535),
		Address:           v.text("address", ""),
		MinPort:           v.within("min_port", 0, 1, 65535),
		MaxPort:           v.within("max_port", 0, 2, 65536),
		Aliases:           v.list("aliases", atComma),
		BroadcastInterval: v.broadcastInterval(),
		Advertise:         v.text("advertise", ""),
		Backend:           v.backend("backend"),
		Lax:               v.boolean("lax", false),
		Announce:          v.announce(),

		ServerSecretKeyFile:     v.path("server_secret_key_file"),
		NextServerSecretKeyFile: v.path("next_server_secret_key_file"),
		NextPort:                v.within("next_port", 0, 0, 65535),
	}
	hosts, off := v.hosts("nameservers")
	o.Nameservers = hosts
	if off {
		v.silent(&o)
	}
	if o.Address != "" && o.Port != 0 {
		v.fail("port", "there is an address too (%s): give one of them", o.Address)
	}
	if err := v.err(publisherKeys); err != nil {
		return PublisherOptions{}, fmt.Errorf("publisher settings: %w", err)
	}
	return o, nil
}

// silent makes o a plain publisher, as "nameservers: false" asks for.
func (v *values) silent(o *PublisherOptions) {
	if o.Announce == AnnounceBoth {
		v.fail("announce", `"both" contradicts nameservers: false`)
	}
	if o.Port == 0 && o.Address == "" {
		v.fail("port", "nameservers: false needs a port or an address: a free port that nobody is told of could not be found")
	}
	o.Announce = AnnounceNone
}

// broadcastInterval turns 0 or less, which mean never, into what our options call never.
func (v *values) broadcastInterval() time.Duration {
	const unset = 0
	if isNone(v.m["broadcast_interval"]) {
		return unset
	}
	if d := v.seconds("broadcast_interval", unset); d > 0 {
		return d
	}
	return -1
}

func (v *values) backend(key string) transport.Backend {
	text := v.text(key, "")
	if text == "" {
		return ""
	}
	backend, err := transport.ParseBackend(text)
	if err != nil {
		v.fail(key, "%w", err)
	}
	return backend
}

func (v *values) announce() AnnounceMode {
	switch text := v.text("announce", "auto"); text {
	case "auto", "":
		return AnnounceAuto
	case "both":
		return AnnounceBoth
	case "none":
		return AnnounceNone
	default:
		v.fail("announce", `want "auto", "both" or "none", got %.40q`, text)
		return AnnounceAuto
	}
}

// hosts reads hosts, or false for none at all: also "false" and [false].
func (v *values) hosts(key string) (hosts []string, off bool) {
	val := sole(v.m[key])
	switch {
	case isNone(val):
		return nil, false
	case isFalse(val):
		return nil, true
	}
	hosts = v.listOf(key, val, atCommaOrBlank)
	if len(hosts) == 0 {
		return nil, false
	}
	for i, host := range hosts {
		if host == "" || isFalse(host) {
			v.fail(key, "element %d: want a host, got %q", i+1, host)
		}
	}
	return hosts, false
}

// sole returns the element of a list of one, and anything else as it is.
func sole(val any) any {
	switch list := val.(type) {
	case []any:
		if len(list) == 1 {
			return list[0]
		}
	case []string:
		if len(list) == 1 {
			return list[0]
		}
	}
	return val
}
