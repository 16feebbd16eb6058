package quorumkv

import "github.com/capsize-go/capsize/systems/internal/dots"

// A dot names one write: the n-th, from 1, of a key that an actor coordinated. An actor is
// one life of a node, by a number that is drawn when it boots: so no dot is ever used twice,
// whatever the disk forgot. The price is a span for each life that wrote a key.
type dot = dots.Dot
