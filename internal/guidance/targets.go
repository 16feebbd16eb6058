package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/internal/hunt/guide"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// A target is a bug of a system under a nemesis.
type target struct{ system, bug, nemesis string }

func (g target) String() string { return g.system + "/" + g.bug + "/" + g.nemesis }

// targets are bugs that few seeds find under a nemesis; see docs/reference/bugs.md.
var targets = []target{
	{"raftkv", "forget-sessions", "portfolio"},
	{"raftkv", "volatile-vote", "portfolio"},
	{"raftkv", "unsafe-members", "portfolio"},
	{"raftkv", "volatile-vote", "power-cuts"},
	{"raftkv", "stale-vote", "lease-killer"},
	{"raftkv", "corrupt-entries", "portfolio"},
	{"registerkv", "no-write-back", "portfolio"},
}

// test returns the test of a target: twelve seconds of faults, five nodes, ten clients of 50 operations a second together, as for the table of
// docs/reference/bugs.md.
func (g target) test() (capsize.Test, error) {
	test := capsize.Test{Name: g.String(), Rate: 50, Duration: 12 * time.Second, Stall: 5 * time.Second}
	found, err := systems.Find(g.system)
	if err != nil {
		return test, err
	}
	system, known, err := found.Build(g.bug)
	if err != nil {
		return test, err
	}
	name := "register"
	if found.Workload != "" {
		name = found.Workload
	}
	test.System, test.Workload = system, known[name]
	if g.system == "raftkv" && g.bug == "forget-sessions" { // it takes retries on both sides of a snapshot
		store := raftkv.Store{Bugs: raftkv.ForgetSessions, SnapshotEvery: 20}
		test.System, test.Workload, test.Timeout = store, workloads.Register(store.Open), 5*time.Second
	}
	test.Nemesis, err = systems.FindNemesis(g.nemesis)
	return test, err
}

func parseTargets(list string) (all []target, err error) {
	if list == "all" {
		return targets, nil
	}
	for name := range strings.SplitSeq(list, ",") {
		parts := strings.Split(name, "/")
		if len(parts) != 3 {
			return nil, fmt.Errorf("target %q: it is SYSTEM/BUG/NEMESIS", name)
		}
		g := target{parts[0], parts[1], parts[2]}
		if _, err := g.test(); err != nil {
			return nil, fmt.Errorf("target %q: %w", name, err)
		}
		all = append(all, g)
	}
	return all, nil
}

// An arm is a way to hunt.
type arm struct {
	signal guide.Signal // empty: fresh seeds
	share  float64
}

const fresh = "fresh"

func (a arm) String() string {
	if a.signal == "" {
		return fresh
	}
	return fmt.Sprintf("%s/%g", a.signal, 100*a.share)
}

func parseArms(list string) (all []arm, err error) {
	for name := range strings.SplitSeq(list, ",") {
		signal, share, ok := strings.Cut(name, "/")
		if name == fresh {
			all = append(all, arm{})
			continue
		}
		percent, err := strconv.ParseFloat(share, 64)
		if !ok || err != nil || percent <= 0 || percent > 100 {
			return nil, fmt.Errorf("arm %q: it is %q, or a signal and the percentage of mutated plans: history/30", name, fresh)
		}
		all = append(all, arm{guide.Signal(signal), percent / 100})
	}
	return all, nil
}
