package nemesis_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
)

// TestBeginResolves injects faults of every kind, and the steps that Begin returns under another seed, which choose the same.
func TestBeginResolves(t *testing.T) {
	for i, f := range samples {
		if testing.Short() && i%4 != 0 {
			continue
		}
		switch nemesis.Kind(f) {
		case "fsync-lies", "bit-rot", "misdirected-writes": // which disks may be damaged depends on earlier faults
			continue
		}
		onBusy(t, uint64(i), func(t *testing.T, c *cluster.Cluster, _ *busy) {
			step := nemesis.Step{ID: i + 1, Fault: f}
			first, err := step.Begin(t.Context(), c, 1)
			require.NoError(t, err)
			first.Heal()
			c.Sleep(t.Context(), time.Second)
			again, err := first.Step.Begin(t.Context(), c, 2)
			require.NoError(t, err)
			again.Heal()
			assert.Equal(t, first.Desc, again.Desc)
			assert.Equal(t, first.Step, again.Step)
			b, err := json.Marshal(nemesis.Plan{first.Step})
			require.NoError(t, err)
			var p nemesis.Plan
			require.NoError(t, json.Unmarshal(b, &p))
			assert.Equal(t, first.Step, p[0])
			c.Heal()
			c.Sleep(t.Context(), 4*time.Second)
		})
	}
}

// TestCuts injects each shape, and the cut of the hosts that it chose, which has the same effect.
func TestCuts(t *testing.T) {
	for _, shape := range nemesis.Shapes() {
		for seed := range uint64(3) {
			inCluster(t, 5, func(t *testing.T, c *fixture) {
				drawn, err := nemesis.Step{ID: 1, Fault: nemesis.Partitions(shape)}.Begin(t.Context(), c.Cluster, seed)
				require.NoError(t, err)
				hears := c.hears(t)
				drawn.Heal()
				c.Sleep(t.Context(), time.Millisecond)
				desc, heal := c.inject(t, drawn.Step.Fault, 99)
				assert.Equal(t, drawn.Desc, desc)
				assert.Equal(t, hears, c.hears(t))
				heal()
				allHear(t, c)
			})
		}
	}
}

// TestNamedHosts has faults name hosts, in Go and in JSON, of which some are not there.
func TestNamedHosts(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *fixture) {
		for _, x := range []struct {
			fault      nemesis.Fault
			json, desc string // desc is empty if nothing is left of the fault
		}{
			{nemesis.Crashes(nemesis.Hosts("n3", "n1")), `{"kind":"crash","victims":["hosts:n3,n1"]}`, "crash n1 n3"},
			{nemesis.Pauses(nemesis.Hosts("n2", "c1")), `{"kind":"pause","victims":["hosts:n2,c1"]}`, "pause c1 n2"},
			{nemesis.Pauses(nemesis.Hosts("c4")), `{"kind":"pause","victims":["hosts:c4"]}`, "pause c4"},
			{nemesis.Pauses(nemesis.MinorityOf("n2")), `{"kind":"pause","victims":["minority=n2"]}`, "pause n2"},
			{nemesis.Crashes(nemesis.MajorityOf("n2", "n5", "n1")), `{"kind":"crash","victims":["majority=n2,n5,n1"]}`, "crash n1 n2"},
			{nemesis.Crashes(nemesis.Hosts("n4", "n5")), `{"kind":"crash","victims":["hosts:n4,n5"]}`, ""},
			{nemesis.Crashes(nemesis.Hosts()), `{"kind":"crash","victims":["hosts:"]}`, ""},
			{nemesis.SlowNodes(0, "n3", "n5"), `{"kind":"slow","nodes":["n3","n5"]}`, "slow n3"},
			{nemesis.SlowNodes(0, "n5"), `{"kind":"slow","nodes":["n5"]}`, ""},
			{nemesis.HalfOpenFrom("n3", "n1"), `{"kind":"half-open","from":"n3","to":"n1"}`, "half-open n3 ⇥ n1"},
			{nemesis.HalfOpenFrom("n3", "n4"), `{"kind":"half-open","from":"n3","to":"n4"}`, ""},
			{nemesis.Partitions(nemesis.Cut("n3 n2 | n1")), `{"kind":"partition","shapes":["n3 n2 | n1"]}`, "n2 n3 | n1"},
			{nemesis.Partitions(nemesis.Cut("n3 n5 | n1")), `{"kind":"partition","shapes":["n3 n5 | n1"]}`, "n3 | n1"},
			{nemesis.Partitions(nemesis.Cut("n3 n2 | n4")), `{"kind":"partition","shapes":["n3 n2 | n4"]}`, ""},
			{nemesis.Partitions(nemesis.Cut("n3 | n2, n1 sees both")), `{"kind":"partition","shapes":["n3 | n2, n1 sees both"]}`, "n3 | n2, n1 sees both"},
			{nemesis.Partitions(nemesis.Cut("n3 ⇥ n2 n7")), `{"kind":"partition","shapes":["n3 ⇥ n2 n7"]}`, "n3 ⇥ n2"},
			{nemesis.Partitions(nemesis.Cut("n7 ⇥ n2 n3")), `{"kind":"partition","shapes":["n7 ⇥ n2 n3"]}`, ""},
			{nemesis.Partitions(nemesis.Cut("ring n3 n4 n1 n2")), `{"kind":"partition","shapes":["ring n3 n4 n1 n2"]}`, "ring n1 n2 n3"},
			{nemesis.Partitions(nemesis.Cut("ring n3 n4")), `{"kind":"partition","shapes":["ring n3 n4"]}`, ""},
			{nemesis.Partitions(nemesis.Cut("c1 c9 | all nodes")), `{"kind":"partition","shapes":["c1 c9 | all nodes"]}`, "c1 | all nodes"},
			{nemesis.Partitions(nemesis.Cut("c9 | all nodes")), `{"kind":"partition","shapes":["c9 | all nodes"]}`, ""},
		} {
			b, err := json.Marshal(nemesis.Plan{{ID: 1, Fault: x.fault}})
			require.NoError(t, err)
			assert.Contains(t, strings.ReplaceAll(string(b), `\u0026`, "&"), `"fault":`+x.json)
			var p nemesis.Plan
			require.NoError(t, json.Unmarshal(b, &p))
			assert.Equal(t, x.fault, p[0].Fault)
			desc, heal, err := p[0].Inject(t.Context(), c.Cluster, 1)
			if x.desc == "" {
				require.ErrorIs(t, err, nemesis.ErrAbsent, x.json)
				continue
			}
			require.NoError(t, err, x.json)
			assert.Equal(t, x.desc, desc)
			heal()
		}
		for _, bad := range []string{"n1 | n1 n2", "n1 ⇥ n1", "ring n1 n2 n1", "n1 | all nodes"} {
			_, _, err := nemesis.Step{ID: 1, Fault: nemesis.Partitions(nemesis.Cut(bad))}.Inject(t.Context(), c.Cluster, 1)
			require.ErrorContains(t, err, "n1 is named twice, or on both sides", bad)
		}
		_, _, err := nemesis.Step{ID: 1, Fault: nemesis.Crashes(nemesis.Hosts("c1"))}.Inject(t.Context(), c.Cluster, 1)
		require.ErrorContains(t, err, "takes nodes only")
	})
}

// TestSimplerOrder has the simpler faults of some faults, in order.
func TestSimplerOrder(t *testing.T) {
	for _, x := range []struct {
		fault nemesis.Fault
		want  string // with semicolons between
	}{
		{nemesis.Crashes(nemesis.Hosts("n1", "n4", "n2")), "crash n1; crash n4; crash n2; crash n4 n2; crash n1 n2; crash n1 n4"},
		{nemesis.Crashes(nemesis.Everyone), "crash one; crash minority; crash majority"},
		{nemesis.Crashes(nemesis.Hosts("n1")), ""},
		{nemesis.Pauses(), "pause one; pause leader"},
		{nemesis.PowerCuts(cluster.Torn, nemesis.Hosts("n1", "n2")), "crash n1 n2; power cut (torn) n1; power cut (torn) n2"},
		{nemesis.CrashesInWrite(nemesis.TheLeader), "crash leader"},
		{nemesis.Flaps(1234*time.Millisecond, nemesis.OneNode), "clogs one; flaps 1s one"},
		{nemesis.On(cluster.Boot, nemesis.Vanishes(nemesis.Hosts("n1"))), "vanish n1; on boot: crash n1"},
		{nemesis.Partitions(nemesis.Cut("n1 n2 | n3 n4")),
			"partition n1 | n2 n3 n4; partition n2 | n1 n3 n4; partition n3 | n1 n2 n4; partition n4 | n1 n2 n3"},
		{nemesis.Partitions(nemesis.Cut("n1 | n2 n3")), ""},
		{nemesis.Partitions(nemesis.Cut("ring n1 n3 n2")), "partition n1 | n3 n2; partition n3 | n1 n2; partition n2 | n1 n3"},
		{nemesis.Partitions(nemesis.Cut("n1 | n2, n3 sees both")), "partition n1 | n2 n3; partition n2 | n1 n3; partition n3 | n1 n2"},
		{nemesis.Partitions(nemesis.Cut("n1 ⇥ n2 n3")), "partition n1 ⇥ n2; partition n1 ⇥ n3"},
		{nemesis.Partitions(nemesis.Cut("c1 c2 | all nodes")), "partition c1 | all nodes; partition c2 | all nodes"},
		{nemesis.Partitions(nemesis.Ring, nemesis.One), "partition ring; partition one"},
		{nemesis.Partitions(nemesis.Ring), "partition one"},
		{nemesis.Latency(23*time.Millisecond, cluster.LongTail), "latency +23ms; latency +20ms long-tail"},
		{nemesis.Lossy(0.34), "lossy links 30 %"},
		{nemesis.Corrupts(0.12, false), "lossy links 12 %; corrupts 10 %"},
		{nemesis.ClockJumps(0, 0, nemesis.OneNode), "clock skew ±2s one"},
		{nemesis.SlowNodes(time.Second, "n1", "n2"), "slow links +1s of n1; slow links +1s of n2"},
		{nemesis.HalfOpen(), ""},
	} {
		var got []string
		for _, s := range nemesis.Simpler(x.fault) {
			got = append(got, s.String())
		}
		assert.Equal(t, x.want, strings.Join(got, "; "), x.fault.String())
	}
}

// TestSimplerEnds walks from faults to simpler ones, as far as it goes: they never lead back.
func TestSimplerEnds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	named := []nemesis.Fault{
		nemesis.Crashes(nemesis.Hosts("n1", "n2", "n3", "n4", "n5", "n6", "n7")), nemesis.Partitions(nemesis.Cut("n1 n2 n3 | n4 n5, n6 sees both")),
		nemesis.Partitions(nemesis.Cut("ring n1 n2 n3 n4 n5")), nemesis.On(cluster.Boot, nemesis.PowerCuts(cluster.Torn, nemesis.MinorityOf("n1", "n2"))),
	}
	for _, f := range append(named, samples...) {
		first := fmt.Sprintf("%#v", f)
		for range 20 {
			steps := 0
			for x := f; ; steps++ {
				simpler := nemesis.Simpler(x)
				if len(simpler) == 0 {
					break
				}
				x = simpler[r.IntN(len(simpler))]
				require.NotEqual(t, first, fmt.Sprintf("%#v", x))
				require.Less(t, steps, 20, "%v leads to %v", f, x)
			}
		}
	}
}
