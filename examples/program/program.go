// Package program is how each of the examples begins and ends. Copy it into a program of your own, and change it as you like.
package program

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/logging"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// Main runs a program until it returns or is interrupted, and ends the process.
func Main(run func(context.Context, *pubsub.Node) error) {
	ctx := daemon.Signals(syscall.SIGHUP)
	err := withNode(ctx, run)
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// withNode reads the settings of this host (posttroll.toml, POSTTROLL_* variables), and logs to standard error.
func withNode(ctx context.Context, run func(context.Context, *pubsub.Node) error) (err error) {
	loaded, report, err := config.ForProgram()
	for _, warning := range report.Warnings {
		fmt.Fprintln(os.Stderr, "warning:", warning)
	}
	if err != nil {
		return err
	}
	settings, err := pubsub.ParseSettings(loaded.Map())
	if err != nil {
		return err
	}
	keys, err := pubsub.ParseSecurity(loaded.Map())
	if err != nil {
		return err
	}
	log, err := logging.Open(logging.Config{Environ: os.Environ()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	return withNetwork(settings, keys, log.Logger, func(node *pubsub.Node) error { return run(ctx, node) })
}

// withNetwork opens the keys and the network, and closes them afterwards. All three are given the logger: each tells something that the others don't know,
// the network for one who is let in and who is not.
func withNetwork(settings pubsub.Settings, keys security.Config, log *zap.Logger, run func(*pubsub.Node) error) (err error) {
	sec, err := security.Open(keys, security.Options{Logger: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sec.Close()) }() // after the network
	network, err := zmq.New(zmq.Options{Logger: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, network.Close()) }()
	node, err := pubsub.New(pubsub.Options{Transport: network, Settings: settings, Security: sec, Logger: log})
	if err != nil {
		return err
	}
	return run(node)
}
