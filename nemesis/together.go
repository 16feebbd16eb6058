package nemesis

import (
	"cmp"
	"strings"
	"time"

	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/internal/sorting"
)

// A Part is one nemesis of several that are active at once.
type Part struct {
	Number int    // the IDs of its steps begin after this many millions; unique among the parts
	Name   string // draws its times and choices
	Nemesis
}

// idsOfPart is how many steps one part may have, before their IDs would run into
// those of the next.
const idsOfPart = 1_000_000

// Together combines several nemeses. Each keeps the times and choices
// that its name and number draw, independent of the others.
func Together(parts ...Part) Nemesis { return together(parts) }

type together []Part

func (t together) String() string {
	var names []string
	for _, p := range t {
		names = append(names, p.Nemesis.String())
	}
	return strings.Join(names, " + ")
}

// Plan merges the plans of the parts. Each part draws from a seed of its own.
func (t together) Plan(seed uint64, d time.Duration) Plan {
	var all Plan
	for _, p := range t {
		for _, s := range p.Nemesis.Plan(keyed.New(seed, "mix", p.Name).Uint64(), d) {
			s.ID += p.Number * idsOfPart
			all = append(all, s)
		}
	}
	return inOrder(all)
}

// inOrder sorts the steps by their times.
func inOrder(p Plan) Plan {
	sorting.Stable(p, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	return p
}
