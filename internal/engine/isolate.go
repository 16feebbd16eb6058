package engine

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/capsize-go/capsize/internal/sorting"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
)

// electionRounds is how many election timeouts a cluster has until it is quiescent: one
// to notice that no leader is there, and others for votes that are split.
const electionRounds = 4

// A Core is the set of nodes that must make progress after the faults. With
// [Config.Core] that is a majority drawn at random, and all others are isolated, each
// in a way of its own: what is left of a cluster that never heals must work on,
// whatever the rest does. The idea is TigerBeetle's, whose simulator judges
// liveness so.
type Core struct {
	Nodes    []string          // in the order of their names
	isolated map[string]string // the others, and how they are isolated
	restore  []func()
	Bound    time.Duration // within which the core must be at rest

	LateElections uint64 // leaders that were elected from the end of the bound until the clients stopped

	Digests []string // of the states of the nodes, in their order, when the clients had stopped
	silent  bool     // some node returned none
}

// The ways in which a node is isolated.
const (
	down      = "down"
	noReceive = "no-receive" // it sends, and receives nothing
	noSend    = "no-send"    // it receives, and no node receives what it sends
	slow      = "slow"       // whatever it sends and hears takes seconds
)

// isolate draws the core and isolates the others. Without [Config.Core] the core is
// everybody.
func (e *engine) isolate(w *cluster.Cluster) {
	c := &Core{Nodes: w.Nodes(), isolated: map[string]string{}, Bound: e.config.Settle}
	e.core = c
	if t, ok := e.config.System.(cluster.Electing); ok {
		c.Bound = electionRounds*t.ElectionTimeout() + e.config.Timeout // of what was asked before the heal
	}
	if !e.config.Core {
		c.Bound = min(c.Bound, e.config.Settle)
		return
	}
	key := keyed.New(e.config.Seed, drawCore)
	rest := w.Nodes()
	key.Rand().Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	// A node whose disk broke a promise may be no voter yet. They are a minority.
	sorting.Stable(rest, func(a, b string) int { return cmp.Compare(damaged(w, a), damaged(w, b)) })
	quorum := len(rest)/2 + 1
	c.Nodes, rest = rest[:quorum], rest[quorum:]
	sorting.Ordered(c.Nodes)
	for _, name := range rest {
		ways := []string{down, noReceive, noSend, slow}
		c.isolated[name] = ways[key.With(name).Range(0, int64(len(ways)))]
		c.restore = append(c.restore, isolateNode(w, name, c.isolated[name])...)
	}
}

func damaged(w *cluster.Cluster, node string) int {
	if w.Damaged(node) {
		return 1
	}
	return 0
}

func isolateNode(w *cluster.Cluster, name, how string) (restore []func()) {
	if how == down {
		w.Crash(name)
		return []func(){func() { w.Restart(name) }}
	}
	for _, other := range w.Nodes() {
		switch {
		case other == name:
		case how == noReceive:
			restore = append(restore, w.Cut(other, name))
		case how == noSend:
			restore = append(restore, w.Cut(name, other))
		default:
			restore = append(restore, w.Slow(other, name, time.Second), w.Slow(name, other, 2*time.Second))
		}
	}
	return restore
}

// awaitQuiescence waits until the cluster is quiescent, and sees whether it stays so.
func (e *engine) awaitQuiescence(w *cluster.Cluster) {
	c := e.core
	rest := e.config.Settle - c.Bound
	if e.config.Core {
		rest = max(rest, c.Bound/2)
	}
	e.sleep(c.Bound)
	before := w.Stats().Elections
	e.sleep(rest)
	c.LateElections = w.Stats().Elections - before
}

// restore ends the isolation, so that all nodes can be asked in the end.
func (e *engine) restore(w *cluster.Cluster) {
	for _, undo := range e.core.restore {
		undo()
	}
	if len(e.core.restore) > 0 {
		e.sleep(e.core.Bound)
	}
}

// String says what was healed, and which nodes are isolated and how: the end of a sentence after "after".
func (c *Core) String() string {
	if len(c.isolated) == 0 {
		return "the last fault was healed"
	}
	var names []string
	for name, how := range c.isolated { // order: sorted below
		names = append(names, name+" "+how)
	}
	sorting.Ordered(names)
	return fmt.Sprintf("%s were healed and the others isolated: %s", strings.Join(c.Nodes, " "), strings.Join(names, ", "))
}
