// Package keyed draws random numbers by coordinates.
//
// A draw from a shared stream depends on all draws before it. A keyed draw depends
// only on its key: the seed, the link, the
// millisecond. Without one message, fault or operation the draws of all others
// are the same; so a run is repeatable, and a plan can be minimised.
// This is the only package that makes a [rand.Rand].
package keyed

import (
	"encoding/binary"
	"math/rand/v2"
)

// A Key names one source of draws. Keys are made from a seed by [Key.With] and
// [Key.Int], and are values: cheap, comparable and safe to share.
type Key uint64

// New returns the key of a seed, narrowed by parts.
func New(seed uint64, parts ...string) Key {
	return Key(mix(seed ^ 0x9e3779b97f4a7c15)).With(parts...)
}

// With narrows the key by names: New(1).With("link", "n1", "n2").
func (k Key) With(parts ...string) Key {
	for _, p := range parts {
		h := uint64(k) ^ uint64(len(p))
		for len(p) >= 8 {
			h = mix(h ^ binary.LittleEndian.Uint64([]byte(p[:8])))
			p = p[8:]
		}
		var tail [8]byte
		copy(tail[:], p)
		k = Key(mix(h ^ binary.LittleEndian.Uint64(tail[:])))
	}
	return k
}

// Int narrows the key by numbers: a term, a bucket of time, the index of an op.
func (k Key) Int(parts ...int64) Key {
	for _, p := range parts {
		// Multiplied, a key can't change places with what narrows it.
		k = Key(mix(uint64(k)*0x9fb21c651e98df25 ^ mix(uint64(p)+0x9e3779b97f4a7c15)))
	}
	return k
}

// Uint64 returns the key's draw: 64 random bits, always the same.
func (k Key) Uint64() uint64 { return mix(uint64(k) ^ 0xd1b54a32d192ed03) }

// Float64 returns the key's draw as a number in [0, 1).
func (k Key) Float64() float64 { return float64(k.Uint64()>>11) / (1 << 53) }

// Range returns the key's draw as an integer in [lo, hi). It returns lo when the
// range is empty.
func (k Key) Range(lo, hi int64) int64 {
	if hi <= lo {
		return lo
	}
	return lo + int64(k.Uint64()%uint64(hi-lo))
}

// Rand returns a generator that is seeded by the key, for code that needs
// several draws. Its first draw depends on the key alone, and later ones also on the
// draws before: it must not be shared.
func (k Key) Rand() *rand.Rand {
	return rand.New(rand.NewPCG(uint64(k), k.Uint64()))
}

// mix is the finalizer of splitmix64 (Steele, Lea & Flood 2014).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
