package httpd_test

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/pytroll/posttroll-go/pkg/httpd"
)

func Example() {
	mux := httpd.NewMux()
	mux.HandleFunc("GET /v1/sum", func(w http.ResponseWriter, _ *http.Request) { httpd.WriteJSON(w, map[string]int{"sum": 3}) })
	server, err := httpd.Listen(httpd.Config{Listen: "127.0.0.1:0"}, mux, httpd.Options{})
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- server.Serve(ctx) }()

	for _, path := range []string{"/v1/sum", "/v2"} {
		res, err := http.Get("http://" + server.Addr().String() + path)
		if err != nil {
			panic(err)
		}
		body, err := io.ReadAll(res.Body)
		fmt.Print(res.StatusCode, " ", string(body))
		if err != nil || res.Body.Close() != nil {
			panic(err)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	fmt.Println(<-ended)
	// Output:
	// 200 {"sum":3}
	// 404 {"error":"there is no GET /v2"}
	// <nil>
}
