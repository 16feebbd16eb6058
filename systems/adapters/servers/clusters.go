package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"

	"github.com/capsize-go/capsize/cluster"
)

// bootMembers has a member on each node, and tells by HTTP whom it takes for alive.
func bootMembers(h *cluster.Host) error {
	c := memberlist.DefaultLANConfig()
	c.Name, c.BindAddr, c.LogOutput = h.Name(), h.IP().String(), os.Stderr
	m, err := memberlist.Create(c)
	if err != nil {
		return err
	}
	go func() {
		for m.NumMembers() == 1 {
			_, _ = m.Join(h.Nodes())
			time.Sleep(time.Second)
		}
	}()
	return http.ListenAndServe(":80", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var names []string
		for _, n := range m.Members() {
			names = append(names, n.Name)
		}
		slices.Sort(names)
		fmt.Fprint(w, strings.Join(names, " "))
	}))
}

func askMembers(ctx context.Context, i int) (string, error) {
	return httpGet(ctx, fmt.Sprintf("http://n%d/", i%2+1))
}

// A register is the state that raft replicates.
type register struct{ atomic.Int64 }

// Apply sets the register.
func (r *register) Apply(l *raft.Log) any {
	v, err := strconv.ParseInt(string(l.Data), 10, 64)
	if err != nil {
		return err
	}
	return r.Swap(v)
}

// Snapshot returns the state.
func (r *register) Snapshot() (raft.FSMSnapshot, error) { return snapshot(r.Load()), nil }

// Restore sets the state.
func (r *register) Restore(from io.ReadCloser) error {
	var v int64
	_, err := fmt.Fscan(from, &v)
	r.Store(v)
	return errors.Join(err, from.Close())
}

type snapshot int64

// Persist writes the state.
func (s snapshot) Persist(to raft.SnapshotSink) error {
	_, err := fmt.Fprint(to, int64(s))
	return errors.Join(err, to.Close())
}

// Release does nothing.
func (snapshot) Release() {}

// bootRaft has a member on each node, with its log in a bbolt database, and sets the register by HTTP.
func bootRaft(h *cluster.Host) error {
	dir, err := h.Dir()
	if err != nil {
		return err
	}
	store, err := raftboltdb.NewBoltStore(filepath.Join(dir, "raft.db"))
	if err != nil {
		return err
	}
	snaps, err := raft.NewFileSnapshotStore(dir, 2, os.Stderr)
	if err != nil {
		return err
	}
	tr, err := raft.NewTCPTransport(h.IP().String()+":7000", nil, 3, time.Second, os.Stderr)
	if err != nil {
		return err
	}
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(h.Name())
	var all raft.Configuration
	for _, n := range h.Nodes() {
		all.Servers = append(all.Servers, raft.Server{ID: raft.ServerID(n), Address: raft.ServerAddress(n + ":7000")})
	}
	if err := raft.BootstrapCluster(c, store, store, snaps, tr, all); err != nil && !errors.Is(err, raft.ErrCantBootstrap) {
		return err
	}
	r, err := raft.NewRaft(c, &register{}, store, store, snaps, tr)
	if err != nil {
		return err
	}
	return http.ListenAndServe(":80", http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		f := r.Apply([]byte(req.FormValue("value")), time.Second)
		if err := f.Error(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, f.Response())
	}))
}

// askRaft asks one node after the other for the leader.
func askRaft(ctx context.Context, i int) (answer string, err error) {
	for k := range 3 {
		try, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		answer, err = httpGet(try, fmt.Sprintf("http://n%d/?value=%d", k+1, i))
		cancel()
		if err == nil {
			return answer, nil
		}
	}
	return "", err
}
