// Command measure runs seeds of one system and prints what they cost, as a line of JSON.
//
// It uses only what the module has offered for long, so that [speed] can compile it in trees of
// other commits. A run has five nodes, ten clients with 100 operations a second together, and the network is cut every
// ten seconds.
//
// [speed]: https://pkg.go.dev/github.com/capsize-go/capsize/internal/speed
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/internal/cputime"
	"github.com/capsize-go/capsize/nemesis"
)

// A cost is what the runs took together.
type cost struct {
	CPU     time.Duration `json:"cpu"`     // of the process, collection of garbage included
	Virtual time.Duration `json:"virtual"` // how long the runs were
	Calls   int           `json:"calls"`   // of clients
	Bytes   uint64        `json:"bytes"`   // that were allocated
	Invalid int           `json:"invalid"` // runs that are not valid: no correct system has one
}

func main() {
	system := flag.String("system", "raftkv", "the system that runs, with the workload that it is to pass")
	workload := flag.String("workload", "", "another workload")
	duration := flag.Duration("duration", time.Minute, "virtual time in which faults are injected")
	seed := flag.Uint64("seed", 1, "the first seed")
	seeds := flag.Int("seeds", 1, "how many seeds are run")
	flag.Parse()
	capsize.Main(func(t *testing.T) int {
		c, err := measure(t, *system, *workload, *duration, *seed, *seeds)
		if err == nil {
			err = json.NewEncoder(os.Stdout).Encode(c)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "measure: %v\n", err)
			return 1
		}
		return 0
	})
}

// measure runs the seeds. What garbage they leave is collected before the clock stops, so that no build gains from leaving more.
func measure(t *testing.T, system, workload string, d time.Duration, seed uint64, seeds int) (c cost, err error) {
	found, err := systems.Find(system)
	if err != nil {
		return c, err
	}
	s, known, err := found.Build("")
	if err != nil {
		return c, err
	}
	w, ok := known[workloadOf(found, workload)]
	if !ok {
		return c, fmt.Errorf("system %s has no workload %q", system, workloadOf(found, workload))
	}
	test := capsize.Test{
		System: s, Workload: w, Nodes: 5, Clients: 10, Rate: 100, Duration: d, Timeout: 500 * time.Millisecond,
		Nemesis: nemesis.Every(10*time.Second, nemesis.Partitions()),
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := cputime.Used()
	for i := range seeds {
		test.Seed = seed + uint64(i)
		r, err := capsize.Exec(t.Context(), t, test)
		if err != nil {
			return c, fmt.Errorf("seed %d of %s: %w", test.Seed, system, err)
		}
		c.Virtual += r.Virtual
		c.Calls += r.Exercised.OK + r.Exercised.Fail + r.Exercised.Info
		if r.Verdict.String() != "valid" {
			c.Invalid++
		}
	}
	runtime.GC()
	c.CPU = cputime.Used() - began
	runtime.ReadMemStats(&after)
	c.Bytes = after.TotalAlloc - before.TotalAlloc
	return c, nil
}

func workloadOf(s systems.System, name string) string {
	switch {
	case name != "":
		return name
	case s.Workload != "":
		return s.Workload
	}
	return "register"
}
