package httpd_test

import (
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/httpd"
)

// TestCrowd: whoever holds very many connections with half a question on each does not keep others waiting.
func TestCrowd(t *testing.T) {
	t.Parallel()
	s, err := httpd.Listen(httpd.Config{Listen: "127.0.0.1:0"}, hello(), httpd.Options{})
	serve(t, s, err)
	for range 300 {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte("GET /hello HTTP/1.1\r\nHost: ")); err != nil {
			continue // it is out already
		}
	}
	begin := time.Now()
	if status, _, _ := talk(t, s, "GET /hello HTTP/1.1\nHost: localhost\n\n"); status != http.StatusOK {
		t.Errorf("answered with %d", status)
	}
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("the answer took %v", took)
	}
}
