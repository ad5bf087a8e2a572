package curve_test

import (
	"fmt"
	"log"
	"os"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// A pair is made for alice, and the server admits her.
func Example() {
	keys, err := os.MkdirTemp("", "keys")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(keys)
	clients, err := os.MkdirTemp("", "clients")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(clients)

	cert, err := curve.Generate()
	if err != nil {
		log.Fatal(err)
	}
	if err := cert.WritePair(keys, "alice", curve.WriteOptions{}); err != nil {
		log.Fatal(err)
	}
	if err := cert.WritePublic(clients, "alice", curve.WriteOptions{}); err != nil {
		log.Fatal(err)
	}

	pair, err := curve.ReadPair(curve.SecretPath(keys, "alice"), curve.ReadOptions{})
	if err != nil {
		log.Fatal(err)
	}
	admitted, err := curve.ReadClients(clients)
	if err != nil {
		log.Fatal(err)
	}
	name, ok := admitted.Identity(pair.Public)
	fmt.Println(name, ok, pair.Secret)
	// Output: alice true [secret key]
}

func ExamplePublicKey_Fingerprint() {
	key, err := curve.ParsePublicKey("Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key.Fingerprint())
	// Output: SHA256:67OvTdmc7/Nun5C12z5FDkr9NWhEMfqfDsnuWvXD6MM
}
