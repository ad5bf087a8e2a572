package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "soak: %v\n", err)
		os.Exit(1)
	}
}

// run is the soak, or one of its parties.
func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	bin := flags.String("bin", "", "folder of nameserverd and ptrelay")
	length := flags.Duration("time", time.Hour, "length of the load")
	logs := flags.String("logs", "", "folder for what the daemons write; nowhere")
	role := flags.String("role", "", "be a party: publisher, subscriber or clients")
	var p party
	flags.IntVar(&p.slow, "slow", 1, "times between messages, lookups and newcomers are so many times as long")
	flags.StringVar(&p.keys, "keys", "", "folder with keys")
	flags.BoolVar(&p.secure, "secure", false, "speak CURVE")
	flags.StringVar(&p.name, "name", "", "name of the publisher")
	flags.StringVar(&p.service, "service", "", "service")
	flags.BoolVar(&p.multicast, "multicast", false, "announce to the group, not to the nameserver")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if p.slow < 1 {
		return fmt.Errorf("slow %d: want 1 or more", p.slow)
	}
	switch *role {
	case "":
		return soak(ctx, where{bin: *bin, logs: *logs}, *length, p.slow, out)
	case "publisher":
		return p.run(ctx, in, out, publish)
	case "subscriber":
		return p.run(ctx, in, out, subscribe)
	case "clients":
		return p.run(ctx, in, out, ask)
	}
	return fmt.Errorf("role %q: want publisher, subscriber or clients", *role)
}
