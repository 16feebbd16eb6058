package quorumkv

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/journal"
)

// A notice is a membership that believes one node to be dead.
type notice struct {
	dead    string
	refuses error // what Join says
}

func (n notice) Join() error           { return n.refuses }
func (n notice) Dead(node string) bool { return node == n.dead }
func (notice) Shutdown() error         { return nil }

// TestAMembershipDecides has other nodes stand in for one that is said to be dead, though it is well, and owe it what they took:
// what is owed is gossiped as long as it is.
func TestAMembershipDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, store := context.Background(), Store{}
		system := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
			return store.RunWith(ctx, h, func(*cluster.Host) (Membership, error) { return notice{dead: "n5"}, nil })
		})
		c, err := cluster.New(cluster.Config{System: system, Nodes: 5, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(ctx, 2*time.Second)
		kv, err := store.Open(ctx, c.Client(0))
		require.NoError(t, err)
		for i := range 20 {
			require.NoError(t, kv.Put(ctx, fmt.Sprint("k", i), i))
		}
		digest, err := store.Digest(ctx, c.Client(0), "n1")
		require.NoError(t, err)
		assert.Regexp(t, `^n1 sees that .*n\d owes n5`, digest)

		c.Crash("n5") // who does not answer in time is left out
		digest, err = store.Digest(ctx, c.Client(0), "n1")
		require.NoError(t, err)
		assert.NotContains(t, digest, "n5")
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
}

// TestRunRefuses has a membership, or a disk, that a node can't begin with.
func TestRunRefuses(t *testing.T) {
	no := errors.New("no")
	onHost(t, 0, func(h *cluster.Host) {
		run := func(s Store, m Membership, err error) error {
			return s.RunWith(context.Background(), h, func(*cluster.Host) (Membership, error) { return m, err })
		}
		assert.EqualError(t, run(Store{}, nil, no), "membership of quorumkv: no")
		assert.EqualError(t, run(Store{}, notice{refuses: no}, nil), "membership of quorumkv: no")
		assert.EqualError(t, run(Store{N: 3}, nil, nil), "boot quorumkv: 3 replicas on 1 nodes, with quorums of 2 and 2")

		f, err := h.Disk().Open("log")
		require.NoError(t, err)
		_, err = f.Write(journal.End(append(journal.Begin(nil, recordObject), 9), 0)) // a key of nine bytes, and none is there
		require.NoError(t, err)
		assert.ErrorContains(t, run(Store{}, nil, nil), "boot quorumkv: replay log: ")
	})
}
