package discovery

import (
	"testing"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func decode(t testing.TB, s string) *message.Message {
	t.Helper()
	m, err := message.Decode([]byte(s))
	must(t, err)
	return m
}

func address(t testing.TB, s string) transport.Address {
	t.Helper()
	ep, err := transport.ParseEndpoint(s)
	must(t, err)
	return transport.Address{Endpoint: ep}
}
