package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// An options value is what a run of the catalog has beside its system, bug and nemesis: flags of capsize run.
type options struct {
	workload string
	duration time.Duration
	timeout  time.Duration // 0: that of capsize run
	rate     float64       // 0: that of capsize run
	core     bool
}

// shortRun is long enough for most bugs, and takes a third of the processor time of the minute that capsize run has by default.
const shortRun = 20 * time.Second

// best are the faults and flags that find bugs with little processor time, as -scout and tries of several at once found, for those of which the faults that capsize list bugs
// names are not the best in a short run.
var best = map[string]string{
	"raftkv/lease-reads":          "flip-flop",
	"raftkv/ack-before-sync":      "blackouts",
	"raftkv/corrupt-entries":      "rotting-disk,blackouts",
	"raftkv/no-pre-vote":          "all, duration 1m0s, core",
	"registerkv/no-write-back":    "blackouts,gray",
	"quorumkv/drop-hints":         "blackouts",
	"quorumkv/timeout-is-failure": "blackouts,partition",
	"quorumkv/reap-tombstones":    "blackouts",
	"quorumkv/coarse-ranges":      "blackouts,partition",
	"primarykv/promote-any":       "straggler",
	"chainkv/ack-before-sync":     "blackouts",
	"quorumkv/ack-before-sync":    "blackouts",
	"crdtkv/ack-before-sync":      "blackouts, duration 12s",
	"crdtkv/forget-removed":       "flip-flop, duration 12s",
	"crdtkv/double-gossip":        "partition, workload tally, duration 12s",
	"ssi/lock-rows-only":          "none, workload doctors, duration 700ms",
}

// bestOf returns the faults and options of the search that finds a bug best.
func bestOf(system, bug string) (faults string, o options) {
	if label, ok := best[system+"/"+bug]; ok {
		faults, o, err := parseLabel(label)
		if err != nil {
			panic(err) // a mistake in the table above
		}
		return faults, o
	}
	f, ok := systems.FindingOf(system, bug)
	if !ok {
		f.Nemesis = portfolio
	}
	o.duration = shortRun
	if system == "crdtkv" {
		o.duration = 12 * time.Second
	}
	return f.Nemesis, o
}

// stores are the systems of the catalog.
func stores() (list []bug) {
	for _, s := range systems.All() {
		for _, row := range s.Bugs {
			b := bug{System: s.Name, Name: row.Name, Does: row.Doc, Precedent: precedents[s.Name+"/"+row.Name]}
			faults, o := bestOf(s.Name, row.Name)
			b.Searches = append(b.Searches, ofCatalog(s.Name, row.Name, faults, o))
			if faults != portfolio || o.core {
				o.core = false
				b.Searches = append(b.Searches, ofCatalog(s.Name, row.Name, portfolio, o))
			}
			if b.id() == "raftkv/forget-sessions" {
				b.Searches = underBoth(b.id(), "blackouts, a snapshot each 20 entries", forgetSessions())
			}
			list = append(list, b)
		}
		list = append(list, twinOf(s))
	}
	return list
}

// forgetSessions is the test of a bug that needs a retry on each side of a snapshot: snapshots are frequent, and clients try for long.
func forgetSessions() capsize.Test {
	store := raftkv.Store{Bugs: raftkv.ForgetSessions, SnapshotEvery: 20}
	n, err := systems.FindNemesis("blackouts")
	if err != nil {
		panic(err) // the catalog has no such nemesis: a mistake in this file
	}
	return capsize.Test{System: store, Workload: workloads.Register(store.Open), Nemesis: n, Rate: 50, Duration: 12 * time.Second, Timeout: 5 * time.Second}
}

// twinOf returns the system without a bug, under the portfolio and under what finds its bugs.
func twinOf(s systems.System) bug {
	b := bug{System: s.Name, Name: none, Does: "no bug"}
	seen := map[string]bool{}
	for _, row := range append([]systems.Row{{Name: none}}, s.Bugs...) {
		faults, o := bestOf(s.Name, row.Name)
		if t := ofCatalog(s.Name, "", faults, o); !seen[t.Label] {
			seen[t.Label] = true
			b.Searches = append(b.Searches, t)
		}
	}
	return b
}

// ofCatalog returns the search that is also a run of the command capsize.
func ofCatalog(system, bug, faults string, o options) search {
	args := []string{"capsize run --system", system}
	if bug != "" {
		args = append(args, "--bug", bug)
	}
	args = append(args, "--nemesis", faults)
	for _, f := range o.flags() {
		args = append(args, strings.TrimSpace("--"+f[0]+" "+f[1]))
	}
	return search{
		Label: faults + o.label(), Portfolio: faults == portfolio,
		Test:    func() (capsize.Test, error) { return catalogTest(system, bug, faults, o) },
		Command: func(seed uint64) string { return fmt.Sprintf("%s --seed %d", strings.Join(args, " "), seed) },
	}
}

// flags returns the flags of capsize run, each with its value.
func (o options) flags() (list [][2]string) {
	if o.workload != "" {
		list = append(list, [2]string{"workload", o.workload})
	}
	if o.duration != time.Minute {
		list = append(list, [2]string{"duration", o.duration.String()})
	}
	if o.timeout != 0 {
		list = append(list, [2]string{"timeout", o.timeout.String()})
	}
	if o.rate != 0 {
		list = append(list, [2]string{"rate", fmt.Sprint(o.rate)})
	}
	if o.core {
		list = append(list, [2]string{"core", ""})
	}
	return list
}

// label returns the flags as the page has them. A short run goes without saying.
func (o options) label() (text string) {
	if o.duration == time.Minute {
		text = ", duration 1m0s"
	}
	for _, f := range o.flags() {
		if f != [2]string{"duration", shortRun.String()} {
			text += ", " + strings.TrimSpace(f[0]+" "+f[1])
		}
	}
	return text
}

// parseLabel returns the faults and the options of a search of the catalog.
func parseLabel(label string) (faults string, o options, err error) {
	o.duration = shortRun
	parts := strings.Split(label, ", ")
	for _, part := range parts[1:] {
		name, value, _ := strings.Cut(part, " ")
		switch name {
		case "workload":
			o.workload = value
		case "duration":
			o.duration, err = time.ParseDuration(value)
		case "timeout":
			o.timeout, err = time.ParseDuration(value)
		case "rate":
			o.rate, err = strconv.ParseFloat(value, 64)
		case "core":
			o.core = true
		default:
			err = fmt.Errorf("there is no flag %q", name)
		}
		if err != nil {
			return "", o, fmt.Errorf("search %q: %w", label, err)
		}
	}
	return parts[0], o, nil
}

// catalogTest returns the test that capsize run makes of these flags; TestCatalogTestIsTheCommands compares the two.
func catalogTest(system, bug, faults string, o options) (capsize.Test, error) {
	s, err := systems.Find(system)
	if err != nil {
		return capsize.Test{}, err
	}
	built, known, err := s.Build(bug)
	if err != nil {
		return capsize.Test{}, err
	}
	w, ok := known[cmp.Or(o.workload, s.Workload, "register")]
	if !ok {
		return capsize.Test{}, fmt.Errorf("%s has no workload %q", system, o.workload)
	}
	var n nemesis.Nemesis
	if n, err = systems.FindNemesis(faults); err != nil {
		return capsize.Test{}, err
	}
	return capsize.Test{
		System: built, Workload: w, Nemesis: n, Nodes: 5, Clients: 10, Rate: cmp.Or(o.rate, 100),
		Duration: o.duration, Timeout: cmp.Or(o.timeout, 500*time.Millisecond), Settle: 5 * time.Second, Core: o.core,
	}, nil
}
