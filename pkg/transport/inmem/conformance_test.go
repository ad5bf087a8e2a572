package inmem_test

import (
	"testing"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
	"github.com/pytroll/posttroll-go/pkg/transport/transporttest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	transporttest.Run(t, func(*testing.T) transport.Transport { return inmem.NewNetwork().Transport(addrA) })
}
