package campaign

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ReadFailures reads the failures of a file like [FailuresFile]. What is no failure, as a line that was cut off when the disk was full, is counted
// in damaged.
func ReadFailures(file string) (all []Failure, damaged int, err error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read failures: %w", err)
	}
	defer f.Close()
	r := bufio.NewReader(f)
	for {
		line, err := r.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			var x Failure
			if json.Unmarshal(line, &x) != nil || x.Run.Verdict == "" {
				damaged++
			} else {
				all = append(all, x)
			}
		}
		if errors.Is(err, io.EOF) {
			return all, damaged, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("read failures: %s: %w", file, err)
		}
	}
}

// openFailures opens the file of failures, and returns those that are in it.
func (c *Campaign) openFailures() (all []Failure, err error) {
	file := filepath.Join(c.dir, FailuresFile)
	all, damaged, err := ReadFailures(file)
	if err != nil {
		return nil, err
	}
	if damaged > 0 {
		c.Notes = append(c.Notes, fmt.Sprintf("%s has %d damaged lines, which were left out; their seeds are run again", file, damaged))
	}
	if c.failures, err = os.OpenFile(file, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o666); err != nil {
		return nil, fmt.Errorf("open failures: %w", err)
	}
	info, err := c.failures.Stat()
	if err != nil {
		return nil, fmt.Errorf("open failures: %w", err)
	}
	last := []byte{'\n'}
	if info.Size() > 0 {
		if _, err := c.failures.ReadAt(last, info.Size()-1); err != nil {
			return nil, fmt.Errorf("open failures: %w", err)
		}
	}
	if last[0] != '\n' { // what is cut off stays a line of its own
		_, err = c.failures.WriteString("\n")
	}
	return all, wrap(c.dir, "open failures", err)
}

// writeFailure appends a failure to the file of failures.
func (c *Campaign) writeFailure(x Failure) error {
	b, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("keep a failure: %w", err)
	}
	_, err = c.failures.Write(append(b, '\n'))
	return wrap(c.dir, "keep a failure", err)
}

// restore puts failures into the database that it does not have.
func (c *Campaign) restore(ctx context.Context, all []Failure, made bool) error {
	var missing []Failure
	for _, x := range all {
		id, ok := c.targets[x.Target]
		if !ok {
			return fmt.Errorf("%w: %s has failures of %s, which is no target of this campaign; give another folder (--into), or the same settings",
				ErrSettings, filepath.Join(c.dir, FailuresFile), x.Target)
		}
		var n int
		if err := c.db.QueryRowContext(ctx, "SELECT count(*) FROM runs WHERE target = ? AND seed = ?", id, int64(x.Run.Seed)).Scan(&n); err != nil {
			return c.wrap("read campaign", err)
		}
		if n == 0 {
			missing = append(missing, x)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	what := "which it did not have"
	if made {
		what = "as there was no such file"
	}
	c.Notes = append(c.Notes, fmt.Sprintf("%d failures were read from %s into %s, %s", len(missing), FailuresFile, filepath.Join(c.dir, File), what))
	return c.insert(ctx, missing)
}
