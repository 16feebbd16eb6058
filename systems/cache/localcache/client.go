package localcache

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

// A Client is one of the users. It talks to one server.
type Client struct {
	h      *cluster.Host
	server string
}

// Open returns a client of the node that the host is bound to; of the first server, if that node is the database.
func (s Store) Open(_ context.Context, h *cluster.Host) (*Client, error) {
	nodes := h.Nodes()
	if len(nodes) < 2 {
		return nil, fmt.Errorf("localcache: %d nodes; there must be a database and a server", len(nodes))
	}
	c := &Client{h: h, server: h.Node()}
	if c.server == database {
		c.server = nodes[1]
	}
	return c, nil
}

// Do reads or writes, or asks the database for its loads.
func (c *Client) Do(ctx context.Context, op model.CacheOp) (model.Copy, error) {
	switch op.F {
	case "read":
		return c.do(ctx, readRow{op.Key})
	case "write":
		return c.do(ctx, writeRow{op.Key})
	case "loads":
		at, err := cluster.Ask[[]time.Duration](ctx, c.h, database, loadsOf{op.Key})
		return model.Copy{LoadedAt: at}, err
	}
	return model.Copy{}, fmt.Errorf("localcache: no client can %s", op.F)
}

func (c *Client) do(ctx context.Context, request any) (model.Copy, error) {
	a, err := cluster.Ask[answer](ctx, c.h, c.server, request)
	if err == nil {
		err = a.err
	}
	return model.Copy{Version: a.row.Version, Made: a.row.Made, Coalesced: a.joined, Loads: a.loads}, err
}

// Close has nothing to close.
func (c *Client) Close() error { return nil }
