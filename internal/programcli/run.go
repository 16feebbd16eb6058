package programcli

import (
	"fmt"
	"path"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/models"
	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/internal/cli"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/program"
	"github.com/capsize-go/capsize/workloads"
)

// test puts the test together, so that what is wrong with a flag is said before anything is built.
func (x *command) test() (t capsize.Test, err error) {
	if err := x.check(); err != nil {
		return t, err
	}
	if err := x.misplaced(); err != nil {
		return t, err
	}
	start := program.Start{Name: path.Base(x.pkg), Args: x.args, Env: x.env, Main: x.starts}
	if t.System, err = start.System(); err != nil {
		return t, fmt.Errorf("--arg or --env: %w", err)
	}
	if t.Workload, err = x.clientsWorkload(); err != nil {
		return t, err
	}
	if t.Nemesis, err = systems.FindNemesis(x.nemesis); err != nil {
		return t, err
	}
	t.Name = x.workload + " on " + x.pkg
	t.Nodes, t.Clients, t.Rate = x.nodes, x.clients, x.rate
	if x.rate == 0 {
		t.Rate = capsize.Unpaced
	}
	t.Duration, t.Timeout, t.Settle = x.duration, x.timeout, x.settle
	t.Metrics = (*capsize.Result).CallMetrics
	if x.stopAt != "" {
		if err := t.StopAt.UnmarshalText([]byte(x.stopAt)); err != nil {
			return t, fmt.Errorf("--stop-at: %w", err)
		}
	}
	return t, nil
}

// clientsWorkload returns what the clients do, and the rule by which it is judged.
func (x *command) clientsWorkload() (w workloads.Workload, err error) {
	if x.client == "redis" {
		w, err = program.Redis{Addr: x.addr, CAS: x.cas, Auth: x.auth, Ready: x.ready, Keys: x.keys}.Register()
	} else {
		w, err = program.HTTP{
			Get: x.get, Put: x.put, CAS: x.cas, PutBody: x.putBody, CASBody: x.casBody, Header: x.headers,
			NotFound: x.notFound, Failed: x.fails, Field: x.field, Ready: x.ready, Keys: x.keys,
		}.Register()
	}
	if err != nil {
		return w, fmt.Errorf("--client %s: %w", x.client, err)
	}
	m, err := models.Find("register", models.Shape{})
	if err != nil {
		return w, err
	}
	if w.Checker, err = m.Checker(x.consistency); err != nil {
		return w, fmt.Errorf("--consistency: %w", err)
	}
	return w, nil
}

// run runs the seeds. The first run of a process is thrown away: what packages that all nodes share do once, as a cache of types, is
// done by then, and all other runs are alike.
func (x *command) run(t capsize.Test) error {
	ctx := x.cmd.Context()
	warm := t
	warm.Seed, warm.Seeds, warm.Duration, warm.Settle, warm.Nemesis, warm.StopAt = 1, 1, time.Second, time.Second, nemesis.None, capsize.Breakpoint{}
	if _, err := capsize.Exec(ctx, x.T, warm); err != nil {
		return err
	}
	return x.RunSeeds(ctx, cli.Runs{
		Test: t, System: path.Base(x.pkg), Nemesis: x.nemesis, Seed: x.seed, Seeds: x.seeds, Report: x.report, JSON: x.json,
		Rerun: func(seed uint64) string {
			return fmt.Sprintf("%s --seed %d", x.commandLine("seed", "seeds", "json", "report", "color", "verbose", "stop-at"), seed)
		},
		All: func(seed uint64) string {
			return fmt.Sprintf("%s --seed %d --seeds %d", x.commandLine("seed", "seeds", "json", "color", "verbose"), seed, x.seeds)
		},
	})
}
