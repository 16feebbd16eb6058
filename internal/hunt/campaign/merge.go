package campaign

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/capsize-go/capsize/internal/huntrun"
)

// Merge puts the runs of the campaigns of some folders into that of another one, which is made if there is none. All must have the
// same settings and be shards of as many. A run that it has already is left as it is, so a merge may be repeated, and may add
// to what was merged before; one that came out differently is an error, since seeds repeat.
//
// It returns how many runs were new.
func Merge(ctx context.Context, into string, from ...string) (added int, err error) {
	if len(from) == 0 {
		return 0, errors.New("merge campaigns: there is none to merge")
	}
	sources := make([]*Campaign, 0, len(from))
	defer func() {
		for _, s := range sources {
			err = errors.Join(err, s.Close())
		}
	}()
	for _, dir := range from {
		if sameFolder(dir, into) {
			return 0, fmt.Errorf("merge campaigns: %s can't be merged into itself", dir)
		}
		s, err := Read(ctx, dir)
		if err != nil {
			return 0, err
		}
		sources = append(sources, s)
	}
	c, err := openMerged(ctx, into, sources[0])
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	for _, s := range sources {
		if err := c.mayJoin(ctx, s); err != nil {
			return 0, err
		}
	}
	for _, s := range sources {
		n, err := c.join(ctx, s)
		added += n
		if err != nil {
			return added, err
		}
	}
	return added, nil
}

func sameFolder(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// openMerged opens the campaign that others are merged into, and makes it with the settings of the first if there is none.
func openMerged(ctx context.Context, dir string, first *Campaign) (c *Campaign, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("campaign folder %s can't be made: %w", dir, err)
	}
	c = &Campaign{dir: dir}
	if c.lock, err = takeLock(dir); err != nil {
		return nil, err
	}
	made := false
	if c.db, made, err = openFile(dir, Shared); err == nil && made {
		err = c.copySettings(ctx, first)
	}
	if err == nil {
		err = c.readNames(ctx)
	}
	var lost []Failure
	if err == nil {
		lost, err = c.openFailures()
	}
	if err == nil {
		err = c.restore(ctx, lost, made)
	}
	if err != nil {
		_ = c.Close() // the first error says more
		return nil, err
	}
	return c, nil
}

func (c *Campaign) copySettings(ctx context.Context, first *Campaign) error {
	s, err := first.Settings(ctx)
	if err != nil {
		return err
	}
	shards, err := first.Shards(ctx)
	if err != nil {
		return err
	}
	if len(shards) == 0 {
		return fmt.Errorf("%w: %s names no shard", ErrDamaged, filepath.Join(first.dir, File))
	}
	return c.describe(ctx, s, first.Targets(), shards[0])
}

// mayJoin returns an error if another campaign has other settings, or is a shard of another number of them.
func (c *Campaign) mayJoin(ctx context.Context, other *Campaign) error {
	mine, err := c.Settings(ctx)
	if err != nil {
		return err
	}
	theirs, err := other.Settings(ctx)
	if err != nil {
		return err
	}
	differ := mine.differences(theirs)
	shards, err := c.Shards(ctx)
	if err != nil {
		return err
	}
	others, err := other.Shards(ctx)
	if err != nil {
		return err
	}
	for _, s := range others {
		if len(shards) > 0 && s.Count != shards[0].Count {
			differ = append(differ, fmt.Sprintf("the shards were %s and are %s", shardList(shards), shardList(others)))
			break
		}
	}
	if len(differ) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s can't be merged into %s:\n  %s", ErrSettings, filepath.Join(other.dir, File), filepath.Join(c.dir, File), strings.Join(differ, "\n  "))
}

// join adds what another campaign has.
func (c *Campaign) join(ctx context.Context, other *Campaign) (added int, err error) {
	shards, err := other.Shards(ctx)
	if err != nil {
		return 0, err
	}
	err = c.change(ctx, "merge campaigns", func(tx *sql.Tx) error {
		for _, s := range shards {
			if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO shards VALUES (?, ?)", s.Number, s.Count); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	var batch []Run
	flush := func() error {
		if err := c.Add(ctx, batch...); err != nil {
			return err
		}
		added += len(batch)
		batch = batch[:0]
		return nil
	}
	err = other.All(ctx, func(r Run) error {
		fresh, err := c.isNew(ctx, other, r)
		if err != nil || !fresh {
			return err
		}
		if batch = append(batch, r); len(batch) < 1000 {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return added, err
	}
	return added, c.joinReproductions(ctx, other)
}

// isNew reports whether the campaign does not have a run of another one. It is an error if it has it and it came out differently.
func (c *Campaign) isNew(ctx context.Context, other *Campaign, r Run) (bool, error) {
	mine, err := c.run(ctx, r.Target, r.Run.Seed)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if mine.Run.Verdict != r.Run.Verdict || mine.Run.Trace != r.Run.Trace {
		return false, fmt.Errorf("merge campaigns: seed %d of %s is %s in %s and %s in %s, in two runs that are not alike: a seed is to give one run, and here it does not",
			r.Run.Seed, r.Target, r.Run.Verdict, filepath.Join(other.dir, File), mine.Run.Verdict, filepath.Join(c.dir, File))
	}
	return false, nil
}

// joinReproductions takes over the smallest reproductions of another campaign that are smaller than its own, with their pages.
func (c *Campaign) joinReproductions(ctx context.Context, other *Campaign) error {
	groups, err := other.Groups(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if g.Smallest == nil {
			continue
		}
		mine, err := c.Find(ctx, g.ID)
		if err != nil {
			return err
		}
		if mine.Smallest != nil && !g.Smallest.After.Less(mine.Smallest.After) {
			continue
		}
		if err := c.TakePage(g.ID, filepath.Join(other.dir, PagesDir, g.ID), false); err != nil {
			return err
		}
		r := Run{Target: g.SmallOf, Run: huntrun.Outcome{Seed: g.Smallest.Seed, Signature: &g.Signature, Weight: g.First.Run.Weight}}
		if _, err := c.Tried(ctx, r, g.Smallest); err != nil {
			return err
		}
	}
	return nil
}

// TakePage puts the folder of a page in the place of that of a signature. It is moved or copied.
func (c *Campaign) TakePage(id, from string, move bool) error {
	place := filepath.Join(c.dir, PagesDir, id)
	if err := os.MkdirAll(filepath.Dir(place), 0o777); err != nil {
		return wrap(c.dir, "keep a page", err)
	}
	if !move {
		if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) {
			return nil // it was deleted, or could not be written
		}
		part := place + ".part"
		if err := os.RemoveAll(part); err != nil {
			return wrap(c.dir, "keep a page", err)
		}
		if err := os.CopyFS(part, os.DirFS(from)); err != nil {
			return wrap(c.dir, "keep a page", err)
		}
		from = part
	}
	if err := os.RemoveAll(place); err != nil {
		return wrap(c.dir, "keep a page", err)
	}
	return wrap(c.dir, "keep a page", os.Rename(from, place))
}
