package report

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

const ms = time.Millisecond

// operation as the workloads record it.
type testOp struct {
	F     string `json:"f"`
	Key   string `json:"key"`
	Old   int    `json:"old"`
	Value int    `json:"value"`
}

// invoke, ok and friends make calls for short.
func call(process int, from, to time.Duration, typ history.Type, in testOp, out any) history.Call {
	node := fmt.Sprint("n", process%5+1)
	c := history.Call{
		Invoke:   history.Op{Time: from, Process: process, Node: node, Type: history.Invoke, Key: in.Key, Input: in},
		Complete: history.Op{Time: to, Process: process, Node: node, Type: typ, Key: in.Key},
	}
	switch typ {
	case history.OK:
		c.Complete.Output = out
	case history.Info:
		c.Complete.Err = "deadline exceeded"
	case history.Fail:
		c.Complete.Err = "no leader"
	}
	if to == history.Forever {
		c.Complete.Index = -1
	}
	return c
}

func fault(step int, from, to time.Duration, name string) history.Call {
	key := fmt.Sprint("step ", step)
	return history.Call{
		Invoke:   history.Op{Time: from, Process: history.Nemesis, Type: history.Invoke, Key: key, Input: name},
		Complete: history.Op{Time: to, Process: history.Nemesis, Type: history.OK, Key: key},
	}
}

// merged makes one history of calls and faults.
func merged(calls ...history.Call) *history.History {
	var ops []history.Op
	for _, c := range calls {
		ops = append(ops, c.Invoke)
		if !c.Open() {
			ops = append(ops, c.Complete)
		}
	}
	slices.SortStableFunc(ops, func(a, b history.Op) int { return cmp.Compare(a.Time, b.Time) })
	return history.Of(ops...)
}

// recorded returns the calls of a history that begin at these instants, as a
// checker would return them.
func recorded(h *history.History, wanted ...history.Call) []history.Call {
	var calls []history.Call
	for c := range h.Calls() {
		for _, w := range wanted {
			if c.Invoke.Time == w.Invoke.Time && c.Invoke.Process == w.Invoke.Process {
				calls = append(calls, c)
			}
		}
	}
	return calls
}

// synthetic makes n calls of ten clients to five nodes within 35 seconds, with
// three partitions during which calls are slow, refused or not answered.
func synthetic(n int) ([]history.Call, []history.Call) {
	r := rand.New(rand.NewPCG(1, 2))
	faults := []history.Call{
		fault(1, 5*time.Second, 11*time.Second, "partition n2 n4 | n1 n3 n5"),
		fault(2, 15*time.Second, 19*time.Second, "crash n3"),
		fault(3, 24*time.Second, 30*time.Second, "partition n5 → n1 n2 n3 n4"),
	}
	const clients, end = 10, 35 * time.Second
	var calls []history.Call
	gap := end / time.Duration(n/clients)
	for p := range clients {
		t := time.Duration(r.Int64N(int64(gap)))
		for t < end {
			in, out := randomOp(r, len(calls)+1)
			took := time.Duration((4 + r.ExpFloat64()*5) * float64(ms))
			typ := history.OK
			if bad := during(spansOf(faults), t, t); len(bad) > 0 && (p%5)%2 == 1 {
				took *= 12
				switch x := r.Float64(); {
				case x < 0.2:
					typ, took = history.Info, time.Second
				case x < 0.3:
					typ, took = history.Fail, time.Duration(300+r.IntN(100))*time.Microsecond
				}
			}
			calls = append(calls, call(p, t, t+took, typ, in, out))
			t += max(took+ms, time.Duration(r.Int64N(int64(2*gap))))
		}
	}
	return calls, faults
}

func spansOf(faults []history.Call) []activeFault { return faultsOf(merged(faults...), time.Hour) }

func randomOp(r *rand.Rand, value int) (testOp, any) {
	key := fmt.Sprint("k", r.IntN(5))
	switch r.IntN(5) {
	case 0, 1:
		return testOp{F: "write", Key: key, Value: value}, 0
	case 2:
		return testOp{F: "cas", Key: key, Old: 7, Value: value}, 7
	}
	return testOp{F: "read", Key: key}, value / 2
}

// invalidRun is a realistic run with a stale read.
func invalidRun(n int) Run {
	calls, faults := synthetic(n)
	proof := []history.Call{
		call(12, 5428*ms, 5437*ms, history.OK, testOp{F: "write", Key: "k2", Value: 23}, 0),
		call(13, 5436*ms, 5446*ms, history.OK, testOp{F: "write", Key: "k2", Value: 78}, 0),
		call(11, 5456*ms, 5470*ms, history.OK, testOp{F: "read", Key: "k2"}, 23),
	}
	h := merged(append(append(calls, faults...), proof...)...)
	why := &checker.Counterexample{
		Key: "k2", Reason: "process 11 read 23, but 78 had replaced it 10ms before that read began",
		Calls: recorded(h, proof...), Core: []int{1, 2}, Blamed: 2, Judged: len(calls) + 3,
	}
	return Run{
		Title: "TestStore", System: "stalekv", Workload: "register", Nemesis: "every 10s: partition, crash", Bug: "reads from followers",
		Seed: 7, Nodes: 5, Clients: 10, Virtual: 35200 * ms, Wall: 640 * ms, CPU: 610 * ms,
		Verdict: checker.Invalid, History: h,
		Checks: []checker.Result{
			{Checker: "linearizable", Broken: "not linearizable", Verdict: checker.Invalid, Reason: "2 of 5 keys are not linearizable", Counterexample: why,
				Parts: []checker.Result{{Checker: "k1", Verdict: checker.Invalid, Reason: "process 3 read 5 too late"}, {Checker: "k2", Verdict: checker.Invalid, Reason: "process 11 read 23 too late"}, {Checker: "k3"}},
				Files: map[string][]byte{"linearizable.html": []byte("<p>linearizations</p>")}},
			{Checker: "progress", Reason: "every node answered within 31ms of the heal"},
			{Checker: "no crash", Reason: "no panics, no hangs, no goroutines left behind"},
		},
		Phases: []Phase{{"setup", 0}, {"faults", 2 * ms}, {"heal", 30002 * ms}, {"settle", 30003 * ms}, {"final", 35003 * ms}, {"end", 35200 * ms}},
		Exercised: []Row{
			{true, "2 partitions", "injected and healed"}, {true, "1 crash", "injected and healed"}, {true, "1204 calls", "overlapped a fault"},
			{true, "ok 2803 · info 126 · fail 71", "calls by outcome"}, {false, "no leader change", "add nemesis.Partitions(nemesis.Leader)"},
		},
		Plan:   []Step{{1, 5 * time.Second, 6 * time.Second, "partition", ""}, {2, 15 * time.Second, 4 * time.Second, "crash one", ""}, {3, 24 * time.Second, 6 * time.Second, "partition", ""}, {4, 34 * time.Second, 3 * time.Second, "partition", ""}},
		Params: []KV{{"nodes", "5"}, {"clients", "10"}, {"rate", "100 operations a second"}, {"seed", "7"}},
		Rerun:  "go test -run='^TestStore$/^seed-7-2f8e513f$' ./examples/stalekv", ReportPath: "reports/TestStore-seed-7-2f8e513f/index.html",
		Repeats: "2 of 2 runs alike", SavedPath: "testdata/capsize/TestStore/seed-7-2f8e513f", Digest: "2f8e513f7c1a9d3be2c0a8b9917d1c9b3c5a7f60d2e4b8a6c1d3f5e7092b4d6f",
	}
}

// cases are runs of all kinds, realistic and not, by name. Those with few calls
// have golden files of their pages as well.
func cases() map[string]Run {
	all := map[string]Run{
		"invalid":  invalidRun(400),
		"valid":    validRun(),
		"open":     openRun(),
		"many":     manyFaults(10000),
		"findings": findingsRun(),
		"long":     longRun(),
		"hostile":  hostileRun(),
		"empty":    {},
		"nothing":  {Title: "TestNothing", System: "kv", Workload: "register", Verdict: checker.Unknown, Stopped: "setup failed"},
		"one":      oneRun(),
		"slow":     slowRun(),
		"other":    otherRun(),
	}
	return all
}

func validRun() Run {
	r := invalidRun(600)
	r.Verdict, r.Bug = checker.Valid, ""
	r.Checks = []checker.Result{{Checker: "linearizable", Reason: "600 calls on 5 keys, each linearizable"}, r.Checks[1], r.Checks[2]}
	r.SavedPath, r.ReportPath = "", ""
	return r
}

// openRun has a counterexample with calls that never returned, far apart.
func openRun() Run {
	r := invalidRun(200)
	calls, faults := synthetic(200)
	proof := []history.Call{
		call(12, 6012*ms, history.Forever, history.Info, testOp{F: "cas", Key: "k2", Old: 3, Value: 5}, 0),
		call(13, 6012*ms+100*time.Microsecond, 6013*ms, history.OK, testOp{F: "write", Key: "k2", Value: 78}, 0),
		call(11, 21456*ms, 21460*ms, history.OK, testOp{F: "read", Key: "k2"}, 5),
		call(14, 24016*ms, 24025*ms, history.OK, testOp{F: "read", Key: "k2"}, 78),
		call(15, 24016*ms, 25016*ms, history.Info, testOp{F: "write", Key: "k2", Value: 99}, 0),
		call(16, 24018*ms, 24019*ms, history.Fail, testOp{F: "write", Key: "k2", Value: 98}, 0),
	}
	r.History = merged(append(append(calls, faults...), proof...)...)
	why := &checker.Counterexample{Key: "k2", Reason: "process 14 read 78 after process 11 had read 5, which cannot both be",
		Calls: recorded(r.History, proof...), Blamed: 3, Judged: 130}
	r.Checks = []checker.Result{{Checker: "linearizable", Broken: "not linearizable", Verdict: checker.Invalid, Reason: "k2 is not linearizable",
		Parts: []checker.Result{{Checker: "k2", Verdict: checker.Invalid, Counterexample: why}}}}
	return r
}

// manyFaults has n short faults.
func manyFaults(n int) Run {
	r := invalidRun(400)
	r.Plan = nil
	var calls []history.Call
	for i := range n {
		at := time.Duration(i) * 30 * time.Second / time.Duration(n)
		calls = append(calls, fault(i+1, at, at+time.Duration(1+i%3)*ms, fmt.Sprint("cut n", i%5+1, " → n", (i+1)%5+1)))
		r.Plan = append(r.Plan, Step{i + 1, at, 2 * ms, "cut", ""})
	}
	for c := range r.History.Calls() {
		calls = append(calls, c)
	}
	r.History = merged(calls...)
	return r
}

func findingsRun() Run {
	r := validRun()
	r.Verdict, r.Stopped = checker.Invalid, "interrupted"
	r.Checks = []checker.Result{
		{Checker: "progress", Broken: "no progress after the faults", Verdict: checker.Invalid, Reason: "no operation at n3 succeeded within 5s of the heal of all faults"},
		{Checker: "linearizable", Undecided: "linearizability could not be judged", Verdict: checker.Unknown, Reason: "gave up after 10s"},
	}
	r.Findings = []Finding{
		{"n3", "panic: runtime error: index out of range [7] with length 3", "goroutine 71 [running]:\nexample.com/store.(*Store).apply(0xc000123456, {0xc0001, 0x3, 0x3})\n\tstore/apply.go:71 +0x1f\nexample.com/store.(*Store).Run(...)\n\tstore/store.go:40", 0},
		{"", "a goroutine was left behind", "", 0},
	}
	return r
}

// longRun has names that are far too long, in several scripts.
func longRun() Run {
	r := openRun()
	r.Title = strings.Repeat("TestVeryLongName", 20)
	r.System = "储存系统" + strings.Repeat("长", 50)
	r.Rerun = "go test -run='^" + r.Title + "$' ./x"
	w := *r.Checks[0].Parts[0].Counterexample
	w.Key, w.Reason = strings.Repeat("κλειδί", 30), strings.Repeat("reason", 200)
	r.Checks = []checker.Result{{Checker: strings.Repeat("x", 300), Verdict: checker.Invalid, Reason: strings.Repeat("a word and ", 100), Counterexample: &w}}
	r.Exercised = []Row{{true, strings.Repeat("ü", 300), strings.Repeat("ab ", 200)}}
	r.Params = []KV{{strings.Repeat("name", 50), strings.Repeat("value", 100)}}
	r.Phases = []Phase{{strings.Repeat("phase", 50), 20 * time.Second}}
	h := new(history.History)
	for o := range r.History.Ops() {
		o.Input = strings.Repeat("input ", 40)
		if o.Process != history.Nemesis {
			o.Node = strings.Repeat("node", 40) + o.Node
		}
		h.Add(o)
	}
	r.History = h
	return r
}

const attack = `"><script>alert(1)</script>&<!--'` + "\x1b[31m\u202e\x00\xff\n"

// hostileRun has markup and control characters wherever text comes from outside.
// otherRun is a saved run that did not repeat.
func otherRun() Run {
	r := oneRun()
	r.Rerun, r.Repeats = "go test -run='^TestOne$/^seed-7-2f8e513f$' .", "NO: a second run of this seed was another one"
	r.Note = "This run is not the one that was saved: the histories differ from line 2 on\n" +
		"  saved: {\"index\":1,\"time\":126000001,\"process\":1,\"type\":\"ok\",\"output\":\"<b>\"}\n" +
		"  now:   {\"index\":1,\"time\":126000002,\"process\":1,\"type\":\"ok\",\"output\":\"<b>\"}\n" +
		"The system, the workload or the test is not deterministic."
	return r
}

func hostileRun() Run {
	h := merged(
		fault(1, 0, 5*ms, attack),
		call(0, ms, 3*ms, history.OK, testOp{F: attack, Key: attack, Value: 1}, attack),
		call(1, 2*ms, history.Forever, history.Info, testOp{F: attack, Key: attack, Value: 1}, attack),
		call(2, 4*ms, 5*ms, history.Fail, testOp{F: "write", Key: attack, Value: 1}, attack),
	)
	bad := checker.Result{Checker: attack, Verdict: checker.Invalid, Reason: attack,
		Files: map[string][]byte{attack: nil, "javascript:alert(1)": nil, "../../up": nil, "index.html": nil, "": nil},
		Parts: []checker.Result{{Checker: attack, Verdict: checker.Invalid, Reason: attack}}}
	var calls []history.Call
	for c := range h.Calls() {
		c.Invoke.Node, c.Complete.Err = attack, attack
		calls = append(calls, c)
	}
	bad.Counterexample = &checker.Counterexample{Key: attack, Reason: attack, Calls: calls, Blamed: 0}
	return Run{Title: attack, System: attack, Workload: attack, Nemesis: attack, Bug: attack, Verdict: checker.Invalid,
		Stopped: attack, Checks: []checker.Result{bad}, History: h, Phases: []Phase{{attack, ms}},
		Exercised: []Row{{true, attack, attack}}, Findings: []Finding{{attack, attack, attack, 0}},
		Plan: []Step{{1, 0, ms, attack, attack}}, Params: []KV{{attack, attack}},
		Rerun: attack, Repeats: attack, Note: attack + "\n  " + attack, ReportPath: attack, SavedPath: attack, Digest: attack}
}

// oneRun has a single call, of no length, that no order explains.
func oneRun() Run {
	h := merged(call(0, 0, 0, history.OK, testOp{F: "read", Key: "k"}, 1))
	return Run{Title: "One", Verdict: checker.Invalid, History: h, Checks: []checker.Result{{Checker: "linearizable", Broken: "not linearizable", Verdict: checker.Invalid,
		Counterexample: &checker.Counterexample{Calls: slices.Collect(h.Calls()), Blamed: 0}}}}
}

// slowRun has calls from a nanosecond to a day.
func slowRun() Run {
	var calls []history.Call
	for i := range 15 {
		d := time.Duration(1)
		for range i {
			d *= 10
		}
		calls = append(calls, call(i, time.Duration(i)*time.Hour, time.Duration(i)*time.Hour+d, history.OK, testOp{F: "read", Key: "k"}, i))
	}
	return Run{Title: "Slow", Nodes: 1, History: merged(calls...), Phases: []Phase{{"heal", 14 * time.Hour}}}
}
