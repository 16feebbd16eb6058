package guide_test

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/internal/hunt/guide"
	"github.com/capsize-go/capsize/nemesis"
)

// A hunt asks the corpus for each run, and tells it what the run did. Here every run does something new, so that the plans of the first runs
// are mutated soon. A real hunt has capsize.Exec run the seed with Corpus.Nemesis, and Signal.Observe look at the result.
func Example() {
	faults := nemesis.Every(5*time.Second, nemesis.Crashes(), nemesis.Partitions())
	c, err := guide.New(faults, 20*time.Second, guide.Options{Seed: 3, Share: 0.5})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 5 {
		r := c.Next()
		fmt.Println(r)
		plan := r.Plan
		if !r.Mutated() {
			plan = faults.Plan(r.Seed, 20*time.Second)
		}
		c.Add(r, guide.Observation{Plan: plan, Features: []uint64{uint64(r.Index)}})
	}
	fmt.Printf("%+v\n", c.Stats())
	// Output:
	// seed 1
	// seed 2
	// seed 3
	// seed 4
	// seed 243861014581889 with the plan of run 2: redraw, move, seed, drop
	// {Runs:5 Fresh:4 Plans:5 Features:5}
}
