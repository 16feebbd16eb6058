package balance

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/internal/keyed"
)

// Modulo chooses by the hash of the key modulo the number of backends. One backend more gives most keys another backend.
func Modulo() Policy { return modulo{} }

type modulo struct{}

// Pick hashes the key.
func (modulo) Pick(p Pick, among []Candidate) int {
	return int(hash(p.Key) % uint64(len(among)))
}

// hash is the same in all processes.
func hash(key string) uint64 { return keyed.New(0, "hash", key).Uint64() }

// Consistent chooses by consistent hashing (Karger et al. 1997): each backend has points on a ring, and a key belongs to the first point that
// follows its hash. One backend more takes its share of the keys from the others, and moves no other key.
//
// With a bound above 1 no backend gets a request while it has more than bound times the mean number of them in flight: then the next one on the ring does
// (Mirrokni, Thorup and Zadimoghaddam 2018, "Consistent Hashing with Bounded Loads"; HAProxy's hash-balance-factor of 125 is a bound of 1.25). A bound
// of 0 stands for none.
func Consistent(bound float64) Policy { return &consistent{bound: bound} }

// ringPoints is how many points a backend of weight 1 has.
const ringPoints = 160

type consistent struct {
	bound  float64
	of     string // the candidates that the ring is of
	points []point
}

type point struct {
	at   uint64
	node string
}

// Pick walks the ring from the hash of the key on.
func (p *consistent) Pick(k Pick, among []Candidate) int {
	p.build(among)
	most := p.most(among)
	at := hash(k.Key)
	first, _ := slices.BinarySearchFunc(p.points, at, func(p point, at uint64) int {
		if p.at < at {
			return -1
		}
		return 1
	})
	for i := range p.points {
		node := p.points[(first+i)%len(p.points)].node
		if j := slices.IndexFunc(among, func(c Candidate) bool { return c.Node == node }); among[j].InFlight < most {
			return j
		}
	}
	return 0 // not reached: the mean is below the bound
}

// most returns how many requests a backend may have in flight with the one that comes.
func (p *consistent) most(among []Candidate) int {
	if p.bound == 0 {
		return math.MaxInt
	}
	all := 1
	for _, c := range among {
		all += c.InFlight
	}
	return int(math.Ceil(p.bound * float64(all) / float64(len(among))))
}

// build makes the ring anew if the candidates are not those of the last time.
func (p *consistent) build(among []Candidate) {
	var names []string
	for _, c := range among {
		names = append(names, c.Node)
	}
	of := strings.Join(names, " ")
	if of == p.of {
		return
	}
	p.of, p.points = of, nil
	for _, node := range names {
		for i := range ringPoints {
			p.points = append(p.points, point{hash(fmt.Sprint(node, "/", i)), node})
		}
	}
	slices.SortFunc(p.points, func(a, b point) int {
		if a.at < b.at {
			return -1
		}
		return 1
	})
}
