package main

import (
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// What flags can't be is wrong usage, before anything is opened.

const versionUsage = "version of messages that name none: v1.01 or v1.2 (default: the setting message_version, else what the data needs)"

func checkVersion(version string) error {
	if _, err := (message.Encoder{Version: message.Version(version)}).New("/x", "x", nil); err != nil {
		return daemon.Usage("--message-version %q: want v1.01 or v1.2", version)
	}
	return nil
}

func checkNameservers(hosts []string) error {
	for _, host := range hosts {
		if _, err := discovery.NameserverAddress(host, 1); err != nil {
			return daemon.Usage("--nameserver: %w", err)
		}
	}
	return nil
}

func checkAddresses(uris []string) error {
	for _, uri := range uris {
		if _, err := transport.ConnectEndpoint(uri); err != nil {
			return daemon.Usage("--address: %w", err)
		}
	}
	return nil
}

// checkBind checks where a publisher is to be bound and what it is to be called.
func checkBind(o *pubsub.PublisherOptions) error {
	if o.Port < 0 || o.Port > 65535 {
		return daemon.Usage("--port %d: want 0 to 65535", o.Port)
	}
	if o.Address != "" {
		if o.Port != 0 {
			return daemon.Usage("--address and --port exclude each other")
		}
		if _, err := transport.ParseEndpoint(o.Address); err != nil {
			return daemon.Usage("--address: %w", err)
		}
	}
	if _, err := message.New("/address/"+o.Name, "info", nil); err != nil {
		return daemon.Usage("--name %q: white space and the like can't stand in a subject", o.Name)
	}
	return nil
}
