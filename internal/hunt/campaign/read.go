package campaign

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/internal/huntrun"
	"github.com/capsize-go/capsize/internal/sorting"
)

// Settings returns the settings of the campaign.
func (c *Campaign) Settings(ctx context.Context) (Settings, error) {
	s := Settings{}
	err := c.rows(ctx, "SELECT name, value FROM settings", func(r *sql.Rows) error {
		var name, value string
		err := r.Scan(&name, &value)
		s[name] = value
		return err
	})
	return s, c.wrap("read campaign", err)
}

// Shards lists the shards that are in the campaign.
func (c *Campaign) Shards(ctx context.Context) (all []Shard, err error) {
	err = c.rows(ctx, "SELECT number, count FROM shards ORDER BY count, number", func(r *sql.Rows) error {
		var s Shard
		err := r.Scan(&s.Number, &s.Count)
		all = append(all, s)
		return err
	})
	return all, c.wrap("read campaign", err)
}

// Targets lists the targets in the order in which they were given.
func (c *Campaign) Targets() []Target {
	all := make([]Target, 0, len(c.targets))
	for t := range c.targets { // order: sorted below
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b Target) int { return cmp.Compare(c.targets[a], c.targets[b]) })
	return all
}

// Done returns the seeds of a target that were run.
func (c *Campaign) Done(ctx context.Context, t Target) (map[uint64]bool, error) {
	done := map[uint64]bool{}
	err := c.rows(ctx, "SELECT seed FROM runs WHERE target = ?", func(r *sql.Rows) error {
		var seed int64
		err := r.Scan(&seed)
		done[uint64(seed)] = true
		return err
	}, c.targets[t])
	return done, c.wrap("read campaign", err)
}

// A Count is how the runs of one target came out.
type Count struct {
	Target                        Target
	Valid, Unknown, Invalid, Died int
	CPU, Virtual                  time.Duration
	Seeds                         []uint64 // the first that are invalid or died, at most five
	Signatures                    int      // distinct ones
}

// Runs counts all.
func (n Count) Runs() int { return n.Valid + n.Unknown + n.Invalid + n.Died }

// Found counts those that show that something is wrong.
func (n Count) Found() int { return n.Invalid + n.Died }

// Counts returns how the runs came out, target by target.
func (c *Campaign) Counts(ctx context.Context) ([]Count, error) {
	at := map[int64]*Count{}
	all := make([]Count, 0, len(c.targets))
	for _, t := range c.Targets() {
		all = append(all, Count{Target: t})
		at[c.targets[t]] = &all[len(all)-1]
	}
	err := c.rows(ctx, "SELECT target, verdict, count(*), sum(cpu_ns), sum(virtual_ns) FROM runs GROUP BY target, verdict", func(r *sql.Rows) error {
		var target, cpu, virtual int64
		var verdict string
		var n int
		if err := r.Scan(&target, &verdict, &n, &cpu, &virtual); err != nil {
			return err
		}
		x := at[target]
		x.CPU, x.Virtual = x.CPU+time.Duration(cpu), x.Virtual+time.Duration(virtual)
		switch verdict {
		case huntrun.Valid:
			x.Valid = n
		case huntrun.Unknown:
			x.Unknown = n
		case huntrun.Invalid:
			x.Invalid = n
		default:
			x.Died = n
		}
		return nil
	})
	if err == nil {
		err = c.rows(ctx, "SELECT target, seed FROM runs WHERE verdict IN ('invalid', 'died') ORDER BY target, seed", func(r *sql.Rows) error {
			var target, seed int64
			err := r.Scan(&target, &seed)
			if x := at[target]; len(x.Seeds) < 5 {
				x.Seeds = append(x.Seeds, uint64(seed))
			}
			return err
		})
	}
	if err == nil {
		err = c.rows(ctx, "SELECT target, count(DISTINCT signature) FROM runs WHERE signature IS NOT NULL GROUP BY target", func(r *sql.Rows) error {
			var target int64
			var n int
			err := r.Scan(&target, &n)
			at[target].Signatures = n
			return err
		})
	}
	return all, c.wrap("read campaign", err)
}

// maxSeeds is how many seeds of a group are listed.
const maxSeeds = 40

// Groups returns the failures by signature: those that show that something is wrong first, then the most frequent.
func (c *Campaign) Groups(ctx context.Context) ([]Group, error) {
	targets := map[int64]Target{}
	for t, id := range c.targets { // order: each by itself
		targets[id] = t
	}
	at := map[string]*Group{}
	err := c.rows(ctx, "SELECT id, subject, verdict, checker, anomaly, shape, small_target, small FROM signatures ORDER BY id", func(r *sql.Rows) error {
		var g Group
		var target sql.NullInt64
		var small sql.NullString
		if err := r.Scan(&g.ID, &g.Subject, &g.Verdict, &g.Signature.Checker, &g.Signature.Anomaly, &g.Signature.Shape, &target, &small); err != nil {
			return err
		}
		if small.Valid {
			g.SmallOf = targets[target.Int64]
			if err := json.Unmarshal([]byte(small.String), &g.Smallest); err != nil {
				return fmt.Errorf("smallest reproduction of %s: %w", g.ID, err)
			}
		}
		at[g.ID] = &g
		return nil
	})
	if err != nil {
		return nil, c.wrap("read campaign", err)
	}
	met := map[string]map[string]int{}
	err = c.rows(ctx, "SELECT signature, target, seed FROM runs WHERE signature IS NOT NULL ORDER BY signature, ifnull(weight, 1 << 60), seed, target", func(r *sql.Rows) error {
		var id string
		var target, seed int64
		if err := r.Scan(&id, &target, &seed); err != nil {
			return err
		}
		g := at[id]
		if g.Count++; g.Count == 1 {
			g.First.Target, g.First.Run.Seed = targets[target], uint64(seed)
			met[id] = map[string]int{}
		}
		if len(g.Seeds) < maxSeeds {
			g.Seeds = append(g.Seeds, uint64(seed))
		}
		met[id][targets[target].String()]++
		return nil
	})
	if err != nil {
		return nil, c.wrap("read campaign", err)
	}
	var all []Group
	for _, id := range sorting.Keys(at) {
		g := at[id]
		if g.Count == 0 {
			continue
		}
		if g.First, err = c.run(ctx, g.First.Target, g.First.Run.Seed); err != nil {
			return nil, err
		}
		g.Targets = sorting.Keys(met[id])
		slices.SortStableFunc(g.Targets, func(a, b string) int { return cmp.Compare(met[id][b], met[id][a]) })
		all = append(all, *g)
	}
	slices.SortStableFunc(all, func(a, b Group) int {
		return cmp.Or(cmp.Compare(rank(a.Verdict), rank(b.Verdict)), cmp.Compare(b.Count, a.Count))
	})
	return all, nil
}

// rank puts what is wrong before what is not known.
func rank(verdict string) int {
	return slices.Index([]string{huntrun.Invalid, huntrun.Died, huntrun.Unknown, huntrun.Valid}, verdict)
}

// columns are those of runs that [scanRun] reads.
const columns = "r.seed, r.verdict, r.reason, r.weight, r.digest, r.trace, r.exercised, r.cpu_ns, r.virtual_ns, r.schedule, r.output, v.capsize, v.go, v.runtime, v.build, s.checker, s.anomaly, s.shape"

const tables = "runs r JOIN versions v ON v.id = r.version LEFT JOIN signatures s ON s.id = r.signature"

// scanRun reads a row of [columns] after some others.
func scanRun(r interface{ Scan(...any) error }, x *Run, before ...any) error {
	var seed, cpu, virtual int64
	var reason, digest, trace, exercised, schedule, output, check, anomaly, shape sql.NullString
	var weight sql.NullInt64
	err := r.Scan(append(before, &seed, &x.Run.Verdict, &reason, &weight, &digest, &trace, &exercised, &cpu, &virtual, &schedule, &output,
		&x.Version.Capsize, &x.Version.Go, &x.Version.Runtime, &x.Version.Build, &check, &anomaly, &shape)...)
	x.Run.Seed, x.Run.CPU, x.Run.Virtual, x.Run.Weight = uint64(seed), time.Duration(cpu), time.Duration(virtual), int(weight.Int64)
	x.Run.Reason, x.Run.Digest, x.Run.Trace, x.Run.Schedule, x.Run.Output = reason.String, digest.String, trace.String, schedule.String, output.String
	if exercised.Valid {
		x.Run.Exercised = json.RawMessage(exercised.String)
	}
	if check.Valid {
		x.Run.Signature = &huntrun.Signature{Checker: check.String, Anomaly: anomaly.String, Shape: shape.String}
	}
	return err
}

// run returns one run.
func (c *Campaign) run(ctx context.Context, t Target, seed uint64) (Run, error) {
	x := Run{Target: t}
	err := scanRun(c.db.QueryRowContext(ctx, "SELECT "+columns+" FROM "+tables+" WHERE r.target = ? AND r.seed = ?", c.targets[t], int64(seed)), &x)
	return x, c.wrap("read campaign", err)
}

// All calls f for each run, in the order of targets and seeds, until it returns an error.
func (c *Campaign) All(ctx context.Context, f func(Run) error) error {
	targets := map[int64]Target{}
	for t, id := range c.targets { // order: each by itself
		targets[id] = t
	}
	err := c.rows(ctx, "SELECT r.target, "+columns+" FROM "+tables+" ORDER BY r.target, r.seed", func(r *sql.Rows) error {
		var id int64
		var x Run
		if err := scanRun(r, &x, &id); err != nil {
			return err
		}
		x.Target = targets[id]
		return f(x)
	})
	return c.wrap("read campaign", err)
}

// Find returns the group whose ID begins with a text.
func (c *Campaign) Find(ctx context.Context, id string) (Group, error) {
	all, err := c.Groups(ctx)
	if err != nil {
		return Group{}, err
	}
	var found []Group
	var known []string
	for _, g := range all {
		known = append(known, g.ID)
		if strings.HasPrefix(g.ID, id) {
			found = append(found, g)
		}
	}
	switch {
	case len(known) == 0:
		return Group{}, errors.New("the campaign has no failures")
	case len(found) == 0:
		return Group{}, fmt.Errorf("there is no signature %q; the campaign has %s", id, strings.Join(known, ", "))
	case len(found) > 1:
		return Group{}, fmt.Errorf("%d signatures begin with %q; give more digits", len(found), id)
	}
	return found[0], nil
}

// ToTry returns a run of each signature that is worth being made small: one of a signature of which none was, or one that has at most half
// of the ops up to what is wrong of all that were, as long as fewer than most were tried.
func (c *Campaign) ToTry(ctx context.Context, most int) (all []Run, err error) {
	type wanted struct {
		target, seed int64
	}
	var list []wanted
	err = c.rows(ctx, `SELECT target, seed FROM (
			SELECT r.target, r.seed, r.weight, s.tried, s.tried_weight, s.id, row_number() OVER (PARTITION BY s.id ORDER BY ifnull(r.weight, 1 << 60), r.seed, r.target) AS place
			FROM signatures s JOIN runs r ON r.signature = s.id WHERE r.verdict != 'died')
		WHERE place = 1 AND (tried = 0 OR tried < ? AND weight * 2 <= tried_weight) ORDER BY tried, id`, func(r *sql.Rows) error {
		var w wanted
		err := r.Scan(&w.target, &w.seed)
		list = append(list, w)
		return err
	}, most)
	if err != nil {
		return nil, c.wrap("read campaign", err)
	}
	for _, w := range list {
		for t, id := range c.targets { // order: one has the ID
			if id != w.target {
				continue
			}
			x, err := c.run(ctx, t, uint64(w.seed))
			if err != nil {
				return nil, err
			}
			all = append(all, x)
		}
	}
	return all, nil
}

// Versions lists the versions that made runs.
func (c *Campaign) Versions() []Version {
	all := make([]Version, 0, len(c.versions))
	for v := range c.versions { // order: sorted below
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b Version) int { return cmp.Compare(c.versions[a], c.versions[b]) })
	return all
}
