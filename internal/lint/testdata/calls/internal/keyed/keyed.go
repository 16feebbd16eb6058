// Package keyed is where random sources are made.
package keyed

import "math/rand/v2"

// New returns a source.
func New(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
