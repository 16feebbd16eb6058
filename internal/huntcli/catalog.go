package huntcli

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/internal/hunt/campaign"
	"github.com/capsize-go/capsize/internal/hunt/crew"
	"github.com/capsize-go/capsize/internal/huntrun"
	"github.com/capsize-go/capsize/internal/names"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/nemesis"
)

// eachBug is the value of --bug that stands for every bug of a system, one after the other.
const eachBug = "each"

// catalogOptions are the flags that say what is run of the catalog.
type catalogOptions struct {
	systems, bugs, workloads, nemeses []string // each may be given several times
	nodes, clients                    int
	rate                              float64
	duration, timeout, settle         time.Duration
	core                              bool
}

// catalogFlags are those that a hunt of a Go test does not have.
var catalogFlags = []string{"system", "bug", "workload", "nemesis", "nodes", "clients", "rate", "duration", "timeout", "settle", "core"}

func (o *catalogOptions) flags(f *pflag.FlagSet) {
	f.StringArrayVar(&o.systems, "system", nil, "system to run, also several times; default: every system; see capsize list systems")
	f.StringArrayVar(&o.bugs, "bug", nil, `bugs to switch on together, comma-separated, also several times; "each": every bug of the system in turn; default: none`)
	f.StringArrayVar(&o.workloads, "workload", nil, "what the clients do, also several times; default: every workload that the system is to pass")
	f.StringArrayVar(&o.nemeses, "nemesis", nil, "what goes wrong at once, comma-separated, also several times; default: every preset but lying-disk, which no system is to survive")
	f.IntVar(&o.nodes, "nodes", 5, "nodes of the cluster")
	f.IntVar(&o.clients, "clients", 10, "clients; client i talks to node i mod nodes")
	f.Float64Var(&o.rate, "rate", 100, "operations a second of all clients together; 0: as fast as answers come")
	f.DurationVar(&o.duration, "duration", 30*time.Second, "virtual time in which faults are injected")
	f.DurationVar(&o.timeout, "timeout", 500*time.Millisecond, "virtual time that an operation may take")
	f.DurationVar(&o.settle, "settle", 5*time.Second, "virtual time in which all must work again after the faults")
	f.BoolVar(&o.core, "core", false, "after the faults, heal only a random majority; the others never come back")
}

// check refuses numbers that make no sense.
func (o catalogOptions) check() error {
	for _, x := range []struct {
		flag string
		bad  bool
		want string
	}{
		{"nodes", o.nodes < 1, "at least 1"}, {"clients", o.clients < 1, "at least 1"}, {"rate", !(o.rate >= 0), "0 or more"},
		{"duration", o.duration <= 0, "more than 0"}, {"timeout", o.timeout <= 0, "more than 0"}, {"settle", o.settle <= 0, "more than 0"},
	} {
		if x.bad {
			return fmt.Errorf("--%s must be %s", x.flag, x.want)
		}
	}
	return nil
}

// settings are those of the runs.
func (o catalogOptions) settings() campaign.Settings {
	return campaign.Settings{
		"nodes": strconv.Itoa(o.nodes), "clients": strconv.Itoa(o.clients), "rate": fmt.Sprint(o.rate),
		"duration": o.duration.String(), "timeout": o.timeout.String(), "settle": o.settle.String(), "core": strconv.FormatBool(o.core),
	}
}

// presets are the nemeses that are tried unless the flag names some.
func presets() (all []string) {
	for _, p := range nemesis.Presets() {
		if p.Name != "lying-disk" { // a disk that lies loses what a correct system has synced
			all = append(all, p.Name)
		}
	}
	return all
}

// targets lists what the options name: each system with each of its bugs, workloads and nemeses.
func (o catalogOptions) targets() (all []campaign.Target, err error) {
	nemeses := o.nemeses
	if len(nemeses) == 0 {
		nemeses = presets()
	}
	for _, n := range nemeses {
		if _, err := systems.FindNemesis(n); err != nil {
			return nil, err
		}
	}
	list := o.systems
	if len(list) == 0 {
		if len(o.bugs) > 0 && !slices.Equal(o.bugs, []string{eachBug}) {
			return nil, fmt.Errorf("--bug %s needs --system: a bug is one of a system; only --bug %s is of all", o.bugs[0], eachBug)
		}
		list = systems.Names(systems.Rows())
	}
	for _, name := range list {
		sys, err := systems.Find(name)
		if err != nil {
			return nil, err
		}
		bugs, err := bugsOf(sys, o.bugs)
		if err != nil {
			return nil, err
		}
		loads, err := workloadsOf(sys, o.workloads)
		if err != nil {
			return nil, err
		}
		for _, bug := range bugs {
			for _, w := range loads {
				for _, n := range nemeses {
					all = append(all, campaign.Target{System: sys.Name, Bug: bug, Workload: w, Nemesis: n})
				}
			}
		}
	}
	return all, nil
}

// bugsOf returns the sets of bugs that the flag names.
func bugsOf(sys systems.System, flag []string) (all []string, err error) {
	if len(flag) == 0 {
		return []string{""}, nil
	}
	for _, list := range flag {
		if list == eachBug {
			all = append(all, systems.Names(sys.Bugs)...)
			continue
		}
		bug, err := sys.ParseBugs(list)
		if err != nil {
			return nil, err
		}
		all = append(all, bug)
	}
	return all, nil
}

// workloadsOf returns the workloads of a system that the flag names, its own one first if that is all of them.
func workloadsOf(sys systems.System, flag []string) ([]string, error) {
	_, known, err := sys.Build("")
	if err != nil {
		return nil, err
	}
	if len(flag) > 0 {
		for _, w := range flag {
			if _, ok := known[w]; !ok {
				return nil, names.Unknown("workload for "+sys.Name, w, sorting.Keys(known))
			}
		}
		return flag, nil
	}
	own := cmp.Or(sys.Workload, "register")
	all := []string{own}
	for _, w := range sorting.Keys(known) {
		if w != own && w != "register" { // a system that is not linearizable does not pass that one
			all = append(all, w)
		}
	}
	return all, nil
}

// system returns the part of a target that a worker needs.
func (o catalogOptions) system(t campaign.Target) *huntrun.System {
	return &huntrun.System{
		System: t.System, Bug: t.Bug, Workload: t.Workload, Nemesis: t.Nemesis, Nodes: o.nodes, Clients: o.clients, Rate: o.rate,
		Duration: o.duration, Timeout: o.timeout, Settle: o.settle, Core: o.core,
	}
}

// command returns the command that runs one seed of a target.
func (o catalogOptions) command(program string, t campaign.Target, seed uint64) string {
	line := program + " run --system " + t.System
	if t.Bug != "" {
		line += " --bug " + t.Bug
	}
	line += " --workload " + t.Workload + " --nemesis " + t.Nemesis
	for _, x := range []struct{ flag, value, usual string }{ // usual is the default of capsize run
		{"nodes", strconv.Itoa(o.nodes), "5"}, {"clients", strconv.Itoa(o.clients), "10"}, {"rate", fmt.Sprint(o.rate), "100"},
		{"duration", o.duration.String(), "1m0s"}, {"timeout", o.timeout.String(), "500ms"}, {"settle", o.settle.String(), "5s"},
	} {
		if x.value != x.usual {
			line += " --" + x.flag + " " + x.value
		}
	}
	if o.core {
		line += " --core"
	}
	return fmt.Sprintf("%s --seed %d", line, seed)
}

// testOf returns the test that a worker runs.
func testOf(s huntrun.System) (t capsize.Test, err error) {
	sys, err := systems.Find(s.System)
	if err != nil {
		return t, err
	}
	built, known, err := sys.Build(s.Bug)
	if err != nil {
		return t, err
	}
	w, ok := known[s.Workload]
	if !ok {
		return t, names.Unknown("workload for "+sys.Name, s.Workload, sorting.Keys(known))
	}
	n, err := systems.FindNemesis(s.Nemesis)
	if err != nil {
		return t, err
	}
	t = capsize.Test{
		Name: s.Workload + " on " + sys.Name, System: built, Workload: w, Nemesis: n, Metrics: (*capsize.Result).CallMetrics,
		Nodes: s.Nodes, Clients: s.Clients, Rate: s.Rate, Duration: s.Duration, Timeout: s.Timeout, Settle: s.Settle, Core: s.Core,
	}
	if s.Rate == 0 {
		t.Rate = capsize.Unpaced
	}
	return t, nil
}

// workers returns what runs seeds of the catalog: this program.
func (o catalogOptions) workers(program string) (suite, error) {
	self, err := os.Executable()
	if err != nil {
		return suite{}, fmt.Errorf("find this program, which the workers are made of: %w", err)
	}
	targets, err := o.targets()
	if err != nil {
		return suite{}, err
	}
	settings := o.settings()
	settings["targets"] = campaign.TargetsSetting(targets)
	return suite{
		targets: targets, settings: settings, build: savedrun.Build(),
		program: func(campaign.Target) crew.Program {
			return crew.Program{Path: self, Env: []string{"CAPSIZE_DURATION="}} // the flags say what is run
		},
		task: func(t campaign.Target) huntrun.Task {
			return huntrun.Task{Test: mainTest, Run: runKey(t), System: o.system(t)}
		},
		command: func(t campaign.Target, seed uint64) string { return o.command(program, t, seed) },
	}, nil
}

// mainTest is the name of the test that [capsize.Main] makes.
const mainTest = "capsize"

// runKey is the key of the Run that a worker makes of a target: the name of its test as the name of a folder.
func runKey(t campaign.Target) string {
	return strings.ReplaceAll(t.Workload+" on "+t.System, " ", "-")
}
