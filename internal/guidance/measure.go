package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/cputime"
	"github.com/capsize-go/capsize/internal/hunt/guide"
)

// A campaign is a hunt until its first find, or until its time or its runs are over.
type campaign struct {
	Target   string        `json:"target"`
	Arm      string        `json:"arm"`
	Campaign uint64        `json:"campaign"` // draws its seeds
	Runs     int           `json:"runs"`
	Finds    int           `json:"finds"`             // at most one, unless the campaign goes on; several that have one parent count once
	Mutated  int           `json:"mutated,omitempty"` // of these, of mutated plans
	All      int           `json:"all"`               // finds, each counted
	How      []string      `json:"how,omitempty"`     // of each: its seed, parents and mutations
	CPU      time.Duration `json:"cpu"`
	Features int           `json:"features,omitempty"` // that were seen
}

// A cell is a target and an arm at work.
type cell struct {
	target target
	arm    arm
	test   capsize.Test
	used   time.Duration

	now     campaign
	corpus  *guide.Corpus
	parents map[int]bool // whose descendants were finds
}

// measure runs all cells by turns until each has had its processor time.
func measure(ctx context.Context, t *testing.T, s settings) error {
	out := os.Stdout
	if s.into != "" {
		var err error
		if out, err = os.OpenFile(s.into, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
			return fmt.Errorf("file of the campaigns: %w", err)
		}
		defer out.Close()
	}
	var cells []*cell
	for _, g := range s.targets {
		test, err := g.test()
		if err != nil {
			return err
		}
		for _, a := range s.arms {
			cells = append(cells, &cell{target: g, arm: a, test: test, now: campaign{Campaign: s.first}})
		}
	}
	for turn := s.slice; ; turn += s.slice {
		for _, c := range cells {
			for c.used < min(turn, s.cpu) {
				if err := c.step(ctx, t, s, out); err != nil {
					return err
				}
			}
		}
		if turn >= s.cpu {
			break
		}
	}
	for _, c := range cells {
		if err := c.end(out); err != nil {
			return err
		}
	}
	return nil
}

// step makes one run, and notes the campaign if that has ended.
func (c *cell) step(ctx context.Context, t *testing.T, s settings, out io.Writer) error {
	began := cputime.Used()
	if err := c.begin(); err != nil {
		return err
	}
	r := c.corpus.Next()
	test := c.test
	test.Seed, test.Nemesis, test.Record = r.Seed, c.corpus.Nemesis(r), c.arm.signal.Window()
	result, err := capsize.Exec(ctx, t, test)
	if err != nil {
		return fmt.Errorf("%s by %s, campaign %d, %s: %w", c.target, c.arm, c.now.Campaign, r, err)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if c.arm.signal != "" {
		c.corpus.Add(r, c.arm.signal.Observe(recordOf(result)))
	}
	spent := cputime.Used() - began
	c.used += spent
	c.now.CPU += spent
	c.now.Runs++
	if result.Verdict == checker.Invalid {
		c.found(r)
	}
	if c.now.Finds > 0 && !s.goOn || c.now.Runs >= s.most {
		return c.end(out)
	}
	return nil
}

// found counts a find, unless there was one of the same parent.
func (c *cell) found(r guide.Run) {
	c.now.All++
	c.now.How = append(c.now.How, r.String())
	if r.Mutated() {
		if c.parents[r.Parents[0]] {
			return
		}
		c.parents[r.Parents[0]] = true
		c.now.Mutated++
	}
	c.now.Finds++
}

// begin makes the corpus of a campaign. Fresh seeds have one too, which stays empty.
func (c *cell) begin() (err error) {
	if c.corpus != nil {
		return nil
	}
	o := guide.Options{Seed: c.now.Campaign, First: 1 + 1_000_000*c.now.Campaign, Signal: c.arm.signal, Share: c.arm.share}
	if c.arm.signal == "" {
		o.Signal, o.Share = guide.None, -1
	}
	c.parents = map[int]bool{}
	c.corpus, err = guide.New(c.test.Nemesis, c.test.Duration, o)
	return err
}

// end notes the campaign, and sets up the next one.
func (c *cell) end(out io.Writer) error {
	if c.now.Runs == 0 {
		return nil
	}
	c.now.Target, c.now.Arm, c.now.Features = c.target.String(), c.arm.String(), c.corpus.Stats().Features
	line, err := json.Marshal(c.now)
	if err == nil {
		_, err = out.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write campaign: %w", err)
	}
	c.now, c.corpus = campaign{Campaign: c.now.Campaign + 1}, nil
	return nil
}

// recordOf returns what a corpus looks at.
func recordOf(r *capsize.Result) guide.Record {
	x := r.Exercised
	rec := guide.Record{Plan: r.Plan, History: r.History, Messages: r.Messages, Failed: r.Verdict != checker.Valid, Counts: map[string]int64{
		"elections": int64(x.Elections), "leader changes": int64(x.LeaderChanges), "crashes": int64(x.Crashes), "bytes lost": x.BytesLost,
		"cut": int64(x.Cut), "dead": int64(x.Dead), "idle": int64(x.Idle),
	}}
	for _, p := range r.Phases {
		if p.Name == "faults" {
			rec.Began = p.At
		}
	}
	for mark, n := range x.Marks { // order: a map
		rec.Counts["mark "+mark] = int64(n)
	}
	for _, e := range x.Effects {
		rec.Counts["effect of "+e.Fault+": "+e.What] = e.Count
	}
	return rec
}
