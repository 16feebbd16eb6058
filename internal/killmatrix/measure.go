package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
)

// firstSeed is the first seed of a cell. The faults that find a bug best were chosen by what seeds from 1 on found: counts of the same seeds
// would flatter them.
const firstSeed = 10_001

// A cell counts the seeds of one search of a bug, from firstSeed on.
type cell struct {
	Bug     string        `json:"bug"`
	Search  string        `json:"search"`
	Seeds   int           `json:"seeds"`
	Found   int           `json:"found"`           // how many were invalid
	Unknown int           `json:"unknown"`         // how many were neither valid nor invalid
	First   uint64        `json:"first,omitempty"` // the first that was invalid; 0 if none was
	CPU     time.Duration `json:"cpu"`             // of all of them, in nanoseconds
	Virtual time.Duration `json:"virtual"`         // of all of them, in nanoseconds
}

// took returns how many seeds it took to find the bug first. Cells of libraries and races begin with seed 1.
func (c cell) took() int {
	if c.First < firstSeed {
		return int(c.First)
	}
	return int(c.First - firstSeed + 1)
}

// A goal says when a cell has been measured enough.
type goal struct {
	seeds int // at most
	found int // or that many of at least as many seeds
}

func (g goal) reached(c cell) bool { return c.Seeds >= g.seeds || c.Found >= g.found }

// measure goes on with a cell until the goal is reached. It notes the cell whenever runs took noteEach of processor time since
// it was noted last, and at the end.
func measure(ctx context.Context, t *testing.T, b bug, tr search, c cell, g goal, note func(cell) error) error {
	test, err := tr.Test()
	if err != nil {
		return err
	}
	noted := c
	for !g.reached(c) && ctx.Err() == nil {
		test.Seed = uint64(c.Seeds) + firstSeed
		r, err := capsize.Exec(ctx, t, test)
		if err != nil {
			return fmt.Errorf("%s under %s, seed %d: %w", b.id(), tr.Label, test.Seed, err)
		}
		if ctx.Err() != nil {
			break // an interrupt may have cut it short
		}
		c.add(r)
		if !b.planted() && r.Verdict != checker.Valid {
			fmt.Printf("%s under %s, seed %d: %v: %s\n", b.id(), tr.Label, test.Seed, r.Verdict, r.Reason)
		}
		if c.CPU-noted.CPU > noteEach {
			noted = c
			if err := note(c); err != nil {
				return err
			}
		}
	}
	if c.Seeds == noted.Seeds {
		return nil
	}
	return note(c)
}

// noteEach is how much is lost at most when a process is killed.
const noteEach = 5 * time.Second

func (c *cell) add(r *capsize.Result) {
	c.Seeds++
	c.CPU += r.CPU
	c.Virtual += r.Virtual
	switch r.Verdict {
	case checker.Invalid:
		if c.Found++; c.Found == 1 {
			c.First = r.Seed
		}
	case checker.Unknown:
		c.Unknown++
	}
}
