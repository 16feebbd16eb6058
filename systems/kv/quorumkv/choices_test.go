package quorumkv_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/consistency"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/quorumkv"
	"github.com/capsize-go/capsize/workloads"
)

// TestQuorumsAreNotLinearizable finds reads that are out of order in all that is less than a
// write-back, though R+W > N: while messages are lost, one reader finds a write that the next one misses.
func TestQuorumsAreNotLinearizable(t *testing.T) {
	if testing.Short() {
		t.Skip("one seed does not show it")
	}
	const hlc = quorumkv.HLC
	for _, choice := range []struct {
		name  string
		store quorumkv.Store
		sound bool
		known uint64 // a seed that shows that it is not
	}{
		{"R+W > N", quorumkv.Store{Conflict: hlc, Strict: true, NoReadRepair: true, NoAntiEntropy: true}, false, 1},
		{"with read repair", quorumkv.Store{Conflict: hlc, Strict: true}, false, 1},
		{"with write-back", quorumkv.Store{Conflict: hlc, Strict: true, WriteBack: true}, true, 0},
		{"with stand-ins", quorumkv.Store{Conflict: hlc}, false, 1},
		{"with stand-ins and write-back", quorumkv.Store{Conflict: hlc, WriteBack: true}, false, 7},
		{"with R and W of 1", quorumkv.Store{Conflict: hlc, Strict: true, R: 1, W: 1}, false, 1},
	} {
		t.Run(choice.name, func(t *testing.T) {
			test := registers(choice.store)
			test.Clients, test.Rate = 20, 400
			test.Nemesis = nemesis.Every(3*time.Second, nemesis.Lossy(0))
			count := 15 // the others are found by one of the first
			if choice.sound {
				count = 4
			}
			assert.Equal(t, choice.sound, sweep(t, test, choice.known, tier.Seeds(t, count, count)) == 0)
		})
	}
}

// threeTwo cuts n1 and n2 off from the others.
var threeTwo = nemesis.New("3|2", func(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
	return "n1 n2 | n3 n4 n5", c.Partition([]string{"n1", "n2"}, []string{"n3", "n4", "n5"}), nil
})

// TestBothSidesAnswer counts, for each side of a cut of ten seconds, the requests made during it that
// were answered. A sloppy quorum answers all of them on both sides, and so it can't be linearizable
// (Gilbert and Lynch 2002). A strict one answers where two of a key's three homes are.
func TestBothSidesAnswer(t *testing.T) {
	tier.SkipRepeats(t) // TestPromises
	for _, side := range []struct {
		name   string
		store  quorumkv.Store
		sloppy bool
	}{
		{"sloppy", quorumkv.Store{Conflict: quorumkv.HLC}, true},
		{"strict", quorumkv.Store{Conflict: quorumkv.HLC, Strict: true}, false},
		{"write-back", quorumkv.Store{Conflict: quorumkv.HLC, Strict: true, WriteBack: true}, false},
	} {
		t.Run(side.name, func(t *testing.T) {
			if testing.Short() && side.name == "write-back" {
				t.Skip("as strict")
			}
			count, invalid := tier.Seeds(t, 1, 1), 0
			var majority, minority answers
			for seed := 1; seed <= count; seed++ {
				test := registers(side.store)
				test.Nemesis, test.Seed, test.Duration = nemesis.At(5*time.Second, 10*time.Second, threeTwo), uint64(seed), 20*time.Second
				r, err := capsize.Exec(t.Context(), t, test)
				require.NoError(t, err)
				if r.Verdict == checker.Invalid {
					invalid++
				}
				majority.count(r.History, "n3", "n4", "n5")
				minority.count(r.History, "n1", "n2")
			}
			t.Logf("of the majority's requests %d of %d were answered, of the minority's %d of %d; %d of %d seeds are invalid",
				majority.got, majority.asked, minority.got, minority.asked, invalid, count)
			if side.sloppy {
				assert.Equal(t, majority.asked, majority.got)
				assert.Equal(t, minority.asked, minority.got)
				assert.Equal(t, count, invalid)
				return
			}
			assert.Less(t, majority.got, majority.asked)
			assert.Less(t, minority.got, minority.asked/2)
			assert.Positive(t, minority.got, "of keys with two homes here")
		})
	}
}

// Answers are how many requests were made while the network was cut, and how many of them
// were answered.
type answers struct{ asked, got int }

func (a *answers) count(h *history.History, nodes ...string) {
	for c := range h.Calls() {
		for _, n := range nodes {
			if c.Invoke.Node == n && c.Invoke.Time > 5*time.Second && c.Invoke.Time < 15*time.Second {
				a.asked++
				if c.Complete.Type == history.OK {
					a.got++
				}
			}
		}
	}
}

// TestWhatConflictsLose counts the writes that were answered and are lost in the end, without faults, while
// the network is cut into halves, and while a clock is wrong: those that were not replaced by a client that had
// seen them, and, of registers, those that are lost to a write that was answered before they were asked for.
func TestWhatConflictsLose(t *testing.T) {
	if testing.Short() {
		t.Skip("one seed does not show it")
	}
	halves := nemesis.Every(5*time.Second, nemesis.Partitions(nemesis.Halves))
	skew := nemesis.At(time.Second, 11*time.Second, nemesis.ClockSkew(5*time.Second))
	for _, c := range []struct {
		conflict        quorumkv.Conflict
		faults          nemesis.Nemesis
		loses, toOlders bool
	}{
		{quorumkv.Vectors, nemesis.None, false, false},
		{quorumkv.HLC, nemesis.None, true, false},
		{quorumkv.LWW, nemesis.None, true, false},
		{quorumkv.Vectors, halves, false, true}, // since its reader takes the largest
		{quorumkv.HLC, halves, true, false},
		{quorumkv.LWW, halves, true, false},
		{quorumkv.Vectors, skew, false, false},
		{quorumkv.HLC, skew, true, false},
		{quorumkv.LWW, skew, true, true},
	} {
		t.Run(c.conflict.String()+" "+c.faults.String(), func(t *testing.T) {
			store := quorumkv.Store{Conflict: c.conflict}
			test := versions(store)
			test.Nemesis = c.faults
			var n workloads.Survival
			var registers consistency.Losses
			for seed := 1; seed <= tier.Seeds(t, 1, 1); seed++ {
				test.Seed = uint64(seed)
				test.Workload = workloads.Versions(store.Open)
				r, err := capsize.Exec(t.Context(), t, test)
				require.NoError(t, err)
				s := workloads.CountSurvival(r.History)
				n.Kept, n.Lost, n.Undone = n.Kept+s.Kept, n.Lost+s.Lost, n.Undone+s.Undone
				test.Workload = workloads.RegisterOver(store.Open, 200)
				r, err = capsize.Exec(t.Context(), t, test)
				require.NoError(t, err)
				l, err := consistency.CountLosses(model.Register(), r.History)
				require.NoError(t, err)
				registers.Acked, registers.Vanished = registers.Acked+l.Acked, registers.Vanished+l.Vanished+l.NeverVisible
			}
			t.Logf("of %d writes %d are lost and %d undone; of %d to registers %d are lost to older ones",
				n.Kept+n.Lost+n.Undone, n.Lost, n.Undone, registers.Acked, registers.Vanished)
			assert.Equal(t, c.loses, n.Lost > 0)
			if !c.toOlders {
				assert.Zero(t, registers.Vanished)
			} else if c.conflict == quorumkv.LWW {
				assert.Positive(t, registers.Vanished)
			}
		})
	}
}
