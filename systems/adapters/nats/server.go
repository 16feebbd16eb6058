package nats

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/capsize-go/capsize/cluster"
)

// The ports of a server.
const (
	ClientPort = 4222
	RoutePort  = 6222
)

// Limits of a server's store. Without them it asks the machine, and an answer would differ from one machine to the next.
const (
	maxMemory = 64 << 20
	maxStore  = 256 << 20
)

// A JetStream is a cluster of servers whose streams are logs.
type JetStream struct {
	Bugs Bug
}

// System returns the servers, one a node.
func (s JetStream) System() cluster.System { return cluster.Program(s.boot) }

// boot starts a server, as a process that embeds one does.
func (s JetStream) boot(h *cluster.Host) error {
	o, err := s.options(h)
	if err != nil {
		return err
	}
	srv, err := server.NewServer(o)
	if err != nil {
		return fmt.Errorf("new server: %w", err)
	}
	srv.SetLoggerV2(logger{h.Log()}, false, false, false)
	srv.Start()
	go showRole(h, srv)
	return nil
}

// options are the settings of a node's server.
func (s JetStream) options(h *cluster.Host) (*server.Options, error) {
	dir, err := h.Dir()
	if err != nil {
		return nil, err
	}
	ip := h.IP().String()
	o := &server.Options{
		ServerName: h.Name(), Host: ip, Port: ClientPort, NoSigs: true,
		JetStream: true, StoreDir: filepath.Join(dir, "store"), JetStreamMaxMemory: maxMemory, JetStreamMaxStore: maxStore,
		SyncAlways: s.Bugs&LazySync == 0,
		Cluster:    server.ClusterOpts{Name: "capsize", Host: ip, Port: RoutePort},
	}
	for _, name := range h.Nodes() {
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: net.JoinHostPort(name, strconv.Itoa(RoutePort))})
	}
	return o, nil
}

// showRole tells the nemesis which node leads the first log, so that its faults can take the leader.
func showRole(h *cluster.Host, srv *server.Server) {
	var was string
	for {
		role := "follower"
		if srv.JetStreamIsStreamLeader(server.DEFAULT_GLOBAL_ACCOUNT, log(0)) {
			role = "leader"
		}
		if role != was {
			h.SetRole(role)
			was = role
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// A logger writes what a server says to the host's log.
type logger struct{ log *slog.Logger }

func (l logger) Noticef(format string, a ...any) { l.log.Info(fmt.Sprintf(format, a...)) }
func (l logger) Warnf(format string, a ...any)   { l.log.Warn(fmt.Sprintf(format, a...)) }
func (l logger) Errorf(format string, a ...any)  { l.log.Error(fmt.Sprintf(format, a...)) }
func (logger) Debugf(string, ...any)             {}
func (logger) Tracef(string, ...any)             {}

// Fatalf ends the process, as the logger of nats-server's command does.
func (l logger) Fatalf(format string, a ...any) {
	l.Errorf(format, a...)
	os.Exit(1)
}
