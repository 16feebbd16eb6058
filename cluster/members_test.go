package cluster_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

// pliable is a system that has whatever members it is asked to have.
type pliable struct{ cluster.Func }

func (pliable) Reconfigurable() {}

func TestMembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := map[string]*cluster.Host{}
		r := &fixture{t: t, hosts: hosts, boots: map[string]int{}}
		c, err := cluster.New(cluster.Config{System: pliable{r.node}, Nodes: 3, Clients: 1, Seed: 7, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		defer c.Stop(time.Second)
		r.Cluster = c
		r.pass(time.Millisecond)
		h := r.host("n1")
		assert.Nil(t, h.Members(), "before the first request")
		assert.True(t, c.Reconfigured())

		heal, err := c.As("it").SetMembers([]string{"n3", "n1"})
		require.NoError(t, err)
		assert.Equal(t, []string{"n1", "n3"}, h.Members())
		assert.False(t, c.Reconfigured())
		assert.Zero(t, r.effect("it", "nodes that changed their members"))
		h.Adopt([]string{"n3", "n1"})
		h.Adopt([]string{"n1", "n3"})
		assert.False(t, c.Reconfigured(), "n3 has not said so")
		r.host("n3").Adopt([]string{"n1", "n3"})
		assert.True(t, c.Reconfigured())
		assert.Equal(t, 2, r.effect("it", "nodes that changed their members"))

		again, err := c.As("other").SetMembers([]string{"n2", "n3"})
		require.NoError(t, err)
		heal()
		assert.Equal(t, []string{"n2", "n3"}, h.Members(), "others were asked for since")
		again()
		assert.Equal(t, c.Nodes(), h.Members())
		assert.False(t, c.Reconfigured())
		for _, name := range c.Nodes() {
			r.host(name).Adopt(c.Nodes())
		}
		assert.True(t, c.Reconfigured())
		c.Crash("n2")
		c.Restart("n2")
		r.pass(time.Millisecond)
		assert.False(t, c.Reconfigured(), "n2 has a new life")

		_, err = c.SetMembers([]string{"n1"})
		require.NoError(t, err)
		c.Heal()
		assert.Equal(t, c.Nodes(), h.Members(), "healed with all else")

		_, err = c.SetMembers([]string{"n1", "n9"})
		require.EqualError(t, err, `there is no node "n9" to be a member`)
		_, err = c.SetMembers(nil)
		require.EqualError(t, err, "at least one node must be a member")
	})
}

func TestMembersThatAreFixed(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		_, err := r.SetMembers([]string{"n1"})
		require.ErrorIs(t, err, cluster.ErrFixed)
	})
}
