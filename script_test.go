package capsize_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/crdtkv"
	"github.com/capsize-go/capsize/systems/kv/quorumkv"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// TestScriptRepeats shows that the script of a run makes the very same run.
func TestScriptRepeats(t *testing.T) {
	raft, crdt, quorum := raftkv.Store{}, crdtkv.Store{}, quorumkv.Store{}
	for name, test := range map[string]capsize.Test{
		"paced":   {System: raft, Workload: workloads.Register(raft.Open), Nemesis: nemesis.Swarm(raftkv.ElectionTimeout), Duration: 8 * time.Second},
		"unpaced": {System: raft, Workload: workloads.Register(raft.Open), Nemesis: nemesis.Swarm(raftkv.ElectionTimeout), Duration: 2 * time.Second, Rate: capsize.Unpaced},
		"paused": {System: raft, Workload: workloads.Register(raft.Open), Duration: 8 * time.Second,
			Nemesis: nemesis.Every(3*time.Second, nemesis.Pauses(nemesis.EveryClient), nemesis.ClockDrift(0, nemesis.EveryClient))},
		"adjusted": {System: quorum, Workload: workloads.Versions(quorum.Open), Nemesis: nemesis.Swarm(0), Duration: 4 * time.Second},
		"final":    {System: crdt, Workload: workloads.AddWins(crdt.OpenSet), Nemesis: nemesis.Swarm(0), Duration: 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name == "unpaced" {
				t.Skip("long")
			}
			test.Seed = 5
			first, err := capsize.Exec(t.Context(), t, test)
			require.NoError(t, err)
			test.Script, err = first.Script(t.Context())
			require.NoError(t, err)
			require.NotEmpty(t, test.Script)
			test.Nemesis = first.Plan
			test.Workload.Next = func(workloads.Turn[any, any]) any { panic("the script says what is invoked") }
			second, err := capsize.Exec(t.Context(), t, test)
			require.NoError(t, err)
			assert.Empty(t, first.Diff(second))
		})
	}
}
