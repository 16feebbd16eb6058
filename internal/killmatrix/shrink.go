package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
)

// A shrunk is how small a failure of a bug gets.
type shrunk struct {
	Bug     string        `json:"bug"`
	Search  string        `json:"search"`
	Seed    uint64        `json:"seed"`
	Before  capsize.Size  `json:"before"`
	After   capsize.Size  `json:"after"`
	Runs    int           `json:"runs"`
	Shown   int           `json:"shown,omitempty"`   // calls of the counterexample: of a database, the transactions of the cycle
	CPU     time.Duration `json:"cpu"`               // in nanoseconds
	Stopped string        `json:"stopped,omitempty"` // by which budget, before nothing more could go
	Failed  string        `json:"failed,omitempty"`  // why it can't be minimised
}

// shrinkAll minimises the first failure of each bug under the faults that find it best, unless that was done.
func shrinkAll(ctx context.Context, bugs []bug, workers int) error {
	n, err := openNotebook(folder)
	if err != nil {
		return err
	}
	path := filepath.Join(folder, shrunkFile)
	done, err := readLines[shrunk](path)
	if err != nil {
		return err
	}
	var tasks []task
	for _, b := range bugs {
		c := n.of(b, b.Searches[0])
		if _, ok := shrunkOf(done, b, c); b.planted() && c.Found > 0 && !ok {
			tasks = append(tasks, task{Cell: c, Shrink: true})
		}
	}
	fmt.Printf("%d failures are to be minimised\n", len(tasks))
	err = inProcesses(ctx, workers, tasks, func(s shrunk) error {
		fmt.Printf("%s under %s, seed %d: from %v to %v in %d runs, %.1f s%s\n", s.Bug, s.Search, s.Seed, s.Before, s.After, s.Runs, s.CPU.Seconds(), s.Failed)
		return appendLine(path, s)
	})
	return err
}

// shrunkOf returns how small the failure of a cell got.
func shrunkOf(list []shrunk, b bug, c cell) (s shrunk, ok bool) {
	for _, x := range list {
		if x.Bug == b.id() && x.Search == c.Search && x.Seed == c.First {
			s, ok = x, true // the last one counts
		}
	}
	return s, ok
}

// shrinkOne minimises the first failure of a cell.
func shrinkOne(ctx context.Context, t *testing.T, b bug, tr search, c cell, note func(shrunk) error) error {
	test, err := tr.Test()
	if err != nil {
		return err
	}
	test.Seed = c.First
	r, err := capsize.Exec(ctx, t, test)
	if err != nil {
		return err
	}
	s := shrunk{Bug: b.id(), Search: tr.Label, Seed: c.First}
	small, err := capsize.Shrink(ctx, t, r, capsize.ShrinkOptions{})
	if ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	if err != nil {
		s.Failed = err.Error()
		return note(s)
	}
	s.Before, s.After, s.Runs, s.CPU, s.Stopped = small.Before, small.After, small.Runs, small.CPU, small.Stopped
	if small.Result.Explain(ctx); small.Result.Counterexample != nil {
		s.Shown = len(small.Result.Counterexample.Calls)
	}
	return note(s)
}
