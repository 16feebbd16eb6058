package caching

import (
	"context"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
)

// popCutOff is a fault that cuts one point of presence of a CDN off from all other nodes. Its clients still reach it, as those
// who are near it do, and clients who write still reach the origin.
var popCutOff = nemesis.New("pop cut off", func(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	var pops, rest []string
	for _, node := range c.Nodes() {
		if c.Role(node) == "pop" {
			pops = append(pops, node)
		}
	}
	if len(pops) == 0 {
		return "", nil, nemesis.ErrNotTriggered
	}
	pop := pops[r.IntN(len(pops))]
	for _, node := range c.Nodes() {
		if node != pop {
			rest = append(rest, node)
		}
	}
	return pop + " | " + strings.Join(rest, " "), c.Partition([]string{pop}, rest), nil
})

// edges is a [Meter] of caches that are purged: beside how stale they were, when each purge was done with, what it cost to wait
// for that, and who answered.
type edges struct {
	Staleness
	Layers []string // whose share of the reads is counted

	Last     []time.Duration // of each acknowledged write: from then to the last read that was stale by it; 0 if none was
	Writes   [2]int          // asked for while nothing was cut off, and while something was
	Acked    [2]int          // of these
	Asked    int             // reads
	Answered map[string]int  // of these, by the layer that had the answer
}

// traffic is what was answered about a key, in the order of asking.
type traffic struct{ writes, reads []history.Call }

// Add counts one run.
func (m *edges) Add(ctx context.Context, r *capsize.Result) error {
	if err := m.Staleness.Add(ctx, r); err != nil {
		return err
	}
	if m.Answered == nil {
		m.Answered = map[string]int{}
	}
	cuts := slices.Collect(r.History.Faults())
	keys := map[string]traffic{}
	for c := range r.History.Calls() {
		op, _ := c.Invoke.Input.(model.CacheOp)
		k := keys[op.Key]
		switch op.F {
		case "write":
			if m.write(c, cuts) {
				k.writes = append(k.writes, c)
			}
		case "read":
			if m.read(c) {
				k.reads = append(k.reads, c)
			}
		}
		keys[op.Key] = k
	}
	for _, k := range keys {
		oldest := oldestFromThenOn(k.reads)
		for _, w := range k.writes {
			m.Last = append(m.Last, lastStale(w, oldest))
		}
	}
	return nil
}

// write counts a write as what it was when it was asked for, and reports whether it was acknowledged.
func (m *edges) write(c history.Call, cuts []history.Call) bool {
	i := 0
	if slices.ContainsFunc(cuts, func(f history.Call) bool {
		return f.Invoke.Time <= c.Invoke.Time && (f.Complete.Index < 0 || c.Invoke.Time < f.Complete.Time)
	}) {
		i = 1
	}
	m.Writes[i]++
	if c.Complete.Type != history.OK {
		return false
	}
	m.Acked[i]++
	return true
}

// read counts a read, and reports whether it was answered.
func (m *edges) read(c history.Call) bool {
	m.Asked++
	if c.Complete.Type != history.OK {
		return false
	}
	layer, _, _ := strings.Cut(c.Complete.Output.(model.Copy).From, "/")
	m.Answered[layer]++
	return true
}

// oldestFromThenOn returns of all reads, from the last one backwards, those that returned a version older than all reads that
// began later.
func oldestFromThenOn(reads []history.Call) (oldest []history.Call) {
	for _, r := range slices.Backward(reads) { // in the order in which they began
		if n := len(oldest); n == 0 || versionOf(r) < versionOf(oldest[n-1]) {
			oldest = append(oldest, r)
		}
	}
	return oldest
}

// lastStale returns how long after a write was acknowledged the last read began that returned an older version.
func lastStale(w history.Call, oldest []history.Call) time.Duration {
	i := sort.Search(len(oldest), func(i int) bool { return versionOf(oldest[i]) < versionOf(w) })
	if i == len(oldest) {
		return 0
	}
	return max(0, oldest[i].Invoke.Time-w.Complete.Time)
}

func versionOf(c history.Call) int { return c.Complete.Output.(model.Copy).Version }

// Fill writes what was counted.
func (m *edges) Fill(row *scenarios.Row) {
	m.Staleness.Fill(row)
	fill := func(metric string, n, of int) {
		if of > 0 {
			row.Metrics[metric] = scenarios.Ratio(n, of)
		}
	}
	row.Metrics["writes"] = float64(m.Writes[0] + m.Writes[1])
	fill("write_share", m.Acked[0], m.Writes[0])
	fill("write_share_cut", m.Acked[1], m.Writes[1])
	fill("read_share", m.Reads, m.Asked)
	for _, layer := range m.Layers {
		fill("from_"+layer, m.Answered[layer], m.Reads)
	}
	if slices.Sort(m.Last); len(m.Last) > 0 {
		row.Metrics["purge_p99_ns"] = float64(m.Last[(len(m.Last)-1)*99/100])
	}
}
