package campaign

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/capsize-go/capsize/internal/huntrun"
)

// A Campaign is an open one, for one goroutine at a time.
//
// It has many methods because each question about a campaign is one.
type Campaign struct {
	dir      string
	db       *sql.DB
	lock     *lock    // nil if it is only read
	failures *os.File // the same
	targets  map[Target]int64
	versions map[Version]int64
	known    map[string]bool // signatures that are in the file

	// Notes say what was done when it was opened that is not usual, a line each.
	Notes []string
}

// Open opens the campaign of a folder for a hunt that writes it, and makes it if there is none. Its settings and its shard must be those that it
// was made with, or else the error is an [ErrSettings]. Failures that are in its folder, and not in its database, are put there.
func Open(ctx context.Context, dir string, s Settings, targets []Target, shard Shard, access Access) (*Campaign, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("campaign folder %s can't be made: %w", dir, err)
	}
	held, err := takeLock(dir)
	if err != nil {
		return nil, err
	}
	c := &Campaign{dir: dir, lock: held}
	if err := c.open(ctx, s, targets, shard, access); err != nil {
		_ = c.Close() // the first error says more
		return nil, err
	}
	return c, nil
}

func (c *Campaign) open(ctx context.Context, s Settings, targets []Target, shard Shard, access Access) (err error) {
	made := false
	if c.db, made, err = openFile(c.dir, access); err != nil {
		return err
	}
	if made {
		err = c.describe(ctx, s, targets, shard)
	} else {
		err = c.agree(ctx, s, shard)
	}
	if err != nil {
		return err
	}
	if err := c.readNames(ctx); err != nil {
		return err
	}
	lost, err := c.openFailures()
	if err != nil {
		return err
	}
	return c.restore(ctx, lost, made)
}

// Read opens the campaign of a folder to be looked at, also while a hunt writes it.
func Read(ctx context.Context, dir string) (*Campaign, error) {
	db, _, err := openFile(dir, reading)
	if err != nil {
		return nil, err
	}
	c := &Campaign{dir: dir, db: db}
	if err := c.readNames(ctx); err != nil {
		_ = c.Close() // the first error says more
		return nil, err
	}
	return c, nil
}

// Dir returns the folder of the campaign.
func (c *Campaign) Dir() string { return c.dir }

// Close ends the work with the campaign. What was added is kept.
func (c *Campaign) Close() error {
	var errs []error
	if c.db != nil {
		errs = append(errs, c.wrap("close campaign", c.db.Close()))
	}
	if c.failures != nil {
		errs = append(errs, c.failures.Close())
	}
	if c.lock != nil {
		errs = append(errs, c.lock.release())
	}
	return errors.Join(errs...)
}

// describe writes the settings, the targets and the shard of a new campaign.
func (c *Campaign) describe(ctx context.Context, s Settings, targets []Target, shard Shard) error {
	return c.change(ctx, "make campaign", func(tx *sql.Tx) error {
		for _, name := range names(s) {
			if _, err := tx.ExecContext(ctx, "INSERT INTO settings VALUES (?, ?)", name, s[name]); err != nil {
				return err
			}
		}
		for _, t := range targets {
			if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO targets (system, bug, workload, nemesis, package, test, run) VALUES (?, ?, ?, ?, ?, ?, ?)",
				t.System, t.Bug, t.Workload, t.Nemesis, t.Package, t.Test, t.Run); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO shards VALUES (?, ?)", shard.Number, shard.Count)
		return err
	})
}

// agree returns an error if the campaign was made with other settings.
func (c *Campaign) agree(ctx context.Context, now Settings, shard Shard) error {
	s, err := c.Settings(ctx)
	if err != nil {
		return err
	}
	differ := s.differences(now)
	shards, err := c.Shards(ctx)
	if err != nil {
		return err
	}
	if len(shards) != 1 || shards[0] != shard {
		differ = append(differ, fmt.Sprintf("the shards were %s and are %s", shardList(shards), shard))
	}
	if len(differ) == 0 {
		return nil
	}
	return fmt.Errorf("%w from those of the campaign in %s:\n  %s\nGive the same settings to go on with it, or another folder (--into) for another campaign",
		ErrSettings, filepath.Join(c.dir, File), strings.Join(differ, "\n  "))
}

func shardList(shards []Shard) string {
	var all []string
	for _, s := range shards {
		all = append(all, s.String())
	}
	return strings.Join(all, ", ")
}

// change makes a change in one transaction.
func (c *Campaign) change(ctx context.Context, what string, f func(tx *sql.Tx) error) error {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return c.wrap(what, err)
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // the first error says more
		return c.wrap(what, err)
	}
	return c.wrap(what, tx.Commit())
}

// readNames reads the targets, versions and signatures that the file has.
func (c *Campaign) readNames(ctx context.Context) error {
	c.targets, c.versions, c.known = map[Target]int64{}, map[Version]int64{}, map[string]bool{}
	err := c.rows(ctx, "SELECT id, system, bug, workload, nemesis, package, test, run FROM targets", func(r *sql.Rows) error {
		var id int64
		var t Target
		err := r.Scan(&id, &t.System, &t.Bug, &t.Workload, &t.Nemesis, &t.Package, &t.Test, &t.Run)
		c.targets[t] = id
		return err
	})
	if err == nil {
		err = c.rows(ctx, "SELECT id, capsize, go, runtime, build FROM versions", func(r *sql.Rows) error {
			var id int64
			var v Version
			err := r.Scan(&id, &v.Capsize, &v.Go, &v.Runtime, &v.Build)
			c.versions[v] = id
			return err
		})
	}
	if err == nil {
		err = c.rows(ctx, "SELECT id FROM signatures", func(r *sql.Rows) error {
			var id string
			err := r.Scan(&id)
			c.known[id] = true
			return err
		})
	}
	return c.wrap("read campaign", err)
}

// rows calls f for each row of a query.
func (c *Campaign) rows(ctx context.Context, query string, f func(*sql.Rows) error, args ...any) error {
	r, err := c.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer r.Close()
	for r.Next() {
		if err := f(r); err != nil {
			return err
		}
	}
	return r.Err()
}

// Add keeps runs. When it returns without an error they outlive this process, and those that are not valid are on the disk, in the
// database and in [FailuresFile]. A run that the campaign has already is left as it is.
func (c *Campaign) Add(ctx context.Context, runs ...Run) error {
	failures := false
	for _, r := range runs {
		if r.Run.Verdict == huntrun.Valid {
			continue
		}
		failures = true
		if err := c.writeFailure(r); err != nil {
			return err
		}
	}
	if !failures {
		return c.insert(ctx, runs)
	}
	if err := c.failures.Sync(); err != nil {
		return wrap(c.dir, "keep a failure", err)
	}
	if _, err := c.db.ExecContext(ctx, "PRAGMA synchronous = FULL"); err != nil {
		return c.wrap("keep a failure", err)
	}
	if err := c.insert(ctx, runs); err != nil {
		return err
	}
	_, err := c.db.ExecContext(ctx, "PRAGMA synchronous = NORMAL")
	return c.wrap("keep a failure", err)
}

// insert puts runs into the database.
func (c *Campaign) insert(ctx context.Context, runs []Run) error {
	versions, signatures := map[Version]int64{}, map[string]bool{} // that are new: they are known once the transaction is committed
	err := c.change(ctx, "keep runs", func(tx *sql.Tx) error {
		for _, r := range runs {
			version, ok := c.versions[r.Version]
			if !ok {
				version, ok = versions[r.Version]
			}
			if !ok {
				row := tx.QueryRowContext(ctx, "INSERT INTO versions (capsize, go, runtime, build) VALUES (?, ?, ?, ?) RETURNING id",
					r.Version.Capsize, r.Version.Go, r.Version.Runtime, r.Version.Build)
				if err := row.Scan(&version); err != nil {
					return err
				}
				versions[r.Version] = version
			}
			id := SignatureID(r.Target, r.Run.Signature)
			if id != "" && !c.known[id] && !signatures[id] {
				s := r.Run.Signature
				if _, err := tx.ExecContext(ctx, "INSERT INTO signatures (id, subject, verdict, checker, anomaly, shape) VALUES (?, ?, ?, ?, ?, ?)",
					id, r.Target.Subject(), r.Run.Verdict, s.Checker, s.Anomaly, s.Shape); err != nil {
					return err
				}
				signatures[id] = true
			}
			target, ok := c.targets[r.Target]
			if !ok {
				return fmt.Errorf("it has no target %s", r.Target)
			}
			if err := insertRun(ctx, tx, target, version, id, r.Run); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for v, id := range versions { // order: each by itself
		c.versions[v] = id
	}
	for id := range signatures { // order: each by itself
		c.known[id] = true
	}
	return nil
}

func insertRun(ctx context.Context, tx *sql.Tx, target, version int64, signature string, o huntrun.Outcome) error {
	_, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO runs
		(target, seed, verdict, signature, reason, weight, digest, trace, exercised, cpu_ns, virtual_ns, schedule, output, version)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		target, int64(o.Seed), o.Verdict, text(signature), text(o.Reason), sql.NullInt64{Int64: int64(o.Weight), Valid: o.Weight > 0},
		text(o.Digest), text(o.Trace), text(string(o.Exercised)), int64(o.CPU), int64(o.Virtual), text(o.Schedule), text(o.Output), version)
	return err
}

// text is NULL for an empty text.
func text(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

// Tried notes that a run of a signature was made small, and keeps the outcome if it is smaller than the one before. Small is nil if that
// failed.
func (c *Campaign) Tried(ctx context.Context, r Run, small *huntrun.Smallest) (better bool, err error) {
	id := SignatureID(r.Target, r.Run.Signature)
	err = c.change(ctx, "keep the smallest reproduction", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE signatures SET tried = tried + 1, tried_weight = min(ifnull(tried_weight, ?1), ?1) WHERE id = ?2", r.Run.Weight, id); err != nil {
			return err
		}
		if small == nil {
			return nil
		}
		var old sql.NullString
		if err := tx.QueryRowContext(ctx, "SELECT small FROM signatures WHERE id = ?", id).Scan(&old); err != nil {
			return err
		}
		var before huntrun.Smallest
		if old.Valid {
			if err := json.Unmarshal([]byte(old.String), &before); err != nil {
				return err
			}
		}
		if better = !old.Valid || small.After.Less(before.After); !better {
			return nil
		}
		b, err := json.Marshal(small)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE signatures SET small = ?, small_target = ? WHERE id = ?", string(b), c.targets[r.Target], id)
		return err
	})
	return better && err == nil, err
}
