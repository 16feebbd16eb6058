package quorumkv

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/internal/sorting"
)

// A ring says which nodes hold a key, by consistent hashing (Karger et al. 1997): each node
// stands on a circle at several points, and a key belongs to those that follow its own
// point. So a node that comes or goes moves only its neighbours' keys, and with many points
// it shares its load with all.
type ring struct {
	points []point
	nodes  int
	known  map[string]placed // the keys that were asked for
}

// A placed key stands somewhere on the circle, which says in which order the nodes are to hold it.
type placed struct {
	at   uint64
	list []int
}

type point struct {
	at   uint64
	node int
}

// newRing places each node at the hashes of its name with a number.
func newRing(nodes []string, points int) *ring {
	r := &ring{nodes: len(nodes), known: map[string]placed{}}
	for i, name := range nodes {
		for v := range points {
			r.points = append(r.points, point{place(fmt.Sprintf("%s/%d", name, v)), i})
		}
	}
	sorting.Func(r.points, func(a, b point) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.node, b.node))
	})
	return r
}

// place returns where a name stands on the circle.
func place(name string) uint64 {
	sum := sha256.Sum256([]byte(name))
	return binary.BigEndian.Uint64(sum[:])
}

// preference returns all nodes in the order in which they are to hold the key: its
// homes come first, and then those that stand in for them.
func (r *ring) preference(key string) []int {
	return r.of(key).list
}

func (r *ring) of(key string) placed {
	p, ok := r.known[key]
	if !ok {
		p.at = place(key)
		p.list = r.walk(p.at)
		r.known[key] = p
	}
	return p
}

// walk returns all nodes in the order in which their points follow a place.
func (r *ring) walk(at uint64) (list []int) {
	first, _ := slices.BinarySearchFunc(r.points, at, func(p point, at uint64) int { return cmp.Compare(p.at, at) })
	for i := range r.points {
		node := r.points[(first+i)%len(r.points)].node
		if !slices.Contains(list, node) {
			list = append(list, node)
		}
	}
	return list
}
