package servers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/capsize-go/capsize/cluster"
)

// A Server is a program that was not written for Capsize, and how it is asked.
type Server struct {
	Module string // of the program

	// Boot is its main function on a node. It may return while the server goes on.
	Boot func(h *cluster.Host) error

	// Ask is code of a client: its i-th request, and what was answered.
	Ask func(ctx context.Context, i int) (string, error)

	// Fails is what the finding says if the server can't be booted again in the same process; empty if it can.
	Fails string
}

// All are the servers.
func All() []Server {
	return []Server{
		{Module: "github.com/alicebob/miniredis/v2", Boot: bootMiniredis, Ask: askRedis("n1:6379")},
		{Module: "github.com/tidwall/redcon", Boot: bootRedcon, Ask: askRedis("n1:6380")},
		{Module: "github.com/mochi-mqtt/server/v2", Boot: bootMQTT, Ask: askMQTT},
		{Module: "github.com/hashicorp/memberlist", Boot: bootMembers, Ask: askMembers},
		{Module: "github.com/hashicorp/raft", Boot: bootRaft, Ask: askRaft},
		{Module: "github.com/emersion/go-smtp", Boot: bootSMTP, Ask: askSMTP},
		{Module: "github.com/gliderlabs/ssh", Boot: bootSSH, Ask: askSSH},
		{Module: "github.com/miekg/dns", Boot: bootDNS, Ask: askDNS},
		{Module: "github.com/valyala/fasthttp", Boot: bootFastHTTP, Ask: askFastHTTP},
		{Module: "github.com/gorilla/websocket", Boot: bootWebsocket, Ask: askWebsocket},
		{Module: "github.com/golang/groupcache", Boot: bootGroupcache, Ask: askGroupcache, Fails: "NewHTTPPool must be called only once"},
	}
}

// only has a server on n1, and none on the other nodes.
func only(h *cluster.Host, boot func() error) error {
	if h.Name() != "n1" {
		return nil
	}
	return boot()
}

// httpGet returns the body of an answer of status 200.
func httpGet(ctx context.Context, url string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(b)))
	}
	return string(b), nil
}

// dial connects, with the deadline of the context.
func dial(ctx context.Context, addr string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if d, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(d)
	}
	return c, nil
}

// askRedis sets a key of a server with the protocol of Redis, and returns the answer.
func askRedis(addr string) func(ctx context.Context, i int) (string, error) {
	return func(ctx context.Context, i int) (string, error) {
		c, err := dial(ctx, addr)
		if err != nil {
			return "", err
		}
		defer c.Close()
		value := fmt.Sprint(i)
		if _, err := fmt.Fprintf(c, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%s\r\n", len(value), value); err != nil {
			return "", err
		}
		line, err := bufio.NewReader(c).ReadString('\n')
		return strings.TrimSpace(line), err
	}
}
