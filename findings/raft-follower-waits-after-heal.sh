#!/usr/bin/env bash
# github.com/hashicorp/raft v1.8.0
#
# What one would guess: a follower that could not be reached for 20 to 30 s, and that the
# leader reaches again, gets the entries that it lacks within about a heartbeat.
# What happens: heartbeats resume at once, so the leader counts it as alive and
# autopilots that look at LastContact call it healthy, but it gets no entry for
# seconds more. Replication to a peer waits 10 ms, doubled with each failure up to
# 10.24 s, and a heartbeat that succeeds does not end that wait. No option of Config
# changes it; a shorter HeartbeatTimeout does not either.
#
# Three nodes on raft's own in-memory transport, stores and defaults; time is
# virtual (testing/synctest). Ten cuts of 20.0 to 29.0 s. Output seen, go1.26.8:
#   cut for 20s: heartbeat 620ms after the heal, caught up after 920ms
#   cut for 21s: heartbeat 270ms after the heal, caught up after 10.06s
#   cut for 25s: heartbeat 100ms after the heal, caught up after 6.07s
#   cut for 29s: heartbeat 340ms after the heal, caught up after 2.03s
# and one second less for each second between them.
# Fails if no cut shows more than 3 s, or if LastContact is late too.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'GO'
module x

go 1.26.0

require github.com/hashicorp/raft v1.8.0
GO
cat > x_test.go <<'GO'
package x

import (
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

type fsm struct{}

func (fsm) Apply(*raft.Log) any                 { return nil }
func (fsm) Snapshot() (raft.FSMSnapshot, error) { return nil, fmt.Errorf("none") }
func (fsm) Restore(io.ReadCloser) error         { return nil }

// run cuts off one follower for d, and returns how long after the heal it had heard
// of the leader, and had the last entry.
func run(t *testing.T, d time.Duration) (contact, caught time.Duration) {
	var nodes []*raft.Raft
	var transports []*raft.InmemTransport
	var all raft.Configuration
	for i := range 3 {
		_, tr := raft.NewInmemTransport(raft.ServerAddress(fmt.Sprint("n", i)))
		transports = append(transports, tr)
		all.Servers = append(all.Servers, raft.Server{ID: raft.ServerID(fmt.Sprint("n", i)), Address: tr.LocalAddr()})
	}
	join := func(a, b int) {
		transports[a].Connect(transports[b].LocalAddr(), transports[b])
		transports[b].Connect(transports[a].LocalAddr(), transports[a])
	}
	join(0, 1); join(0, 2); join(1, 2)
	for i := range 3 {
		c := raft.DefaultConfig()
		c.LocalID, c.Logger = all.Servers[i].ID, hclog.NewNullLogger()
		s := raft.NewInmemStore()
		r, err := raft.NewRaft(c, fsm{}, s, s, raft.NewInmemSnapshotStore(), transports[i])
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, r)
		defer func() { _ = r.Shutdown().Error() }()
	}
	if err := nodes[0].BootstrapCluster(all).Error(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Second)
	leader := -1
	for i, r := range nodes {
		if r.State() == raft.Leader {
			leader = i
		}
	}
	away := (leader + 1) % 3
	write := func() {
		if err := nodes[leader].Apply([]byte("x"), time.Second).Error(); err != nil {
			t.Fatal(err)
		}
	}
	write()
	transports[away].DisconnectAll()
	for i := range 3 {
		transports[i].Disconnect(transports[away].LocalAddr())
	}
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		write()
	}
	join(0, 1); join(0, 2); join(1, 2)
	healed := time.Now()
	for caught == 0 {
		time.Sleep(10 * time.Millisecond)
		if contact == 0 && nodes[away].LastContact().After(healed) {
			contact = time.Since(healed)
		}
		if nodes[away].LastIndex() >= nodes[leader].CommitIndex() && nodes[leader].State() == raft.Leader {
			caught = time.Since(healed)
		}
		if time.Since(healed) > time.Minute {
			return contact, time.Minute
		}
	}
	return contact, caught
}

func Test(t *testing.T) {
	var worst, heard time.Duration
	for i := range 10 {
		synctest.Test(t, func(t *testing.T) {
			d := 20*time.Second + time.Duration(i)*time.Second
			contact, caught := run(t, d)
			fmt.Printf("cut for %v: heartbeat %v after the heal, caught up after %v\n", d, contact, caught)
			worst, heard = max(worst, caught), max(heard, contact)
		})
	}
	if worst < 3*time.Second || heard > 2*time.Second {
		t.Fatal("changed")
	}
}
GO
GOFLAGS=-mod=mod go test -count=1 -run Test -v . | grep -E "^cut|^ok|FAIL|changed|panic|deadlock|x_test"
