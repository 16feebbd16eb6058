package huntcli

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/hunt/campaign"
)

// TestShards are read from the flag, or from what engines set.
func TestShards(t *testing.T) {
	for name, x := range map[string]struct {
		flag string
		of   int
		env  map[string]string
		want campaign.Shard
		err  string
	}{
		"none":          {want: campaign.Whole},
		"flag":          {flag: "3/8", want: campaign.Shard{Number: 3, Count: 8}},
		"flag first":    {flag: "1/1", env: map[string]string{"JOB_COMPLETION_INDEX": "7", "JOB_COMPLETIONS": "8"}, want: campaign.Whole},
		"no number":     {flag: "3", err: "--shard must be"},
		"zero":          {flag: "0/3", err: "--shard must be"},
		"kubernetes":    {env: map[string]string{"JOB_COMPLETION_INDEX": "7", "JOB_COMPLETIONS": "8"}, want: campaign.Shard{Number: 8, Count: 8}},
		"kubernetes, n": {env: map[string]string{"JOB_COMPLETION_INDEX": "0"}, of: 4, want: campaign.Shard{Number: 1, Count: 4}},
		"how many?":     {env: map[string]string{"JOB_COMPLETION_INDEX": "0"}, err: "an Indexed Job of Kubernetes: JOB_COMPLETION_INDEX is 0, and JOB_COMPLETIONS, how many there are, is not set"},
		"too large":     {env: map[string]string{"JOB_COMPLETION_INDEX": "8", "JOB_COMPLETIONS": "8"}, err: "none of 8 shards from 0 on"},
		"slurm":         {env: map[string]string{"SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "1"}, want: campaign.Shard{Number: 3, Count: 4}},
		"slurm from 0":  {env: map[string]string{"SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "4"}, want: campaign.Shard{Number: 4, Count: 4}},
		"ci":            {env: map[string]string{"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "3"}, want: campaign.Shard{Number: 1, Count: 3}},
		"no index":      {env: map[string]string{"CI_NODE_INDEX": "one", "CI_NODE_TOTAL": "3"}, err: `CI_NODE_INDEX must be a whole number, not "one"`},
		"count alone":   {of: 4, err: "which one this is"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := shardOf(x.flag, x.of, func(name string) string { return x.env[name] })
			if x.err != "" {
				require.ErrorContains(t, err, x.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, x.want, got)
		})
	}
}

// TestPlan gives each seed of the shard once, target by target in turn, and those again that were not run.
func TestPlan(t *testing.T) {
	p := newPlan(2)
	a := &cursor{target: campaign.Target{System: "a"}, first: 10, seeds: 20, shard: campaign.Shard{Number: 2, Count: 2}, done: map[uint64]bool{11: true, 13: true}}
	b := &cursor{target: campaign.Target{System: "b"}, first: 10, seeds: 6, shard: campaign.Whole}
	p.add(a)
	p.add(b)
	n, ok := p.left()
	assert.True(t, ok)
	assert.Equal(t, 8+6, n)
	seen := map[string][]uint64{}
	var order []string
	died := false
	for j := p.take(); j != nil; j = p.take() {
		seeds := j.seeds
		var undone []uint64
		if len(seeds) > 1 && !died {
			died, seeds, undone = true, seeds[:1], seeds[1:]
		}
		name := j.at.target.System
		seen[name] = append(seen[name], seeds...)
		order = append(order, name)
		p.ended(j, len(seeds), time.Duration(len(seeds))*10*time.Second, undone)
	}
	assert.ElementsMatch(t, []uint64{15, 17, 19, 21, 23, 25, 27, 29}, seen["a"])
	assert.ElementsMatch(t, []uint64{10, 11, 12, 13, 14, 15}, seen["b"])
	assert.Equal(t, []string{"a", "b"}, order[:2], "they take turns")
	assert.Nil(t, p.take(), "there is no more")
	p.shrink([]campaign.Run{{Target: a.target}})
	j := p.take()
	require.NotNil(t, j.small)
	p.ended(j, 0, 0, nil)
	p.stop()
	p.shrink([]campaign.Run{{Target: a.target}})
	assert.Nil(t, p.take(), "it was stopped")
}

// TestPlanWithoutEnd has batches that take some seconds.
func TestPlanWithoutEnd(t *testing.T) {
	p := newPlan(1)
	p.add(&cursor{first: 1, shard: campaign.Whole})
	_, ok := p.left()
	assert.False(t, ok)
	j := p.take()
	assert.Len(t, j.seeds, firstSeeds)
	p.ended(j, len(j.seeds), time.Duration(len(j.seeds))*batch/100, nil)
	j = p.take()
	assert.Len(t, j.seeds, 100)
	assert.Equal(t, uint64(firstSeeds+1), j.seeds[0])
	p.ended(j, 100, 0, nil)
	assert.Len(t, p.take().seeds, maxSeeds)
	p.noMoreSeeds()
}

// TestTargets are each system with each of its workloads and presets, unless flags name some.
func TestTargets(t *testing.T) {
	all, err := catalogOptions{}.targets()
	require.NoError(t, err)
	of := map[string]map[string]bool{}
	for _, x := range all {
		if of[x.System] == nil {
			of[x.System] = map[string]bool{}
		}
		of[x.System][x.Workload] = true
		assert.NotEqual(t, "lying-disk", x.Nemesis)
		assert.Empty(t, x.Bug)
	}
	assert.Equal(t, map[string]bool{"register": true}, of["raftkv"])
	assert.Equal(t, map[string]bool{"versions": true}, of["quorumkv"], "it is not linearizable")
	assert.Equal(t, map[string]bool{"add-wins": true, "tally": true}, of["crdtkv"])
	assert.Len(t, all, 49*len(presets()), "pairs of a system and a workload")

	some, err := catalogOptions{systems: []string{"chainkv"}, bugs: []string{eachBug, "no-lease, dirty-reads"}, nemeses: []string{"partition", "crash,leader"}}.targets()
	require.NoError(t, err)
	require.Len(t, some, 14)
	assert.Equal(t, campaign.Target{System: "chainkv", Bug: "no-lease,dirty-reads", Workload: "register", Nemesis: "crash,leader"}, some[13])
	each, err := catalogOptions{bugs: []string{eachBug}, nemeses: []string{"none"}}.targets()
	require.NoError(t, err)
	assert.Greater(t, len(each), 38)
}

// TestArguments takes flags of go test as they are typed there.
func TestArguments(t *testing.T) {
	assert.Equal(t, []string{"hunt", "./x", "--run", "TestA", "--race", "--tags=a,b", "--seeds", "3"}, arguments([]string{"hunt", "./x", "-run", "TestA", "-race", "-tags=a,b", "--seeds", "3"}))
}
