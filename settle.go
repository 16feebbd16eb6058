package capsize

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/keyed"
)

// elections is how many election timeouts a cluster has to come to rest in: one
// to notice that no leader is there, and others for votes that are split.
const elections = 4

// A core is who is held to make progress in the second phase of a run. With
// [Test.Core] that is a majority drawn at random, and all others are frozen, each
// in a way of its own: what is left of a cluster that never heals must work on,
// whatever the rest does. The idea is TigerBeetle's, whose simulator judges
// liveness so.
type core struct {
	nodes  []string          // in the order of their names
	frozen map[string]string // the others, and how they are frozen
	thaw   []func()
	bound  time.Duration // within which the core must be at rest

	leaders uint64 // that were elected since the heal, when the bound was over
	unrest  uint64 // that were elected from then until the clients stopped

	digests []string // of the states of the nodes, in their order, when the clients had stopped
	silent  bool     // some node told none
}

// The ways in which a node is frozen.
const (
	dead = "dead" // it is down
	deaf = "deaf" // it sends, and hears nothing
	mute = "mute" // it hears, and nobody hears it
	late = "slow" // whatever it sends and hears takes seconds
)

// freeze draws the core and freezes the others. Without [Test.Core] the core is
// everybody.
func (e *engine) freeze(w *cluster.Cluster) {
	c := &core{nodes: w.Nodes(), frozen: map[string]string{}, bound: e.test.Settle}
	e.core = c
	if t, ok := e.test.System.(cluster.Electing); ok {
		c.bound = elections*t.ElectionTimeout() + e.test.Timeout // of what was asked before the heal
	}
	if !e.test.Core {
		c.bound = min(c.bound, e.test.Settle)
		return
	}
	key := keyed.New(e.seed, "core")
	rest := w.Nodes()
	key.Rand().Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	// A node whose disk broke a promise may be no voter yet. They are a minority.
	slices.SortStableFunc(rest, func(a, b string) int { return cmp.Compare(damaged(w, a), damaged(w, b)) })
	quorum := len(rest)/2 + 1
	c.nodes, rest = rest[:quorum], rest[quorum:]
	slices.Sort(c.nodes)
	for _, name := range rest {
		ways := []string{dead, deaf, mute, late}
		c.frozen[name] = ways[key.With(name).Range(0, int64(len(ways)))]
		c.thaw = append(c.thaw, freezeNode(w, name, c.frozen[name])...)
	}
}

func damaged(w *cluster.Cluster, node string) int {
	if w.Damaged(node) {
		return 1
	}
	return 0
}

func freezeNode(w *cluster.Cluster, name, how string) (thaw []func()) {
	if how == dead {
		w.Crash(name)
		return []func(){func() { w.Restart(name) }}
	}
	for _, other := range w.Nodes() {
		switch {
		case other == name:
		case how == deaf:
			thaw = append(thaw, w.Cut(other, name))
		case how == mute:
			thaw = append(thaw, w.Cut(name, other))
		default:
			thaw = append(thaw, w.Slow(other, name, time.Second), w.Slow(name, other, 2*time.Second))
		}
	}
	return thaw
}

// settle lets the cluster come to rest, and sees whether it stays so.
func (e *engine) settle(w *cluster.Cluster) {
	c := e.core
	rest := e.test.Settle - c.bound
	if e.test.Core {
		rest = max(rest, c.bound/2)
	}
	before := w.Stats().Elections
	e.sleep(c.bound)
	atRest := w.Stats().Elections
	e.sleep(rest)
	c.leaders, c.unrest = atRest-before, w.Stats().Elections-atRest
}

// melt ends the freeze, so that all nodes can be asked in the end.
func (e *engine) melt(w *cluster.Cluster) {
	for _, thaw := range e.core.thaw {
		thaw()
	}
	if len(e.core.thaw) > 0 {
		e.sleep(e.core.bound)
	}
}

// String says what was healed, and who is frozen and how: the end of a sentence after "after".
func (c *core) String() string {
	if len(c.frozen) == 0 {
		return "the last fault was healed"
	}
	var names []string
	for name, how := range c.frozen { // order: sorted below
		names = append(names, name+" "+how)
	}
	slices.Sort(names)
	return fmt.Sprintf("%s were healed and the others frozen: %s", strings.Join(c.nodes, " "), strings.Join(names, ", "))
}

// checkProgress is the liveness check: once the faults are healed, operations
// must succeed at every node of the core that has clients, within the bound; and
// no leader must be elected any more after it.
func checkProgress(r *Result) checker.Result {
	c := checker.Result{Checker: "progress", Broken: "no progress after the faults"}
	if r.Stopped != nil || r.core == nil {
		c.Verdict, c.Reason = checker.Unknown, "the run was cut short before the faults were healed"
		return c
	}
	first, asked := firstAnswers(r)
	slowest := time.Duration(0)
	for i := range min(r.Test.Nodes, r.Test.Clients) {
		node := fmt.Sprint("n", i+1)
		if !slices.Contains(r.core.nodes, node) {
			continue
		}
		d, ok := first[node]
		if !ok {
			d = math.MaxInt64
		}
		if d > r.core.bound {
			what, why := fmt.Sprintf("no operation at %s succeeded", node), ""
			if _, ok := asked[node]; !ok {
				what = fmt.Sprintf("no client got through to %s", node)
				if x, ok := r.refusalAt(node); ok {
					why = fmt.Sprintf(": Open returned %q", x.said)
				}
			}
			c.Verdict, c.Reason = checker.Invalid, fmt.Sprintf("%s within %v after %v%s", what, r.core.bound, r.core, why)
			return c
		}
		slowest = max(slowest, d)
	}
	if r.core.unrest > 0 {
		c.Verdict, c.Broken = checker.Invalid, "elections do not end"
		c.Reason = fmt.Sprintf("elections do not end: %d more leaders were elected later than %v after %v", r.core.unrest, r.core.bound, r.core)
		return c
	}
	c.Reason = fmt.Sprintf("every node answered within %v after %v", slowest.Round(time.Millisecond), r.core)
	return c
}

// firstAnswers returns by node how long after the heal an operation that was
// invoked after it succeeded first, and when one was first invoked. Where no call was open
// within the bound, as with few clients that ask seldom, time counts from the first invocation:
// who was not asked can't have answered.
func firstAnswers(r *Result) (first, asked map[string]time.Duration) {
	first, asked = map[string]time.Duration{}, map[string]time.Duration{}
	busy := map[string]bool{}
	for call := range r.History.Calls() {
		node := call.Invoke.Node
		busy[node] = busy[node] || call.Invoke.Time <= r.healed+r.core.bound && call.Complete.Time >= r.healed
		if call.Invoke.Time < r.healed {
			continue
		}
		if _, ok := asked[node]; !ok {
			asked[node] = call.Invoke.Time
		}
		if _, ok := first[node]; !ok && call.Complete.Type == history.OK {
			from := r.healed
			if !busy[node] {
				from = asked[node]
			}
			first[node] = call.Complete.Time - from
		}
	}
	return first, asked
}
