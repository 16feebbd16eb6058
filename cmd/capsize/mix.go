package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/nemesis"
)

// A mix is several nemeses at once. Each keeps the times and choices that it
// draws whatever others it is mixed with.
type mix []part

// A part is one nemesis of a mix.
type part struct {
	number int // in the catalogue
	name   string
	nemesis.Nemesis
}

// idsOfPart is how many steps one part of a mix may have, before the IDs of its
// steps would run into those of the next.
const idsOfPart = 1_000_000

// String names the parts.
func (m mix) String() string {
	var names []string
	for _, p := range m {
		names = append(names, p.Nemesis.String())
	}
	return strings.Join(names, " + ")
}

// Plan returns the steps of all parts, in order of their times.
func (m mix) Plan(seed uint64, d time.Duration) nemesis.Plan {
	var all nemesis.Plan
	for _, p := range m {
		for _, s := range p.Nemesis.Plan(keyed.New(seed, "mix", p.name).Uint64(), d) {
			s.ID += p.number * idsOfPart
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b nemesis.Step) int { return cmp.Compare(a.At, b.At) })
	return all
}
