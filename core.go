package capsize

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/keyed"
)

// A core is the majority of nodes that works after the faults, when not all do,
// and what it made of that. Healing all hides what a node does to the others that
// is half alive: Cloudflare lost a day to one that its peers could not hear.
// https://blog.cloudflare.com/a-byzantine-failure-in-the-real-world/
type core struct {
	nodes   []string // none if all nodes work again
	frozen  string   // what is wrong with the others
	changes uint64   // of the leader, in the second half of the time to settle
}

// mostChanges is how many leaders a core may lose in the second half of its time
// to settle: by then it should have one that stays.
const mostChanges = 1

// slowness is what a frozen node's links take longer, if it is slow.
const slowness = 50 * time.Millisecond

// freeze leaves a random majority healed, and each of the other nodes dead, deaf,
// mute or slow.
func (e *engine) freeze(w *cluster.Cluster) {
	nodes := w.Nodes()
	r := keyed.New(e.seed, "core").Rand()
	r.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	quorum := len(nodes)/2 + 1
	e.core.nodes = slices.Sorted(slices.Values(nodes[:quorum]))
	var frozen []string
	for _, node := range nodes[quorum:] {
		states := []string{"dead", "deaf", "mute", "slow"}
		state := states[r.IntN(len(states))]
		freezeNode(w, node, state)
		frozen = append(frozen, node+" "+state)
	}
	e.core.frozen = strings.Join(frozen, ", ")
	e.record(history.Op{Process: history.Nemesis, Type: history.Invoke, Key: frozenKey, Input: "frozen: " + e.core.frozen})
}

// frozenKey is the key of what is frozen, among the steps of the nemesis.
const frozenKey = "frozen"

func freezeNode(w *cluster.Cluster, node, state string) {
	if state == "dead" {
		w.Crash(node)
		return
	}
	for _, other := range w.Hosts() {
		switch {
		case other == node:
		case state == "deaf":
			w.Cut(other, node)
		case state == "mute":
			w.Cut(node, other)
		case state == "slow":
			w.Slow(other, node, slowness)
			w.Slow(node, other, slowness)
		}
	}
}

// settle lets the time pass in which all has to work again, and counts how often
// the leader changes in the second half of it.
func (e *engine) settle(w *cluster.Cluster) {
	half := e.test.Settle / 2
	e.sleep(half)
	before := w.Stats().LeaderChanges
	e.sleep(e.test.Settle - half)
	e.core.changes = w.Stats().LeaderChanges - before
}

// thaw heals what is frozen, and waits for as long as after the faults: what the
// clients ask in the end is for all nodes.
func (e *engine) thaw(w *cluster.Cluster) {
	if e.core.nodes == nil {
		return
	}
	w.Heal()
	e.record(history.Op{Process: history.Nemesis, Type: history.OK, Key: frozenKey})
	if e.test.Workload.Final != nil {
		e.sleep(e.test.Settle)
	}
}

// has reports whether a node is to work after the faults.
func (c core) has(node string) bool {
	return c.nodes == nil || slices.Contains(c.nodes, node)
}

// but says which nodes do not work after the faults, where it matters.
func (c core) but() string {
	if c.nodes == nil {
		return ""
	}
	return fmt.Sprintf(" of the core %s (%s)", strings.Join(c.nodes, " "), c.frozen)
}

// restless returns why a core is not at rest, if it is not.
func (c core) restless() string {
	if c.nodes == nil || c.changes <= mostChanges {
		return ""
	}
	return fmt.Sprintf("the leader changed %d times in the second half of the time to settle, though nothing was wrong with any node%s", c.changes, c.but())
}
