package hraft

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"github.com/capsize-go/capsize/cluster"
)

// Port is where [Listen] has raft listen.
const Port = ":9000"

// Listen returns raft's seam to the network: connections of the host, on [Port].
func Listen(h *cluster.Host) (raft.StreamLayer, error) {
	l, err := h.Listen("tcp", Port)
	if err != nil {
		return nil, fmt.Errorf("listen for raft: %w", err)
	}
	return layer{l, h}, nil
}

// Everyone returns the configuration that all nodes begin with: each of them votes.
func Everyone(h *cluster.Host) raft.Configuration {
	var c raft.Configuration
	for _, name := range h.Nodes() {
		c.Servers = append(c.Servers, raft.Server{ID: raft.ServerID(name), Address: raft.ServerAddress(name + Port)})
	}
	return c
}

type layer struct {
	net.Listener
	h *cluster.Host
}

// Addr returns the name that others know the node by.
func (l layer) Addr() net.Addr { return address(l.h.Name() + Port) }

// Dial connects to another node.
func (l layer) Dial(to raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := l.h.WithTimeout(context.Background(), timeout)
	defer cancel()
	return l.h.DialContext(ctx, "tcp", string(to))
}

// An address is a node's name with a port.
type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

// Logger returns a logger for raft that writes to the host's log.
func Logger(h *cluster.Host) hclog.Logger {
	l := hclog.NewInterceptLogger(&hclog.LoggerOptions{Name: "raft", Level: hclog.Off, Output: io.Discard})
	l.RegisterSink(hostLog{h.Log()})
	return l
}

// A hostLog passes lines on to a host's log.
type hostLog struct{ log *slog.Logger }

// Accept takes a line.
func (l hostLog) Accept(name string, level hclog.Level, msg string, args ...any) {
	to := slog.LevelDebug
	switch {
	case level >= hclog.Error:
		to = slog.LevelError
	case level >= hclog.Warn:
		to = slog.LevelWarn
	case level >= hclog.Info:
		to = slog.LevelInfo
	}
	l.log.Log(context.Background(), to, name+": "+msg, args...)
}
