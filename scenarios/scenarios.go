// Package scenarios holds named experiments: each asks a question about distributed systems, runs
// the variants that people choose between, and shows the number that answers it.
//
// A [Scenario] is data: tests, what to count in their runs, and what the counts must show. [Scenario.Run] runs one
// and returns a [Row] for each variant; capsize scenario prints them. To write one of your own, make a
// Scenario of your tests and a [Meter].
package scenarios

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
)

// A Scenario is a named experiment.
type Scenario struct {
	Name     string
	Question string    // in one sentence
	Shows    string    // the number that answers it
	Seeds    int       // how many it takes to answer
	Least    int       // how many show it at the least, for a look at all scenarios; default: Seeds, and 10 at most
	Variants []Variant // in the order of the table
	Columns  []Column  // of the table
	Labels   string    // what the labels of rows mean, for the legend; empty if rows have none

	// Meter returns what counts in the runs of one variant.
	Meter func(v Variant) Meter

	// Holds returns an error that says which rows are not as expected. Optional.
	Holds func(rows []Row) error

	// Picture draws what the rows show, as SVG, the same byte for byte for the same rows. It may be given some of the rows only, and
	// returns an error if these show nothing. Optional.
	Picture func(rows []Row) (svg []byte, err error)
}

// A Variant is one choice, and one row of the table.
type Variant struct {
	Name  string
	Doc   string       // what it is, in plain words
	Fault string       // what is injected, if variants differ in that
	Fixed bool         // it is the remedy; false for what goes wrong
	Test  capsize.Test // all but its seeds
}

// A Meter counts what runs show.
type Meter interface {
	// Add counts one run.
	Add(ctx context.Context, r *capsize.Result) error

	// Fill writes into the row what was counted.
	Fill(row *Row)
}

// A Row is what came of a variant. Its JSON is that of capsize scenario --json.
type Row struct {
	Scenario string `json:"scenario"`
	Variant  string `json:"variant"`
	Fault    string `json:"fault"`
	Fixed    bool   `json:"fixed"`
	Seeds    int    `json:"seeds"`   // that were run
	Valid    int    `json:"valid"`   // of these
	Unknown  int    `json:"unknown"` //
	Invalid  int    `json:"invalid"` //

	Seed    uint64               `json:"seed"`              // the first that came out worst: the one to look at
	Metrics map[string]float64   `json:"metrics"`           // what is not known is left out
	Series  map[string][]float64 `json:"series,omitempty"`  // over time, of the first seed; the scenario says at which instants
	Claimed string               `json:"claimed,omitempty"` // the model that the system claims
	Model   string               `json:"model,omitempty"`   // the strongest that held in every seed
	Label   string               `json:"label,omitempty"`   //

	Meter Meter `json:"-"` // all that was counted
}

// Options say how to run a scenario.
type Options struct {
	Seed  uint64 // the first; default 1
	Seeds int    // how many of each variant; default what the scenario says

	// Ran is called after each run. Optional.
	Ran func(v Variant, r *capsize.Result)
}

// Run runs all variants of a scenario, and returns the rows of those that it ran, also if ctx ends before
// all of them. Whether they are as expected is for [Scenario.Holds] to say.
func (s Scenario) Run(ctx context.Context, t *testing.T, o Options) ([]Row, error) {
	if o.Seeds == 0 {
		o.Seeds = s.Seeds
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	var rows []Row
	for _, v := range s.Variants {
		row, err := s.runVariant(ctx, t, v, o)
		if row.Seeds > 0 {
			rows = append(rows, row)
		}
		if err != nil {
			return rows, err
		}
	}
	return rows, nil
}

func (s Scenario) runVariant(ctx context.Context, t *testing.T, v Variant, o Options) (Row, error) {
	row := Row{Scenario: s.Name, Variant: v.Name, Fault: v.Fault, Fixed: v.Fixed, Metrics: map[string]float64{}, Meter: s.Meter(v)}
	worst := checker.Valid
	for i := range o.Seeds {
		seed := o.Seed + uint64(i)
		r, err := v.Exec(ctx, t, seed)
		if ctx.Err() != nil { // a run that was cut short shows nothing
			break
		}
		if err == nil {
			err = row.Meter.Add(ctx, r)
		}
		if err != nil {
			return row, fmt.Errorf("scenario %s, %s, seed %d: %w", s.Name, v, seed, err)
		}
		if row.Seeds == 0 || r.Verdict > worst {
			worst, row.Seed = r.Verdict, seed
		}
		row.count(r.Verdict)
		if o.Ran != nil {
			o.Ran(v, r)
		}
	}
	row.Meter.Fill(&row)
	return row, ctx.Err()
}

// Glance returns how many seeds show the answer at the least: [Scenario.Least].
func (s Scenario) Glance() int {
	if s.Least > 0 {
		return s.Least
	}
	return min(s.Seeds, 10)
}

// Runs returns how many runs the scenario takes with so many seeds of each variant; 0 stands for as many as it says.
func (s Scenario) Runs(seeds int) int {
	if seeds == 0 {
		seeds = s.Seeds
	}
	return seeds * len(s.Variants)
}

// SetSeries sets a series to whole numbers.
func (r *Row) SetSeries(name string, values []int) {
	if r.Series == nil {
		r.Series = map[string][]float64{}
	}
	list := make([]float64, len(values))
	for i, v := range values {
		list[i] = float64(v)
	}
	r.Series[name] = list
}

func (r *Row) count(v checker.Verdict) {
	r.Seeds++
	switch v {
	case checker.Valid:
		r.Valid++
	case checker.Unknown:
		r.Unknown++
	default:
		r.Invalid++
	}
}

// Exec runs one seed of a variant.
func (v Variant) Exec(ctx context.Context, t *testing.T, seed uint64) (*capsize.Result, error) {
	test := v.Test
	test.Seed, test.Seeds = seed, 1
	return capsize.Exec(ctx, t, test)
}

// String returns name and fault.
func (v Variant) String() string {
	if v.Fault == "" {
		return v.Name
	}
	return v.Name + " under " + v.Fault
}

// Only returns the scenario with those variants alone whose name and fault are among the given ones; an
// empty list stands for all.
func (s Scenario) Only(variants, faults []string) (Scenario, error) {
	var names, known []string
	var kept []Variant
	for _, v := range s.Variants {
		names, known = append(names, v.Name), append(known, v.Fault)
		if among(v.Name, variants) && among(v.Fault, faults) {
			kept = append(kept, v)
		}
	}
	if err := errors.Join(allKnown("variant", variants, names), allKnown("fault", faults, known)); err != nil {
		return s, fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	s.Variants = kept
	return s, nil
}

// Find returns the scenario of that name among all.
func Find(all []Scenario, name string) (Scenario, error) {
	var names []string
	for _, s := range all {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Scenario{}, fmt.Errorf("there is no scenario %q; there are %s", name, strings.Join(names, ", "))
}
