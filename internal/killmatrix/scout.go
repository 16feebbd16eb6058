package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/capsize-go/capsize/catalog/systems"
)

// scout looks for bugs of the catalog under each of its nemeses, and prints which find them, those first that take least processor time.
func scout(ctx context.Context, bugs []bug, s settings) error {
	for _, b := range bugs {
		if _, err := systems.Find(b.System); err != nil || !b.planted() {
			continue
		}
		var tasks []task
		for _, n := range systems.Nemeses() {
			tasks = append(tasks, task{Cell: cell{Bug: b.id(), Search: n.Name + s.scout}, Seeds: s.goal.seeds, Found: s.goal.found})
		}
		var mu sync.Mutex
		cells := map[string]cell{}
		err := inProcesses(ctx, s.workers, tasks, func(c cell) error {
			mu.Lock()
			defer mu.Unlock()
			cells[c.Search] = c
			return nil
		})
		if err != nil {
			return err
		}
		var found []cell
		for _, x := range tasks {
			if c := cells[x.Cell.Search]; c.Found > 0 {
				found = append(found, c)
			}
		}
		slices.SortStableFunc(found, func(a, b cell) int { return cmp.Compare(a.each(), b.each()) })
		for _, c := range found {
			fmt.Printf("%s under %s: %d of %d, %.2f s of processor time for each\n", c.Bug, c.Search, c.Found, c.Seeds, c.each())
		}
		if len(found) == 0 {
			fmt.Printf("%s: nothing finds it\n", b.id())
		}
	}
	return nil
}

// each returns how many seconds of processor time an invalid run took.
func (c cell) each() float64 { return c.CPU.Seconds() / float64(max(1, c.Found)) }
