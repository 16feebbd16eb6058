package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
)

// A floor is the most seeds, from 1 on, that a bug may take under the faults that find it best.
type floor struct {
	Bug   string `json:"bug"`
	Seeds int    `json:"seeds"`
}

// missed is the chance that a bug takes more seeds than its floor, once all draws have changed and nothing else.
const missed = 0.001

// floorOf returns the floor of a bug that was measured: the number of seeds in which it is missed with a chance of one in a thousand, at the lowest chance
// that the measurement allows for a seed to find it.
func floorOf(c cell) int {
	return max(c.took(), int(seedsFor(chanceOf(c.Found, c.Seeds).low, 1-missed)))
}

// setFloors writes the floors of all bugs that were measured.
func setFloors(dir string) error {
	n, err := openNotebook(dir)
	if err != nil {
		return err
	}
	var floors []floor
	for _, b := range all() {
		if c := n.of(b, b.Searches[0]); b.planted() && c.Found > 0 {
			floors = append(floors, floor{b.id(), floorOf(c)})
		}
	}
	data, err := json.MarshalIndent(floors, "", "\t")
	if err != nil {
		return fmt.Errorf("write floors: %w", err)
	}
	return writeFile(filepath.Join(dir, floorsFile), append(data, '\n'))
}

func readFloors(dir string) (map[string]int, error) {
	path := filepath.Join(dir, floorsFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read floors: %w", err)
	}
	var list []floor
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("read floors: %s: %w", path, err)
	}
	floors := map[string]int{}
	for _, f := range list {
		floors[f.Bug] = f.Seeds
	}
	return floors, nil
}

// A patrol is a bug that is to be found within its floor.
type patrol struct {
	bug   bug
	most  int
	takes time.Duration // processor time until the first seed that finds it, as it was measured
}

// patrols lists the bugs that are checked, those first that take least. With a budget it ends before they take more together.
func patrols(dir, list string, budget time.Duration) (kept []patrol, left int, err error) {
	n, err := openNotebook(dir)
	if err != nil {
		return nil, 0, err
	}
	floors, err := readFloors(dir)
	if err != nil {
		return nil, 0, err
	}
	bugs, err := find(list)
	if err != nil {
		return nil, 0, err
	}
	for _, b := range bugs {
		c := n.of(b, b.Searches[0])
		if most, ok := floors[b.id()]; ok && c.Seeds > 0 {
			kept = append(kept, patrol{b, most, c.CPU / time.Duration(c.Seeds) * time.Duration(c.took())})
		} else if b.planted() {
			left++
		}
	}
	slices.SortStableFunc(kept, func(a, b patrol) int { return cmp.Compare(a.takes, b.takes) })
	sum := time.Duration(0)
	for i, p := range kept {
		if sum += p.takes; budget > 0 && sum > budget {
			return kept[:i], left + len(kept) - i, nil
		}
	}
	return kept, left, nil
}

// checkFloors fails if a bug is not found within as many seeds as its floor says.
func checkFloors(ctx context.Context, t *testing.T, dir, list string, cpu float64) error {
	bugs, left, err := patrols(dir, list, time.Duration(cpu*float64(time.Second)))
	if err != nil {
		return err
	}
	var lost []error
	most := 0
	for _, p := range bugs {
		seed, err := p.find(ctx, t)
		if err != nil {
			lost = append(lost, err)
			continue
		}
		most = max(most, int(seed))
	}
	fmt.Printf("%d of %d bugs are found within their floors, none by a seed above %d; %d are left out\n", len(bugs)-len(lost), len(bugs), most, left)
	return errors.Join(lost...)
}

// find returns the first seed that finds the bug.
func (p patrol) find(ctx context.Context, t *testing.T) (uint64, error) {
	tr := p.bug.Searches[0]
	test, err := tr.Test()
	if err != nil {
		return 0, err
	}
	for test.Seed = 1; test.Seed <= uint64(p.most); test.Seed++ {
		r, err := capsize.Exec(ctx, t, test)
		if err != nil {
			return 0, err
		}
		if r.Verdict == checker.Invalid {
			return test.Seed, nil
		}
	}
	return 0, fmt.Errorf("%s: none of the seeds 1 to %d finds it under %s, and its floor in %s says that one does: %s",
		p.bug.id(), p.most, tr.Label, floorsFile, tr.Command(1))
}

// tiers are the numbers of seeds within which bugs are found.
var tiers = []float64{10, 100, 1000, 10_000, math.Inf(1)}
