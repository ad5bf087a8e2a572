package security_test

import (
	"fmt"
	"log"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// pair makes a key pair in a folder, as ptkeys does.
func pair(directory, name string) curve.PublicKey {
	cert, err := curve.Generate()
	if err != nil {
		log.Fatal(err)
	}
	if err := cert.WritePair(directory, name, curve.WriteOptions{}); err != nil {
		log.Fatal(err)
	}
	return cert.Public
}

// A server admits the clients whose keys lie in a folder, from hosts of its network.
func Example() {
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	clients := filepath.Join(dir, "clients")
	if err := os.Mkdir(clients, 0o755); err != nil {
		log.Fatal(err)
	}
	pair(dir, "server")
	alice, mallory := pair(clients, "alice"), pair(dir, "mallory")

	sec, err := security.Open(security.Config{
		ServerSecretKeyFile:        filepath.Join(dir, "server.key_secret"),
		ClientsPublicKeysDirectory: clients,
		AuthorizedClientAddresses:  []string{"10.1.0.0/16", "localhost"},
	}, security.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer sec.Close()

	gate := sec.Server(transport.Secure).Gate // for transport.PublisherConfig.Security
	near, far := netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("192.0.2.1")
	for _, c := range []transport.Caller{{Addr: near, Key: alice}, {Addr: near, Key: mallory}, {Addr: far, Key: alice}} {
		v := gate.Judge(c)
		fmt.Printf("%t %q %q\n", v.Admitted, v.Identity, v.Reason)
	}
	// Output:
	// true "alice" ""
	// false "" "key_not_admitted"
	// false "" "address_not_admitted"
}

// Most servers share a key; one service has its own, and while it changes that it has two.
func ExampleSecurity_Address() {
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	names := map[curve.PublicKey]string{pair(dir, "server"): "server", pair(dir, "viirs"): "viirs", pair(dir, "viirs-2"): "viirs-2"}

	sec, err := security.Open(security.Config{
		ServerPublicKeyFile: filepath.Join(dir, "server.key"),
		ServerPublicKeys:    []string{"viirs=" + filepath.Join(dir, "viirs.key"), "viirs=" + filepath.Join(dir, "viirs-2.key")},
	}, security.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer sec.Close()

	endpoint, err := transport.ConnectEndpoint("tcp://10.1.2.3:9000")
	if err != nil {
		log.Fatal(err)
	}
	for _, service := range []string{"avhrr", "viirs"} {
		address := sec.Address(transport.Address{Endpoint: endpoint, Backend: transport.Secure}, service)
		for key := range address.ServerKeys.All() {
			fmt.Println(service, names[key])
		}
	}
	// Output:
	// avhrr server
	// viirs viirs
	// viirs viirs-2
}
