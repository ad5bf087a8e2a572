package pubsub

import (
	"fmt"

	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// subscriberKeys are what [ParseSubscriberOptions] reads.
var subscriberKeys = []string{
	"addresses", "nameserver", "topics", "services", "addr_listener", "timeout", "translate", "message_filter", // as the reference
	"port", // taken and not used, as in the reference
	"backend", "max_queued", "receive_timeout", "duplicates", "duplicates_fields", "duplicates_window", "silence_factor",
}

// ParseSubscriberOptions reads the settings of a subscriber or listener as they come from YAML, TOML, JSON or an INI file, with the keys of
// Python posttroll's create_subscriber_from_dict_config. An unknown key is an error that names the nearest known one; all
// problems are told at once.
//
//	addresses      list of URIs, or of objects with URI and backend; or URIs as a text with commas or blanks between them
//	nameserver     host; missing, none or empty: localhost; false, "false" or [false]: none, if there are addresses.
//	               Several hosts, as a list or with commas or blanks between them, are all asked (the reference takes one)
//	topics         list of texts, or a text with commas or blanks between them; an empty list: nothing; missing: everything,
//	               or with addresses and no nameserver every subject with a leading slash
//	services       list of texts, or a text with commas between them (names hold no blanks, but aliases may);
//	               missing or "": all there are; none or an empty list: none
//	addr_listener  true: publishers that come later are found too; default false
//	timeout        seconds after which a fruitless lookup is worth a warning, default 10 (it goes on)
//	translate      true: the sender's host is replaced by that of the publisher's address
//	message_filter func(*message.Message) bool
//
// With nameserver false and addresses, services are not looked at. With nameserver false and no addresses, localhost is asked: as
// in the reference. And these, which the reference does not have:
//
//	backend          "unsecure_zmq" or "secure_zmq", of publishers that do not tell
//	max_queued       bytes that may wait for the program
//	receive_timeout  seconds until receiving returns [ErrTimeout]
//	duplicates       drops messages that have come already; by what they are known again: "message", "content", "uid", "uri"
//	                 or "fields" ([dedup.Config]); false or missing: they pass
//	duplicates_fields  list of paths into the data, for "fields"
//	duplicates_window  seconds for which a message is known again, default 600
//	silence_factor   publishers that are silent for longer than the interval of their heartbeats times this are reconnected; default
//	                 0, never
//
// Numbers and booleans may be text.
func ParseSubscriberOptions(settings map[string]any) (SubscriberOptions, error) {
	v := &values{m: settings}
	o := SubscriberOptions{
		Addresses:     v.addresses(),
		Topics:        v.list("topics", atCommaOrBlank),
		LookupOnly:    !v.boolean("addr_listener", false),
		LookupTimeout: v.positive("timeout"),
		Timeout:       v.positive("receive_timeout"),
		Translate:     v.boolean("translate", false),
		Filter:        v.filter(),
		Backend:       v.backend("backend"),
		MaxQueued:     int64(v.integer("max_queued", 0)),
		Duplicates:    v.duplicates(),
		SilenceFactor: v.silenceFactor(),
	}
	services := v.services()
	hosts, off := v.hosts("nameserver")
	o.Nameservers = hosts
	if !off || len(o.Addresses) == 0 {
		o.Services = services
		if o.Topics == nil {
			o.Topics = []string{everySubject} // also without services: it is the default of another class in the reference
		}
	}
	if len(o.Services) == 0 {
		o.LookupOnly = false
	}
	if err := v.err(subscriberKeys); err != nil {
		return SubscriberOptions{}, fmt.Errorf("subscriber settings: %w", err)
	}
	return o, nil
}

// services reads services: nothing said means all, none means none.
func (v *values) services() []string {
	if _, ok := v.m["services"]; !ok {
		return []string{AllServices}
	}
	return v.list("services", atComma)
}

// duplicates reads what messages are known again by, and for how long.
func (v *values) duplicates() *dedup.Config {
	const key, fieldsKey, windowKey = "duplicates", "duplicates_fields", "duplicates_window"
	if val := v.m[key]; isNone(val) || isFalse(val) {
		for _, other := range []string{fieldsKey, windowKey} {
			if !isNone(v.m[other]) {
				v.fail(other, "says nothing without %s", key)
			}
		}
		return nil
	}
	c := dedup.Config{By: dedup.By(v.text(key, "")), Fields: v.list(fieldsKey, atCommaOrBlank), Window: v.positive(windowKey)}
	if err := c.Validate(); err != nil {
		v.fail(key, "%w", err)
	}
	return &c
}

func (v *values) silenceFactor() float64 {
	const key = "silence_factor"
	val := v.m[key]
	if isNone(val) {
		return 0
	}
	factor, ok := toNumber(val)
	if !ok {
		v.fail(key, "want a number, got %s", describe(val))
	} else if err := checkSilenceFactor(factor); err != nil {
		v.fail(key, "%w", err)
	}
	return factor
}

func (v *values) filter() func(*message.Message) bool {
	switch f := v.m["message_filter"].(type) {
	case nil:
		return nil
	case func(*message.Message) bool:
		return f
	default:
		v.fail("message_filter", "want a func(*message.Message) bool, got %s", describe(f))
		return nil
	}
}

func (v *values) addresses() []Address {
	const key = "addresses"
	var list []any
	switch val := v.m[key].(type) {
	case map[string]any:
		list = []any{val}
	case []any:
		list = val
	case []map[string]any: // a TOML array of tables
		for _, object := range val {
			list = append(list, object)
		}
	default:
		if isNone(val) {
			return nil
		}
		for _, uri := range v.list(key, atCommaOrBlank) {
			list = append(list, uri)
		}
	}
	addrs := make([]Address, len(list))
	for i, elem := range list {
		var err error
		if addrs[i], err = parseAddress(elem); err != nil {
			v.fail(key, "element %d: %w", i+1, err)
		}
	}
	return addrs
}

// parseAddress reads a URI or an object with one. An object may be the announcement of a publisher; what else stands in
// it does not matter here.
func parseAddress(val any) (Address, error) {
	object, ok := val.(map[string]any)
	if !ok {
		object = map[string]any{"URI": val}
	}
	v := &values{m: object}
	addr := Address{
		URI:              v.text("URI", ""),
		Backend:          transport.Backend(v.text("backend", "")),
		SupportedVersion: message.Version(v.text("supported_message_version", "")),
	}
	if len(v.errs) > 0 {
		return addr, v.errs[0]
	}
	_, err := addr.peer(transport.Plain)
	return addr, err
}
