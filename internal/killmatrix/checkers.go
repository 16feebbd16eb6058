package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/consistency"
	"github.com/capsize-go/capsize/checker/freshness"
	"github.com/capsize-go/capsize/checker/jepsen"
	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/checker/stats"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/levels"
	"github.com/capsize-go/capsize/checker/vacuity"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/killmatrix/flawed"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/scenarios/caching"
	resiliencescenarios "github.com/capsize-go/capsize/scenarios/resilience"
	"github.com/capsize-go/capsize/workloads"
)

// A firing is a planted defect that makes a checker fire.
type firing struct {
	Checker string // the function that makes it, as consistency.Lost, or the workload whose checker it is
	Defect  string // what is planted
	test    func() (capsize.Test, error)
	twin    func() (capsize.Test, error) // without the defect, optional: the checker must not fire
	judge   checker.Checker              // nil: that of the test
	rule    string                       // the checker is the part of the verdict whose name begins so; empty: all of it
	verdict checker.Verdict              // that it gives; that of vacuity is unknown
}

// fires runs the test, and returns what the checker says of it.
func (f firing) fires(ctx context.Context, t *testing.T) (checker.Result, error) {
	return f.judged(ctx, t, f.test)
}

func (f firing) judged(ctx context.Context, t *testing.T, make func() (capsize.Test, error)) (checker.Result, error) {
	test, err := make()
	if err != nil {
		return checker.Result{}, err
	}
	if test.Seed == 0 {
		test.Seed = 1
	}
	r, err := capsize.Exec(ctx, t, test)
	if err != nil {
		return checker.Result{}, fmt.Errorf("%s: %w", f.Checker, err)
	}
	if f.judge != nil {
		return f.judge.Check(ctx, r.History), nil
	}
	if x, ok := partOf(r.Checks, f.rule); ok {
		return x, nil
	}
	return checker.Result{}, fmt.Errorf("%s: the run has no check %q", f.Checker, f.rule)
}

// partOf returns the first check whose name begins so, at any depth.
func partOf(list []checker.Result, name string) (checker.Result, bool) {
	for _, r := range list {
		if strings.HasPrefix(r.Checker, name) {
			return r, true
		}
		if x, ok := partOf(r.Parts, name); ok {
			return x, true
		}
	}
	return checker.Result{}, false
}

// firings lists a defect for each checker.
func firings() []firing {
	register := model.Register()
	list := []firing{
		inFlawed("linearizable.New", "register", linearizable.New(register)),
		inFlawed("consistency.Sequential", "register", consistency.Sequential(register)),
		inFlawed("consistency.TwoAtomic", "register", consistency.TwoAtomic(register)),
		inFlawed("consistency.Causal", "register", consistency.Causal(register)),
		inFlawed("consistency.CausalConvergent", "register", consistency.CausalConvergent(register)),
		inFlawed("consistency.CausalMemory", "register", consistency.CausalMemory(register)),
		inFlawed("consistency.PRAM", "register", consistency.PRAM(register)),
		inFlawed("consistency.ReadYourWrites", "register", consistency.ReadYourWrites(register)),
		inFlawed("consistency.MonotonicReads", "register", consistency.MonotonicReads(register)),
		inFlawed("consistency.MonotonicWrites", "register", consistency.MonotonicWrites(register)),
		inFlawed("consistency.WritesFollowReads", "register", consistency.WritesFollowReads(register)),
		inFlawed("consistency.MonotonicPerKey", "register", consistency.MonotonicPerKey(register)),
		inFlawed("consistency.Convergent", "register", consistency.Convergent(register)),
		inFlawed("consistency.ConvergentSince", "register", consistency.ConvergentSince(register, flawedRun+time.Second)),
		inFlawed("consistency.Lost", "register", consistency.Lost(register)),
		inFlawed("jepsen.FinalSet", "set", jepsen.FinalSet()),
		inFlawed("jepsen.SetFull", "set", jepsen.SetFull(true)),
		inFlawed("jepsen.CounterBounds", "counter", jepsen.CounterBounds()),
		inFlawed("jepsen.DistinctIDs", "ids", jepsen.DistinctIDs()),
		inFlawed("jepsen.QueueSources", "queue", jepsen.QueueSources()),
		inFlawed("jepsen.TotalQueue", "queue", jepsen.TotalQueue(true)),
		inFlawed("jepsen.Bank", "bank", jepsen.Bank(jepsen.BankRule{})),
		inFlawed("jepsen.LongFork", "groups", jepsen.LongFork(2)),
		inFlawed("jepsen.CausalReverse", "list", jepsen.CausalReverse()),
		inFlawed("jepsen.MonotonicInserts", "table", jepsen.MonotonicInserts(false)),
	}
	if named, err := consistency.Named(register, "sequential"); err == nil {
		list = append(list, inFlawed("consistency.Named", "register", named))
	}
	list = append(list, inGarbled("consistency.New", consistency.New(register)), inGarbled("consistency.StalenessReport", consistency.StalenessReport(register)))
	list = append(list, inTransactions()...)
	list = append(list, inBugs()...)
	list = append(list, inHarness()...)
	list = append(list, inScenarios()...)
	return append(list, inMute("vacuity.Succeeded", vacuity.Succeeded()), inMute("vacuity.Grounded", vacuity.Grounded(linearizable.New(register))))
}

// flawedRun is how long a run of the store of package flawed is.
const flawedRun = 6 * time.Second

// ofFlawed is a test of the store of package flawed. The one without a mistake has no faults.
func ofFlawed(s flawed.Store, load string, c checker.Checker) func() (capsize.Test, error) {
	return func() (capsize.Test, error) {
		w := s.Loads()[load]
		w.Checker = c
		n := nemesis.None
		if !s.Right {
			n = nemesis.Every(2*time.Second, nemesis.Crashes(nemesis.OneNode), nemesis.ClockSkew(0, nemesis.OneNode))
		}
		return capsize.Test{System: s, Workload: w, Nodes: s.Nodes(), Clients: 4, Rate: 200, Duration: flawedRun, Settle: time.Second, Nemesis: n}, nil
	}
}

// inFlawed is a defect of the store of package flawed.
func inFlawed(name, load string, c checker.Checker) firing {
	return firing{Checker: name, Defect: "flawed, " + load + ": nodes answer by themselves, tell the others later and forget all in a crash",
		test: ofFlawed(flawed.Store{}, load, c), twin: ofFlawed(flawed.Store{Right: true}, load, c), judge: c, verdict: checker.Invalid}
}

// inTransactions are defects of that store for workloads of transactions and logs, and for their checkers.
func inTransactions() (list []firing) {
	mix := workloads.TxnMix{}
	for _, x := range []struct {
		name string
		make func(s flawed.Store) workloads.Workload
	}{
		{"workloads.Append", func(s flawed.Store) workloads.Workload { return workloads.Append(s.Open, txn.ReadCommitted, mix) }},
		{"workloads.Registers", func(s flawed.Store) workloads.Workload {
			return workloads.Registers(s.Open, txn.StrictSerializable, mix)
		}},
		{"workloads.Bank", func(s flawed.Store) workloads.Workload { return workloads.Bank(s.Open) }},
		{"workloads.LongFork", func(s flawed.Store) workloads.Workload { return workloads.LongFork(s.Open) }},
		{"workloads.Kafka", func(s flawed.Store) workloads.Workload { return workloads.Kafka(s.Open, workloads.LogMix{}) }},
		{"levels.Checker", func(s flawed.Store) workloads.Workload { return workloads.Append(s.Open, txn.Serializable, mix) }},
		{"levels.CheckerWith", func(s flawed.Store) workloads.Workload {
			w := workloads.Append(s.Open, txn.Serializable, mix)
			w.Checker = levels.CheckerWith(txn.Options{Models: []txn.Model{txn.ReadCommitted}})
			return w
		}},
		{"kafka.Checker", func(s flawed.Store) workloads.Workload { return workloads.Kafka(s.Open, workloads.LogMix{Logs: 2}) }},
	} {
		test := func(right bool) func() (capsize.Test, error) {
			return func() (capsize.Test, error) {
				s := flawed.Store{Right: right}
				made, err := ofFlawed(s, "register", nil)()
				made.Workload = x.make(s)
				return made, err
			}
		}
		list = append(list, firing{Checker: x.name, Defect: "flawed, transactions: nodes answer by themselves, tell the others later and forget all in a crash",
			test: test(false), twin: test(true), verdict: checker.Invalid})
	}
	return list
}

// inGarbled is a defect of that store for checkers that report what they find, and are invalid for a read of what no client wrote alone.
func inGarbled(name string, c checker.Checker) firing {
	return firing{Checker: name, Defect: "flawed, register: a read in ten is answered with what no client wrote",
		test: ofFlawed(flawed.Store{Garbles: true, Right: true}, "register", c), twin: ofFlawed(flawed.Store{Right: true}, "register", c), judge: c, verdict: checker.Invalid}
}

// ofBug is a defect of the kill matrix, and a seed that shows it.
func ofBug(name, bug string, seed uint64, judge checker.Checker) firing {
	return firing{Checker: name, Defect: bug, judge: judge, verdict: checker.Invalid, test: func() (capsize.Test, error) {
		_, tr, err := findSearch(bug, "")
		if err != nil {
			return capsize.Test{}, err
		}
		test, err := tr.Test()
		test.Seed = seed
		return test, err
	}}
}

// with returns the defect under another search of the kill matrix.
func (f firing) with(label string) firing {
	bug, test := f.Defect, f.test
	f.Defect += " under " + label
	f.test = func() (capsize.Test, error) {
		first, err := test()
		if err != nil {
			return first, err
		}
		_, tr, err := findSearch(bug, label)
		if err != nil {
			return capsize.Test{}, err
		}
		other, err := tr.Test()
		other.Seed = first.Seed
		return other, err
	}
	return f
}

// inBugs are defects of the kill matrix.
func inBugs() []firing {
	return []firing{
		ofBug("workloads.Register", "raftkv/local-reads", 1, nil),
		ofBug("workloads.Versions", "quorumkv/plain-vectors", 1, nil),
		ofBug("workloads.AddWins", "crdtkv/remove-wins", 1, nil),
		ofBug("workloads.Tally", "crdtkv/double-gossip", 1, nil),
		ofBug("workloads.Copies", "cachekv/let-expire", 1, nil),
		ofBug("workloads.Requests", "once/no-table", 1, nil),
		ofBug("workloads.Doctors", "twopc/unlock-reads", 1, nil).with("partition, workload doctors"),
		ofBug("freshness.New", "cachekv/let-expire", 1, freshness.New(freshness.Promise{})),
		ofBug("freshness.Sessions", "cachekv/let-expire", 1, freshness.Sessions()),
		ofBug("freshness.OwnWrites", "cachekv/let-expire", 1, freshness.OwnWrites()),
		ofBug("freshness.CrossUser", "cdn/ignore-vary", 1, freshness.CrossUser()),
		ofBug("freshness.MaxAgeExceeded", "cdn/ignore-age", 1, freshness.MaxAgeExceeded()),
		ofBug("resilience.OnceEach", "once/no-table", 1, resilience.OnceEach()),
		ofBug("resilience.Capped", "lease/outlived", 1, resilience.Capped(1, "lock")),
	}
}

// inHarness are defects for the checks of the harness itself, which every run has.
func inHarness() []firing {
	list := []firing{
		ofBug("progress, of every run", "raftkv/no-pre-vote", 1, nil),
		ofBug("convergence, of every run", "crdtkv/skip-deltas", 2, nil),
		ofBug("no crash, of every run", "raftkv/corrupt-entries", 3, nil),
	}
	for i := range list {
		list[i].rule, _, _ = strings.Cut(list[i].Checker, ",")
	}
	return list
}

// inScenarios are defects that scenarios show: variants that are no remedy.
func inScenarios() []firing {
	of := func(name, scenario, variant, fault, rule string, judge checker.Checker) firing {
		return firing{Checker: name, Defect: strings.TrimSuffix(fmt.Sprintf("scenario %s, %s, %s", scenario, variant, fault), ", "), rule: rule, judge: judge, verdict: checker.Invalid,
			test: func() (capsize.Test, error) {
				s, err := scenarios.Find(append(resiliencescenarios.All(), caching.All()...), scenario)
				if err != nil {
					return capsize.Test{}, err
				}
				for _, v := range s.Variants {
					if v.Name == variant && v.Fault == fault {
						return v.Test, nil
					}
				}
				return capsize.Test{}, fmt.Errorf("scenario %s has no variant %s under %q", scenario, variant, fault)
			}}
	}
	return []firing{
		of("freshness.Coalesced", "cache-herd", "none", "", "coalesced", nil),
		of("resilience.Whole", "degradation", "quiet", "part fails", "parts", nil),
		of("resilience.Revoked", "auth-revoke", "push-open", "gateway cut off", "revoked", nil),
		of("resilience.NoOrphans", "gateway-timeouts", "inverted", "", "orphans", nil),
		of("resilience.Unrelated", "breaker-blast-radius", "none", "shard hangs", "unrelated", nil),
		of("resilience.Answered", "gray-hang", "cooperative-timeout", "accept-and-hang", "answered", nil),
		of("resilience.Detected", "gray-hang", "health-shallow", "accept-and-hang", "detected", nil),
		of("resilience.AtMost", "rate-limit-truth", "each-gateway", "", "admitted", nil),
		of("resilience.Recovers", "metastable", "three-tries", "pause of 10 s", "recovers", nil),
		of("resilience.NoLeaks", "pool-freeze", "puddle", "leak", "", resilience.NoLeaks()),
		of("resilience.Amplified", "metastable", "three-tries", "pause of 10 s", "", resilience.Amplified(1.5, resilience.Interval{})),
		of("resilience.Balanced", "lb-resize", "modulo", "one joins", "", resilience.Balanced(0.01, resilience.Interval{})),
		of("stats.New", "pool-freeze", "puddle", "leak", "", stats.New(stats.Limits{Availability: 0.99})),
	}
}

// inMute is a defect of a system that answers nothing.
func inMute(name string, c checker.Checker) firing {
	return firing{Checker: name, Defect: "a system that answers nothing", judge: c, verdict: checker.Unknown, test: func() (capsize.Test, error) {
		s := flawed.Store{}
		return capsize.Test{System: cluster.Func(func(ctx context.Context, _ *cluster.Host) error { <-ctx.Done(); return nil }),
			Workload: s.Loads()["register"], Nodes: 3, Duration: 2 * time.Second, Settle: time.Second}, nil
	}}
}
