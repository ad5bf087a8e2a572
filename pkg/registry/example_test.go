package registry_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

func Example() {
	table := registry.New(registry.Config{MaxAge: 10 * time.Minute, Grace: 30 * time.Second})
	now := time.Date(2024, 5, 17, 9, 41, 12, 0, time.UTC)

	outcome, _, err := table.Announce(registry.Publisher{
		URI:      "tcp://10.0.0.1:9000",
		Name:     "address",
		Services: registry.Services{Names: []string{"viirs"}},
		Data:     []byte(`{"URI": "tcp://10.0.0.1:9000", "service": ["viirs"], "status": true, "name": "address"`),
		Source:   registry.Source{Addr: netip.MustParseAddr("10.0.0.1")},
	}, now)
	fmt.Println(outcome == registry.Added, err)

	entries, found := table.AppendMatches(nil, registry.Query{Service: "viirs"})
	fmt.Printf("%d: %s\n", found, entries)

	for _, gone := range table.Expire(now.Add(11 * time.Minute)) {
		fmt.Println("gone:", gone.URI)
	}
	// Output:
	// true <nil>
	// 1: {"URI": "tcp://10.0.0.1:9000", "service": ["viirs"], "status": true, "name": "address", "receive_time": "2024-05-17T09:41:12+00:00"}
	// gone: tcp://10.0.0.1:9000
}
