package quorumkv

import "slices"

// Two replicas compare what they both are to hold by Merkle trees (Merkle 1987; Dynamo §4.7):
// equal roots say that all is equal, and otherwise they go down where the hashes differ, so
// that what they send each other grows with what differs and not with what they hold. A leaf stands for the
// keys in one part of the circle.
const (
	fanout = 16
	depth  = 2 // of the leaves
	leaves = fanout * fanout
)

// A tree has its hashes by depth. What holds nothing is 0.
type tree struct {
	levels  [depth + 1][]uint64
	changes uint64 // of the storage, when it was made
}

// leafAt returns the leaf that the keys at a place on the circle belong to.
func leafAt(place uint64) int { return int(place >> 56) }

func newTree() *tree {
	return &tree{levels: [...][]uint64{make([]uint64, 1), make([]uint64, fanout), make([]uint64, leaves)}}
}

// grow makes it the tree of some keys, each of which has a place and a hash.
func (t *tree) grow(keys []string, of func(key string) (place, hash uint64)) *tree {
	for _, level := range t.levels {
		clear(level)
	}
	for _, key := range keys {
		place, hash := of(key)
		at := &t.levels[depth][leafAt(place)]
		*at = mix(*at, hash)
	}
	for level := depth - 1; level >= 0; level-- {
		for i, h := range t.levels[level+1] {
			if h != 0 {
				at := &t.levels[level][i/fanout]
				*at = mix(mix(*at, uint64(i)+1), h)
			}
		}
	}
	return t
}

// mix hashes two numbers, by the finalizer of splitmix64 (Steele, Lea and Flood 2014).
func mix(x, y uint64) uint64 {
	x = x*0x9fb21c651e98df25 + y + 0x9e3779b97f4a7c15
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// A probe has the hashes of some places of the tree, all at one level.
type probe struct {
	level  int
	places []int
	hashes []uint64
}

// A bucket has all that a node holds in some leaves. Its receiver merges that, and sends
// back, once, what it has on top.
type bucket struct {
	leaves  []int
	keys    []string
	objects []object
	final   bool
}

// compare begins to compare trees with one peer; the peers come by turns.
func (n *node) compare(turn int) {
	if len(n.names) < 2 {
		return
	}
	peer := (n.self + 1 + turn%(len(n.names)-1)) % len(n.names)
	n.send(peer, &probe{0, []int{0}, slices.Clone(n.tree(peer).levels[0])})
}

// tree returns the tree of what this node and a peer are both to hold.
func (n *node) tree(peer int) *tree {
	t := n.trees[peer]
	switch {
	case t == nil:
		t = newTree()
		n.trees[peer] = t
	case t.changes == n.log.changes:
		return t
	}
	t.changes = n.log.changes
	return t.grow(n.shared(peer), func(key string) (place, hash uint64) { return n.ring.of(key).at, n.log.hash(key) })
}

// shared returns the keys that this node has and both are homes of, until it is called again.
func (n *node) shared(peer int) []string {
	homes := n.homes
	if n.store.Bugs&CoarseRanges != 0 {
		homes = func(key string) []int { return n.ring.walk(place(key) | (1<<60 - 1))[:n.store.N] }
	}
	n.keys = n.keys[:0]
	for _, key := range n.log.keys() {
		if slices.Contains(homes(key), peer) {
			n.keys = append(n.keys, key)
		}
	}
	return n.keys
}

// probed compares hashes of a peer, and answers with those one level down where they
// differ; at the leaves, with what they hold.
func (n *node) probed(peer int, p *probe) {
	t := n.tree(peer)
	var differ []int
	for i, at := range p.places {
		if t.levels[p.level][at] != p.hashes[i] {
			differ = append(differ, at)
		}
	}
	switch {
	case len(differ) == 0:
	case p.level == depth:
		n.send(peer, n.bucket(peer, differ))
	default:
		down := &probe{level: p.level + 1}
		for _, at := range differ {
			for i := at * fanout; i < (at+1)*fanout; i++ {
				down.places = append(down.places, i)
				down.hashes = append(down.hashes, t.levels[p.level+1][i])
			}
		}
		n.send(peer, down)
	}
}

// bucket returns what the node holds in some leaves of the tree that it shares with a peer.
func (n *node) bucket(peer int, leaves []int) *bucket {
	b := &bucket{leaves: leaves}
	for _, key := range n.shared(peer) {
		if slices.Contains(leaves, leafAt(n.ring.of(key).at)) {
			b.keys, b.objects = append(b.keys, key), append(b.objects, n.log.objects[key])
		}
	}
	return b
}

// fill takes in what a peer has, and gives back what the peer lacks.
func (n *node) fill(peer int, b *bucket) {
	for i, key := range b.keys {
		if n.accept(&write{key: key, object: b.objects[i], home: n.self}) {
			n.h.Count("anti-entropy")
		}
	}
	if b.final {
		return
	}
	back := n.bucket(peer, b.leaves)
	back.final = true
	for i := len(back.keys) - 1; i >= 0; i-- {
		j, ok := slices.BinarySearch(b.keys, back.keys[i])
		if ok && b.objects[j].equal(back.objects[i]) {
			back.keys, back.objects = slices.Delete(back.keys, i, i+1), slices.Delete(back.objects, i, i+1)
		}
	}
	if len(back.keys) > 0 {
		n.send(peer, back)
	}
}
