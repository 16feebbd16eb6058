package quorumkv

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// An inquiry asks a node for a digest.
type inquiry struct{}

// Digest returns a digest of what all replicas hold, as far as a node can reach them. No node
// holds all keys, so the node queries the others, and two nodes return
// equal digests only if all replicas of each key agree and no hint is left. A store without
// repair does not promise that, and its digests are empty.
func (s Store) Digest(ctx context.Context, h *cluster.Host, node string) (string, error) {
	if s.NoReadRepair && s.NoAntiEntropy {
		return "", nil
	}
	return cluster.Ask[string](ctx, h, node, inquiry{})
}

// surveyFor is how long a node waits for the others.
const surveyFor = 300 * time.Millisecond

// A survey collects the holdings of all nodes.
type survey struct {
	id      uint64
	m       cluster.Message
	answers []*holdings // by node; nil if it has not answered
	answer  *cluster.Timer
}

// A census requests holdings: a hash for each key, and the nodes for which there are hints.
type (
	census   struct{ survey uint64 }
	holdings struct {
		survey uint64
		keys   []string
		hashes []uint64
		owed   []int
	}
)

// survey begins a survey, and answers it when all nodes have replied or after a while.
func (n *node) survey(m cluster.Message) {
	n.next++
	s := &survey{id: n.next, m: m, answers: make([]*holdings, len(n.names))}
	n.surveys[s.id] = s
	s.answers[n.self] = n.ownHoldings(s.id)
	for i := range n.names {
		if i != n.self {
			n.send(i, &census{s.id})
		}
	}
	s.answer = n.h.AfterFunc(surveyFor, func() { n.publish(s) })
}

// ownHoldings returns the holdings of this node.
func (n *node) ownHoldings(id uint64) *holdings {
	t := &holdings{survey: id, keys: n.log.keys()}
	for _, key := range t.keys {
		t.hashes = append(t.hashes, n.log.hash(key))
	}
	for _, h := range n.log.pending() {
		if !slices.Contains(t.owed, h.home) {
			t.owed = append(t.owed, h.home)
		}
	}
	return t
}

func (n *node) holdingsArrived(from int, t *holdings) {
	if s := n.surveys[t.survey]; s != nil {
		s.answers[from] = t
		if !slices.Contains(s.answers, nil) {
			n.publish(s)
		}
	}
}

func (n *node) publish(s *survey) {
	s.answer.Stop()
	delete(n.surveys, s.id)
	s.m.Reply(n.sum(s.answers))
}

// sum returns one number for all keys if the replicas agree, and else where they differ.
func (n *node) sum(answers []*holdings) string {
	var keys, differ []string
	for i, t := range answers {
		if t == nil {
			continue
		}
		keys = append(keys, t.keys...)
		for _, home := range t.owed {
			if answers[home] != nil {
				differ = append(differ, fmt.Sprintf("%s owes %s", n.names[i], n.names[home]))
			}
		}
	}
	slices.Sort(keys)
	total := uint64(0)
	for _, key := range slices.Compact(keys) {
		var hashes []uint64
		for _, home := range n.homes(key) {
			if answers[home] != nil {
				hashes = append(hashes, answers[home].hash(key))
			}
		}
		if len(hashes) == 0 {
			continue
		}
		if total = mix(total, hashes[0]); slices.Min(hashes) != slices.Max(hashes) {
			differ = append(differ, "replicas differ in "+key)
		}
	}
	if len(differ) > 0 {
		return fmt.Sprintf("%s sees that %s", n.names[n.self], strings.Join(differ, ", "))
	}
	return fmt.Sprintf("%016x", total)
}

func (t *holdings) hash(key string) uint64 {
	if i, ok := slices.BinarySearch(t.keys, key); ok {
		return t.hashes[i]
	}
	return 0
}
