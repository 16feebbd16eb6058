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
// holds all keys, so it is not of the node alone: it asks the others, and two nodes tell
// the same only if all replicas of each key agree and nothing is left to be handed over. A store that
// repairs nothing does not promise that they will, and all its nodes tell the same.
func (s Store) Digest(ctx context.Context, h *cluster.Host, node string) (string, error) {
	if s.NoReadRepair && s.NoAntiEntropy {
		return "", nil
	}
	return cluster.Ask[string](ctx, h, node, inquiry{})
}

// surveyFor is how long a node waits for the others.
const surveyFor = 300 * time.Millisecond

// A survey asks all nodes what they hold.
type survey struct {
	id     uint64
	m      cluster.Message
	told   []*holdings // by node; nil if it has not answered
	answer *cluster.Timer
}

// A census asks for holdings: a hash for each key, and who is still to be handed something.
type (
	census   struct{ survey uint64 }
	holdings struct {
		survey uint64
		keys   []string
		hashes []uint64
		owed   []int
	}
)

func (n *node) survey(m cluster.Message) {
	n.next++
	s := &survey{id: n.next, m: m, told: make([]*holdings, len(n.names))}
	n.surveys[s.id] = s
	s.told[n.self] = n.tell(s.id)
	for i := range n.names {
		if i != n.self {
			n.send(i, &census{s.id})
		}
	}
	s.answer = n.h.AfterFunc(surveyFor, func() { n.publish(s) })
}

// tell returns what this node holds.
func (n *node) tell(id uint64) *holdings {
	t := &holdings{survey: id, keys: n.log.keys()}
	for _, key := range t.keys {
		t.hashes = append(t.hashes, n.log.objects[key].hash(key))
	}
	for _, h := range n.log.pending() {
		if !slices.Contains(t.owed, h.home) {
			t.owed = append(t.owed, h.home)
		}
	}
	return t
}

func (n *node) told(from int, t *holdings) {
	if s := n.surveys[t.survey]; s != nil {
		s.told[from] = t
		if !slices.Contains(s.told, nil) {
			n.publish(s)
		}
	}
}

func (n *node) publish(s *survey) {
	s.answer.Stop()
	delete(n.surveys, s.id)
	s.m.Reply(n.sum(s.told))
}

// sum returns one number for all if the replicas agree, and who does not if they don't.
func (n *node) sum(told []*holdings) string {
	var keys, differ []string
	for i, t := range told {
		if t == nil {
			continue
		}
		keys = append(keys, t.keys...)
		for _, home := range t.owed {
			if told[home] != nil {
				differ = append(differ, fmt.Sprintf("%s owes %s", n.names[i], n.names[home]))
			}
		}
	}
	slices.Sort(keys)
	total := uint64(0)
	for _, key := range slices.Compact(keys) {
		var hashes []uint64
		for _, home := range n.homes(key) {
			if told[home] != nil {
				hashes = append(hashes, told[home].hash(key))
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
