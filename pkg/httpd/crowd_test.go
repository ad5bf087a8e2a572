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

// TestCrowdThatDoesNotRead: whoever asks on very many connections and reads no answer does not keep others out.
func TestCrowdThatDoesNotRead(t *testing.T) {
	t.Parallel()
	const connections = 100 // more than are taken at once
	stuck := make(chan bool, connections)
	mux := hello()
	mux.HandleFunc("/stuck", func(_ http.ResponseWriter, r *http.Request) {
		stuck <- true
		<-r.Context().Done() // as one that writes to a peer that does not read, until the connection ends
	})
	s, err := httpd.Listen(httpd.Config{Listen: "127.0.0.1:0"}, mux, httpd.Options{})
	serve(t, s, err)
	for range connections {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte("GET /stuck HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		<-stuck
	}
	if status, _, _ := talk(t, s, "GET /hello HTTP/1.1\nHost: localhost\n\n"); status != http.StatusOK {
		t.Errorf("answered with %d", status)
	}
}
