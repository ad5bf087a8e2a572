package relay

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

// A secure sink whose key is to change has two sockets on each port, and the names are shared out by the announcement that is longer.
func TestFurtherPortsWithTheNextKey(t *testing.T) {
	t.Parallel()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"server", "next"} {
		cert, err := curve.Generate()
		must(err)
		must(cert.WritePair(dir, name, curve.WriteOptions{}))
	}
	network, host := inmem.NewNetwork(), netip.MustParseAddr("10.0.0.2")
	r, err := New(DefaultConfig(), Options{Transport: network.Transport(host), Group: network.Group(host)})
	must(err)
	sink, err := r.openSink(SinkConfig{
		Name: "gathered", Port: 9100, NextPort: 9200, MaxPorts: 2, AnnounceServices: true, Advertise: host.String(), Backend: transport.Secure,
		ServerSecretKeyFile: curve.SecretPath(dir, "server"), NextServerSecretKeyFile: curve.SecretPath(dir, "next"), ClientsPublicKeysDirectory: dir,
	}, "x.1")
	must(err)
	carrier := sink.(Carrier)
	carrier.Carry([]Origin{origin(1, strings.Repeat("a", 300)), origin(2, strings.Repeat("b", 300))}, nil)
	if names, leftOut, ports := carrier.Carrying(); names != 2 || leftOut != 0 || ports != 2 {
		t.Errorf("%d names, %d left out, on %d ports", names, leftOut, ports)
	}
	var want []string
	for _, port := range []int{9100, 9200, 9101, 9201} {
		want = append(want, fmt.Sprintf("tcp://%s:%d", host, port))
	}
	if diff := cmp.Diff(want, sink.URIs()); diff != "" {
		t.Errorf("announced (-want +got):\n%s", diff)
	}
	must(sink.Close())
	must(r.Close())
	must(network.Close())
}
