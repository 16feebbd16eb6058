package storage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/examples/storage"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// powerCuts are crashes of the machine: what was not synced is lost, or a part of it.
func powerCuts() nemesis.Nemesis {
	return nemesis.Every(2*time.Second,
		nemesis.PowerCuts(cluster.Nothing), nemesis.PowerCuts(cluster.Prefix), nemesis.PowerCuts(cluster.Torn),
		nemesis.PowerCuts(cluster.Sectors), nemesis.CrashesInWrite())
}

func test(s storage.Store, n nemesis.Nemesis) capsize.Test {
	return capsize.Test{
		System: s, Workload: workloads.Register(s.Open), Nemesis: n,
		Nodes: 1, Clients: 4, Rate: 200, Duration: 15 * time.Second,
	}
}

func TestTry(t *testing.T) {
	type M map[string]int
	one := func(name string, s storage.Store, n nemesis.Nemesis, seeds uint64) {
		verdicts, why, effects := M{}, M{}, M{}
		var cpu time.Duration
		repeats := 0
		x := test(s, n)
		for seed := uint64(1); seed <= seeds; seed++ {
			x.Seed = seed
			r, err := capsize.Exec(t.Context(), t, x)
			require.NoError(t, err)
			q, err := capsize.Exec(t.Context(), t, x)
			require.NoError(t, err)
			d1, _ := r.Digest()
			d2, _ := q.Digest()
			if d1 == d2 && r.Trace == q.Trace {
				repeats++
			} else if d1 == d2 {
				why["only trace differs"]++
			} else {
				for i := range min(r.History.Len(), q.History.Len()) {
					if a, b := fmt.Sprint(r.History.At(i)), fmt.Sprint(q.History.At(i)); a != b {
						t.Log(a, "|", b)
						break
					}
				}
			}
			cpu += r.CPU
			verdicts[r.Verdict.String()]++
			if len(r.Findings) > 0 {
				why[r.Findings[0].What]++
			} else if r.Verdict.String() != "valid" {
				why[r.Reason]++
			}
			for _, e := range r.Exercised.Effects {
				effects[e.What] += int(e.Count)
			}
		}
		t.Log(name, verdicts, "repeats", repeats, "cpu", cpu/time.Duration(seeds), why, effects)
	}
	n := uint64(10)
	one("pebble", storage.Pebble(false), powerCuts(), n)
	one("nosync", storage.Pebble(true), powerCuts(), n)
	one("bbolt", storage.Bbolt(false), powerCuts(), n)
	one("early", storage.Bbolt(true), powerCuts(), n)
	one("pebble-inwrite", storage.Pebble(false), nemesis.Every(time.Second, nemesis.CrashesInWrite()), n)
	one("pebble-stall", storage.Pebble(false), nemesis.Every(2*time.Second, nemesis.SlowDisk(0), nemesis.DiskHangs(0), nemesis.FsyncFails(), nemesis.DiskErrors(0), nemesis.DiskFull()), n)
	one("pebble-rot", storage.Pebble(false), nemesis.Every(2*time.Second, nemesis.Beyond(nemesis.BitRot(0)), nemesis.PowerCuts(cluster.Nothing)), n)
	one("pebble-misdirect", storage.Pebble(false), nemesis.Every(2*time.Second, nemesis.Beyond(nemesis.Misdirects(0)), nemesis.PowerCuts(cluster.Nothing)), n)
	one("pebble-lies", storage.Pebble(false), nemesis.Every(2*time.Second, nemesis.Beyond(nemesis.FsyncLies()), nemesis.PowerCuts(cluster.Torn)), n)
}
