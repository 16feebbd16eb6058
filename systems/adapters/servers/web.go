package servers

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"
	"github.com/valyala/fasthttp"

	"github.com/capsize-go/capsize/cluster"
)

func bootFastHTTP(h *cluster.Host) error {
	return only(h, func() error {
		return fasthttp.ListenAndServe(":8080", func(c *fasthttp.RequestCtx) { fmt.Fprintf(c, "%s of %s", c.Path(), c.RemoteIP()) })
	})
}

func askFastHTTP(ctx context.Context, i int) (string, error) {
	return httpGet(ctx, fmt.Sprintf("http://n1:8080/%d", i))
}

func bootWebsocket(h *cluster.Host) error {
	return only(h, func() error {
		var up websocket.Upgrader
		return http.ListenAndServe(":8081", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := up.Upgrade(w, r, nil)
			if err != nil {
				return // it has answered
			}
			defer c.Close()
			for {
				kind, b, err := c.ReadMessage()
				if err != nil {
					return
				}
				if err := c.WriteMessage(kind, []byte(strings.ToUpper(string(b)))); err != nil {
					return
				}
			}
		}))
	})
}

func askWebsocket(ctx context.Context, i int) (string, error) {
	c, _, err := websocket.DefaultDialer.DialContext(ctx, "ws://n1:8081/", nil)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if d, ok := ctx.Deadline(); ok {
		_ = c.SetReadDeadline(d)
	}
	if err := c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "message %d", i)); err != nil {
		return "", err
	}
	_, b, err := c.ReadMessage()
	return string(b), err
}
