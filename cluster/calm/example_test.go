package calm_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/calm"
)

// A server and a client of net/http over calm connections.
func Example() {
	system := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
		l, err := h.Listen("tcp", ":80")
		if err != nil {
			return err
		}
		client := http.Client{Transport: &http.Transport{DialContext: calm.Dialer(h)}}
		defer client.CloseIdleConnections()
		server := &http.Server{Handler: http.NotFoundHandler()}
		defer context.AfterFunc(ctx, func() { _ = server.Close() })()
		return server.Serve(calm.Listener(h, l))
	})
	fmt.Println(system != nil)
	// Output: true
}
