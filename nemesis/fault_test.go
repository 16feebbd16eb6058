package nemesis_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
)

// samples holds faults of every kind, with and without parameters.
var samples = []nemesis.Fault{
	nemesis.Partitions(nemesis.Halves), nemesis.Partitions(nemesis.RandomHalves), nemesis.Partitions(nemesis.Third),
	nemesis.Partitions(nemesis.One), nemesis.Partitions(nemesis.Leader), nemesis.Partitions(nemesis.Ring),
	nemesis.Partitions(nemesis.Bridge), nemesis.Partitions(nemesis.OneWay), nemesis.Partitions(nemesis.ClientSide), nemesis.Partitions(),
	nemesis.Slow(0), nemesis.Slow(time.Second),
	nemesis.Latency(0, cluster.Constant), nemesis.Latency(0, cluster.Uniform),
	nemesis.Latency(time.Millisecond, cluster.Exponential), nemesis.Latency(0, cluster.LongTail),
	nemesis.Lossy(0), nemesis.Lossy(0.7), nemesis.Duplicates(0), nemesis.Reorders(0.5),
	nemesis.Corrupts(0, false), nemesis.Corrupts(0.5, true), nemesis.Bandwidth(0), nemesis.Bandwidth(10000),
	nemesis.HalfOpen(), nemesis.Flaps(0), nemesis.Flaps(time.Second, nemesis.TheLeader), nemesis.Clogs(nemesis.Nth(7, 2)),
	nemesis.Crashes(), nemesis.Crashes(nemesis.Minority, nemesis.AFollower), nemesis.Crashes(nemesis.WithRole("leader")),
	nemesis.PowerCuts(cluster.Nothing), nemesis.PowerCuts(cluster.Prefix), nemesis.PowerCuts(cluster.Torn, nemesis.Everyone), nemesis.PowerCuts(cluster.Sectors),
	nemesis.Kills(), nemesis.CrashesInWrite(), nemesis.Vanishes(), nemesis.Pauses(), nemesis.Pauses(nemesis.Majority), nemesis.SlowHosts(0), nemesis.SlowHosts(time.Millisecond),
	nemesis.FsyncLies(), nemesis.Beyond(nemesis.FsyncLies(nemesis.Everyone)), nemesis.FsyncFails(), nemesis.DiskErrors(0), nemesis.DiskFull(),
	nemesis.ReadOnlyDisk(), nemesis.ReadOnlyDisk(nemesis.TheLeader),
	nemesis.Pauses(nemesis.OneClient), nemesis.Pauses(nemesis.ClientWithRole("holder")), nemesis.SlowHosts(0, nemesis.EveryClient), nemesis.Clogs(nemesis.OneClient),
	nemesis.ClockSkew(0, nemesis.EveryClient), nemesis.ClockDrift(0, nemesis.OneClient), nemesis.ClockJumps(0, 0, nemesis.EveryClient),
	nemesis.DNS(""), nemesis.DNS(cluster.StaleNames), nemesis.DNS(cluster.WrongNames, nemesis.OneNode), nemesis.DNS(cluster.MissingNames, nemesis.Everyone),
	nemesis.DNS(cluster.FailingNames, nemesis.OneClient), nemesis.DNS(cluster.SlowNames),
	nemesis.SlowDisk(0), nemesis.DiskHangs(0), nemesis.DiskHangs(time.Second), nemesis.BitRot(0), nemesis.Misdirects(0), nemesis.Misdirects(1),
	nemesis.ClockSkew(0), nemesis.ClockDrift(0), nemesis.ClockJumps(0, 0), nemesis.ClockStrobe(time.Second), nemesis.Reconfigures(),
	nemesis.Degrades(""), nemesis.Degrades(cluster.AcceptAndHang, nemesis.Everyone), nemesis.Degrades(cluster.StuckLock, nemesis.Nth(7, 1)),
	nemesis.Partitions(nemesis.Cut("n2 | n1 n3 n4 n5")), nemesis.Crashes(nemesis.Hosts("n1", "n5")), nemesis.Pauses(nemesis.Hosts("n1", "c2")), nemesis.SlowNodes(0, "n3"),
	nemesis.HalfOpenFrom("n4", "n2"), nemesis.ReconfiguresTo("n5", "n2", "n1"), nemesis.ClockSkew(0, nemesis.MinorityOf("n3", "n1")),
	nemesis.On(cluster.UnsyncedWrite, nemesis.Crashes(nemesis.OneNode)), nemesis.On(cluster.LeaderChange, nemesis.Partitions(nemesis.Leader)),
}

func TestSamplesAreOfEveryKind(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range samples {
		b, err := json.Marshal(nemesis.Plan{{ID: 1, Fault: f}})
		require.NoError(t, err)
		var steps []struct{ Fault struct{ Kind string } }
		require.NoError(t, json.Unmarshal(b, &steps))
		seen[steps[0].Fault.Kind] = true
	}
	for _, e := range nemesis.Faults() {
		assert.True(t, seen[e.Name] || strings.HasPrefix(e.Name, "test "), e.Name)
		assert.NotEmpty(t, e.Doc, e.Name)
	}
}

func TestFaultsSurviveJSON(t *testing.T) {
	for i, f := range samples {
		p := nemesis.Plan{{ID: i + 1, At: time.Second, For: time.Minute, Fault: f}}
		b, err := json.Marshal(p)
		require.NoError(t, err)
		var q nemesis.Plan
		require.NoError(t, json.Unmarshal(b, &q), string(b))
		assert.Equal(t, p, q)
		assert.Equal(t, f.String(), q[0].Fault.String())
		bad := strings.Replace(string(b), `"kind"`, `"nonsense":1,"kind"`, 1)
		assert.Error(t, json.Unmarshal([]byte(bad), &q), bad)
	}
}

// Every fault has an effect on a busy cluster, and none once it is healed.
func TestFaultsHaveEffectAndHeal(t *testing.T) {
	for i, f := range samples {
		if testing.Short() && i%tier.InRace(16, 8) != 0 {
			continue
		}
		t.Run(f.String(), func(t *testing.T) {
			onBusy(t, uint64(i), func(t *testing.T, c *cluster.Cluster, b *busy) {
				require.Empty(t, b.disconnected(t, c))
				step := nemesis.Step{ID: i + 1, Fault: f}
				desc, heal, err := step.Inject(t.Context(), c, 1)
				require.NoError(t, err)
				assert.NotEmpty(t, desc)
				c.Sleep(t.Context(), 1200*time.Millisecond)
				kind := nemesis.Kind(f)
				heal()
				c.Sleep(t.Context(), 3500*time.Millisecond) // for disks that hung, and what is on its way
				after := effects(c, kind)
				assert.Positive(t, after)
				assert.Empty(t, b.disconnected(t, c))
				for _, n := range c.Hosts() {
					assert.True(t, c.Up(n), n)
				}
				c.Sleep(t.Context(), 100*time.Millisecond)
				assert.Equal(t, after, effects(c, kind), "no effect after it was healed")
			})
		})
	}
}

// A fault that a client can't have says so, and does nothing; so does one that aims at
// clients where there are none, or at names where there are none.
func TestFaultsThatClientsHaveNot(t *testing.T) {
	onBusy(t, 1, func(t *testing.T, c *cluster.Cluster, _ *busy) {
		for _, f := range []nemesis.Fault{
			nemesis.Crashes(nemesis.OneClient), nemesis.Vanishes(nemesis.EveryClient), nemesis.DiskFull(nemesis.OneClient), nemesis.FsyncLies(nemesis.OneClient),
		} {
			_, _, err := nemesis.Step{ID: 1, Fault: f}.Inject(t.Context(), c, 1)
			assert.ErrorContains(t, err, "takes nodes only", f.String())
		}
		_, _, err := nemesis.Step{ID: 1, Fault: nemesis.DNS("upside-down")}.Inject(t.Context(), c, 1)
		assert.ErrorContains(t, err, `no answer "upside-down"`)
		_, _, err = nemesis.Step{ID: 1, Fault: nemesis.Degrades("moody")}.Inject(t.Context(), c, 1)
		assert.ErrorContains(t, err, `there is no "moody"`)
		for range 100 {
			desc, heal, err := nemesis.Step{ID: 1, Fault: nemesis.Pauses(nemesis.OneClient)}.Inject(t.Context(), c, 1)
			require.NoError(t, err)
			heal()
			assert.NotEqual(t, "pause c5", desc, "the last client is spared")
		}
		assert.Empty(t, c.Effects())
	})
}

func TestTolerance(t *testing.T) {
	everyone := nemesis.FsyncLies(nemesis.Everyone)
	onBusy(t, 1, func(t *testing.T, c *cluster.Cluster, _ *busy) {
		desc, _, err := nemesis.Step{ID: 1, Fault: everyone}.Inject(t.Context(), c, 1)
		require.NoError(t, err)
		assert.Len(t, strings.Fields(strings.TrimPrefix(desc, "fsync lies ")), 2, "two of five")
		// The minority is used up, whatever damages the disk.
		_, _, err = nemesis.Step{ID: 2, Fault: nemesis.BitRot(0, nemesis.Everyone)}.Inject(t.Context(), c, 1)
		require.NoError(t, err)
		lied := strings.Fields(desc)[2:]
		spared := 0
		for i := range 20 {
			d, heal, err := nemesis.Step{ID: 3 + i, Fault: nemesis.Misdirects(1, nemesis.OneNode)}.Inject(t.Context(), c, 1)
			if err != nil {
				require.ErrorIs(t, err, nemesis.ErrSpared)
				spared++
				continue
			}
			assert.Contains(t, lied, strings.Fields(d)[2])
			heal()
		}
		assert.Positive(t, spared)
		desc, _, err = nemesis.Step{ID: 99, Fault: nemesis.Beyond(everyone)}.Inject(t.Context(), c, 1)
		require.NoError(t, err)
		assert.Len(t, strings.Fields(desc), 2+5)
	})
}

func TestVictims(t *testing.T) {
	onBusy(t, 1, func(t *testing.T, c *cluster.Cluster, _ *busy) {
		hit := func(v nemesis.Victim, id int) []string {
			desc, heal, err := nemesis.Step{ID: id, Fault: nemesis.SlowHosts(time.Nanosecond, v)}.Inject(t.Context(), c, 1)
			require.NoError(t, err)
			heal()
			return strings.Fields(strings.TrimPrefix(desc, "slow host "))
		}
		sizes := map[nemesis.Victim]map[int]bool{}
		for id := range 50 {
			for _, v := range nemesis.Victims() {
				if sizes[v] == nil {
					sizes[v] = map[int]bool{}
				}
				sizes[v][len(hit(v, id))] = true
			}
			assert.Equal(t, c.Leaders(), hit(nemesis.TheLeader, id))
			assert.Equal(t, c.Leaders(), hit(nemesis.WithRole("leader"), id))
			assert.NotContains(t, c.Leaders(), hit(nemesis.AFollower, id)[0])
		}
		only := func(n ...int) map[int]bool {
			m := map[int]bool{}
			for _, n := range n {
				m[n] = true
			}
			return m
		}
		assert.Equal(t, map[nemesis.Victim]map[int]bool{
			nemesis.OneNode: only(1), nemesis.TheLeader: only(1), nemesis.AFollower: only(1),
			nemesis.Minority: only(1, 2), nemesis.Majority: only(3, 4, 5), nemesis.Everyone: only(5),
		}, sizes)
		var all []string
		for place := range 5 {
			all = append(all, hit(nemesis.Nth(3, place), 1)...)
		}
		slices.Sort(all)
		assert.Equal(t, c.Nodes(), all, "the places of one order are different nodes")
		_, _, err := nemesis.Step{ID: 1, Fault: nemesis.Pauses("nobody")}.Inject(t.Context(), c, 1)
		require.ErrorContains(t, err, `there is no victim "nobody"`)
	})
}

func TestOnWaits(t *testing.T) {
	onBusy(t, 1, func(t *testing.T, c *cluster.Cluster, _ *busy) {
		before := c.Stats().LeaderChanges
		desc, _, err := nemesis.Step{ID: 1, Fault: nemesis.On(cluster.LeaderChange, nemesis.Crashes(nemesis.TheLeader))}.Inject(t.Context(), c, 1)
		require.NoError(t, err)
		assert.Equal(t, before+1, c.Stats().LeaderChanges)
		assert.Contains(t, desc, "on leader-change")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err = nemesis.On(cluster.Boot, nemesis.Pauses()).Inject(ctx, c, nil)
		require.ErrorIs(t, err, nemesis.ErrNotTriggered)
	})
}

func TestFaultOfOnesOwn(t *testing.T) {
	hiccup := nemesis.New("test hiccup", func(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
		node := c.Nodes()[r.IntN(len(c.Nodes()))]
		return "hiccup of " + node, c.Pause(node), nil
	})
	onBusy(t, 1, func(t *testing.T, c *cluster.Cluster, _ *busy) {
		_, heal, err := nemesis.Step{ID: 1, Fault: hiccup}.Inject(t.Context(), c, 1)
		require.NoError(t, err)
		c.Sleep(t.Context(), time.Second)
		heal()
		assert.Positive(t, effects(c, "test hiccup"))
	})
	b, err := json.Marshal(nemesis.Plan{{ID: 1, Fault: hiccup}})
	require.NoError(t, err)
	var q nemesis.Plan
	require.NoError(t, json.Unmarshal(b, &q))
	assert.Equal(t, "test hiccup", q[0].Fault.String())
	assert.Panics(t, func() { nemesis.New("crash", nil) })
	assert.False(t, errors.Is(err, nemesis.ErrSpared))
}
