package etcd

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.uber.org/zap"

	"github.com/capsize-go/capsize/cluster"
)

const (
	peerPort   = "2380"
	clientPort = "2379"
)

// A Store is an etcd with a member on each node. The zero Store has etcd's defaults and is linearizable.
type Store struct {
	Bugs Bug

	// Configure changes the configuration of each member before it starts. Optional.
	Configure func(*embed.Config)
}

var _ cluster.Unmodified = Store{}

// Unmodified marks a system of programs that know nothing of the simulation.
func (Store) Unmodified() {}

// Run runs one member until its host crashes.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	return cluster.Program(s.boot).Run(ctx, h)
}

// segment is how much of the disk a member allocates for each part of its log: etcd's 64 MB would be most of the
// work of a short run, which writes less than one.
const segment = 4 << 20

func init() { wal.SegmentSizeBytes = segment }

// boot starts a member, and returns when it has ended by itself.
func (s Store) boot(h *cluster.Host) error {
	c, err := s.config(h)
	if err != nil {
		return err
	}
	e, err := embed.StartEtcd(c)
	if err != nil {
		return fmt.Errorf("start etcd: %w", err)
	}
	return reportRole(h, e)
}

// config returns the configuration of a member: etcd's defaults, with one URL each for peers and clients, and the log to the host's.
func (s Store) config(h *cluster.Host) (*embed.Config, error) {
	dir, err := h.Dir()
	if err != nil {
		return nil, err
	}
	c := embed.NewConfig()
	c.Name, c.Dir = h.Name(), dir+"/etcd"
	ip := h.IP().String()
	c.ListenPeerUrls, c.AdvertisePeerUrls = urls(ip, peerPort), urls(h.Name(), peerPort)
	c.ListenClientUrls, c.AdvertiseClientUrls = urls(ip, clientPort), urls(h.Name(), clientPort)
	var all []string
	for _, n := range h.Nodes() {
		all = append(all, n+"=http://"+n+":"+peerPort)
	}
	c.InitialCluster = strings.Join(all, ",")
	c.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.New(newLog(h.Log())))
	c.UnsafeNoFsync = s.Bugs&NoFsync != 0
	if s.Configure != nil {
		s.Configure(c)
	}
	return c, nil
}

func urls(host, port string) []url.URL { return []url.URL{{Scheme: "http", Host: host + ":" + port}} }

// reportRole sets the role of the host, so that faults can be aimed at the leader, until the member ends. It asks again and
// again: etcd tells of a new leader, and not of a member that leads no more.
func reportRole(h *cluster.Host, e *embed.Etcd) error {
	h.SetRole("follower")
	role := "follower"
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case err := <-e.Err():
			return fmt.Errorf("serve: %w", err)
		case <-e.Server.StopNotify():
			return fmt.Errorf("the member %s has stopped", h.Name())
		}
		now := "follower"
		if e.Server.Leader() == e.Server.MemberID() {
			now = "leader"
		}
		if now != role {
			role = now
			h.SetTerm(e.Server.Term())
			h.SetRole(role)
		}
	}
}
