// Secure publishes the service "a_service" encrypted, to clients whose keys it knows, and shows who they are. It needs the keys of
// doc/security.md, in the settings of this host or by variables:
//
//	ptkeys server && ptkeys alice && mkdir clients && ptkeys authorize alice.key -d clients
//	export POSTTROLL_SERVER_SECRET_KEY_FILE=$PWD/server.key_secret POSTTROLL_CLIENTS_PUBLIC_KEYS_DIRECTORY=$PWD/clients
//	go run ./examples/secure
//
// It prints its address. Any subscriber hears it that has the client's side, ours or in Python:
//
//	export POSTTROLL_BACKEND=secure_zmq POSTTROLL_CLIENT_SECRET_KEY_FILE=$PWD/alice.key_secret POSTTROLL_SERVER_PUBLIC_KEY_FILE=$PWD/server.key
//	ptctl subscribe --address tcp://…
//
// By its name it is found through a nameserver that has keys, too.
package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pytroll/posttroll-go/examples/program"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func main() { program.Main(publish) }

func publish(ctx context.Context, node *pubsub.Node) (err error) {
	settings := node.Settings()
	settings.Backend = transport.Secure // whatever the setting backend says: never in plain by mistake
	if node, err = node.With(settings); err != nil {
		return err
	}
	pub, err := node.Publisher(pubsub.PublisherOptions{Name: "a_service"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pub.Close()) }()

	fmt.Println("publishing on", pub.URI())
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for counter := 1; ; counter++ {
		if err := pub.Publish(ctx, "/counter", "info", strconv.Itoa(counter)); err != nil {
			return err
		}
		for _, client := range pub.Clients() {
			fmt.Printf("%d went to %s at %s\n", counter, client.Identity, client.Addr)
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return nil
		}
	}
}
