package primarykv

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

// A register is a membership that the test keeps.
type register struct {
	refuses error // what Join says

	mu       sync.Mutex
	dead     map[string]bool
	joined   int
	shutDown int
}

func (r *register) Join() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.joined++
	return r.refuses
}

func (r *register) Dead(node string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dead[node]
}

func (r *register) Shutdown() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shutDown++
	return nil
}

func (r *register) set(node string, dead bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dead[node] = dead
}

// inCluster runs fn beside three nodes of a system, with a session of the store.
func inCluster(t *testing.T, system cluster.System, fn func(ctx context.Context, c *cluster.Cluster, kv *Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		c, err := cluster.New(cluster.Config{System: system, Nodes: 3, Clients: 1, Seed: 1, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		c.Sleep(ctx, 4*time.Second)
		kv, err := Store{}.Open(ctx, c.Client(0))
		require.NoError(t, err)
		fn(ctx, c, kv)
		c.Stop(time.Second)
		assert.Empty(t, c.Findings())
	})
}

// TestAMembershipReplacesThePrimary crashes a primary: no other node replaces it before the membership says that it is dead.
func TestAMembershipReplacesThePrimary(t *testing.T) {
	members := &register{dead: map[string]bool{}}
	system := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
		return Store{}.RunWith(ctx, h, func(*cluster.Host) (Membership, error) { return members, nil })
	})
	inCluster(t, system, func(ctx context.Context, c *cluster.Cluster, kv *Client) {
		require.NoError(t, kv.Put(ctx, "a", 1))
		old := c.Leaders()[0]
		c.Crash(old)
		c.Sleep(ctx, 8*time.Second)
		assert.Empty(t, c.Leaders(), "no node has died yet")
		members.set(old, true)
		c.Sleep(ctx, 4*time.Second)
		leaders := c.Leaders()
		require.Len(t, leaders, 1)
		assert.NotEqual(t, old, leaders[0])
		c.Restart(old)
		members.set(old, false)
		c.Sleep(ctx, 4*time.Second)
		v, err := kv.Get(ctx, "a")
		require.NoError(t, err)
		assert.Equal(t, 1, v)
		assert.Equal(t, leaders, c.Leaders())
	})
	assert.Equal(t, 4, members.joined)
	assert.Positive(t, members.shutDown)
}

// TestRunRefuses has a membership, or a disk, that a node can't begin with.
func TestRunRefuses(t *testing.T) {
	no := errors.New("no")
	reopened(t, nil, func(s *storage) {
		run := func(m Membership, err error) error {
			return Store{}.RunWith(context.Background(), s.h, func(*cluster.Host) (Membership, error) { return m, err })
		}
		assert.EqualError(t, run(nil, no), "membership of primarykv: no")
		assert.EqualError(t, run(&register{refuses: no}, nil), "membership of primarykv: no")
	})
	broken := encode(nil, record{Epoch: 1, Base: &place{1, 1}, Snapshot: []byte("{")})
	reopened(t, broken, func(s *storage) {
		assert.ErrorContains(t, Store{}.Run(context.Background(), s.h), "boot primarykv: decode snapshot: ")
		assert.ErrorContains(t, Store{}.RunWith(context.Background(), s.h, nil), "boot primarykv: decode snapshot: ")
	})
}

// TestALostLogIsMended damages the log of a backup while it is down: it asks the primary for the state, and has it.
func TestALostLogIsMended(t *testing.T) {
	store, damage, lost := Store{}, false, false
	system := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
		if damage && h.Name() == "n3" {
			f, err := h.Disk().Open("log")
			if err != nil {
				return err
			}
			b := make([]byte, 1)
			if _, err = f.ReadAt(b, 20); err == nil {
				_, err = f.WriteAt([]byte{b[0] ^ 1}, 20)
			}
			if err != nil {
				return err
			}
			s, err := openStorage(h)
			if err != nil {
				return err
			}
			lost = s.lost
		}
		return store.Run(ctx, h)
	})
	inCluster(t, system, func(ctx context.Context, c *cluster.Cluster, kv *Client) {
		require.NotContains(t, c.Leaders(), "n3")
		for i := range 5 {
			require.NoError(t, kv.Put(ctx, "a", i))
		}
		c.Sleep(ctx, time.Second)
		c.Crash("n3")
		damage = true
		c.Restart("n3")
		c.Sleep(ctx, 4*time.Second)
		require.True(t, lost)
		want, err := store.Digest(ctx, c.Client(0), "n1")
		require.NoError(t, err)
		for _, n := range []string{"n2", "n3"} {
			got, err := store.Digest(ctx, c.Client(0), n)
			require.NoError(t, err)
			assert.Equal(t, want, got, n)
		}
		c.Crash("n1") // n3 counts again: with n2 it is a majority
		c.Sleep(ctx, 8*time.Second)
		require.Len(t, c.Leaders(), 1)
	})
}

// TestReplayKnowsWhatWasMeantForAnotherPlace has entries that do not follow those before them.
func TestReplayKnowsWhatWasMeantForAnotherPlace(t *testing.T) {
	reopened(t, encode(records(), record{Epoch: 2, From: 9, Entries: []entry{{2, write{}}}}), func(s *storage) {
		assert.True(t, s.lost)
	})
}

func TestBugNames(t *testing.T) {
	names, docs := Bugs.Names()
	require.Len(t, docs, len(names))
	for _, name := range names {
		bug, err := Bugs.Parse(name)
		require.NoError(t, err)
		assert.Equal(t, name, bug.String())
	}
	_, err := Bugs.Parse("no-such-bug")
	assert.Error(t, err)
}
