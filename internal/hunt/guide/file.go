package guide

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/nemesis"
)

// version is that of the files of corpora. A file of another one is refused.
const version = 1

// A header is the first line of a file: which hunt the corpus is of, and how far that is.
type header struct {
	Version int     `json:"corpus"`
	Nemesis string  `json:"nemesis"`
	Faults  string  `json:"faults"` // how long they are injected
	Seed    uint64  `json:"seed"`
	First   uint64  `json:"first"`
	Share   float64 `json:"share"`
	Signal  Signal  `json:"signal"`
	Most    int     `json:"most"`
	Next    int     `json:"next"`
	Fresh   uint64  `json:"fresh"`

	Plans    int `json:"plans"`    // that follow, a line each
	Features int `json:"features"` // that are counted after them
}

// A line is any other line of a file: a plan with its run, or counts of features.
type line struct {
	Run     int            `json:"run"`
	Seed    uint64         `json:"seed,omitempty"`
	Rich    int            `json:"rich,omitempty"`
	Moments []string       `json:"moments,omitempty"`
	Plan    nemesis.Plan   `json:"plan,omitempty"`
	Seen    map[string]int `json:"seen,omitempty"`
}

// seenPerLine is how many features a line of a file counts.
const seenPerLine = 500

func (c *Corpus) header() header {
	o := c.options
	return header{
		Version: version, Nemesis: c.nemesis.String(), Faults: c.duration.String(), Seed: o.Seed, First: o.First, Share: o.Share, Signal: o.Signal, Most: o.Most,
		Next: c.next, Fresh: c.fresh, Plans: len(c.entries), Features: len(c.seen),
	}
}

// Write writes the corpus as lines of JSON: a header, a line for each plan, and the counts of the features. [Read] makes the same corpus of them, with which
// the hunt goes on as if it had not been interrupted.
func (c *Corpus) Write(w io.Writer) error {
	b := bufio.NewWriter(w)
	enc := json.NewEncoder(b)
	if err := enc.Encode(c.header()); err != nil {
		return fmt.Errorf("write corpus: %w", err)
	}
	for _, e := range c.entries {
		l := line{Run: e.Index, Seed: e.Seed, Rich: e.Rich, Plan: e.Plan}
		for _, m := range e.Moments {
			l.Moments = append(l.Moments, m.String())
		}
		if err := enc.Encode(l); err != nil {
			return fmt.Errorf("write corpus: the plan of run %d: %w", e.Index, err)
		}
	}
	all := sorting.Keys(c.seen)
	for len(all) > 0 {
		n := min(len(all), seenPerLine)
		l := line{Run: -1, Seen: map[string]int{}}
		for _, f := range all[:n] {
			l.Seen[hex(f)] = c.seen[f]
		}
		if err := enc.Encode(l); err != nil {
			return fmt.Errorf("write corpus: %w", err)
		}
		all = all[n:]
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write corpus: %w", err)
	}
	return nil
}

// Read reads a corpus that Write wrote, for a hunt with the same nemesis, length and options. An error begins with name and the line that is wrong.
func Read(r io.Reader, name string, n nemesis.Nemesis, d time.Duration, o Options) (*Corpus, error) {
	c, err := New(n, d, o)
	if err != nil {
		return nil, err
	}
	var head header
	lines := bufio.NewReader(r)
	for i := 1; ; i++ {
		text, err := lines.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF) && len(text) == 0 && i > 1:
			if len(c.entries) != head.Plans || len(c.seen) != head.Features {
				return nil, fmt.Errorf("%s: it has %d plans and %d features, and by its header %d and %d", name, len(c.entries), len(c.seen), head.Plans, head.Features)
			}
			return c, nil
		case errors.Is(err, io.EOF):
			err = errors.New("the file ends in the middle of a line")
		case err != nil:
		case i == 1:
			head, err = c.readHeader(text)
		default:
			err = c.readLine(text)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, i, err)
		}
	}
}

// readHeader reads the first line, and compares it with the hunt that is to go on.
func (c *Corpus) readHeader(text []byte) (got header, err error) {
	if err := strict(text, &got); err != nil {
		return got, fmt.Errorf("the header of a corpus: %w", err)
	}
	if got.Version != version {
		return got, fmt.Errorf("version %d of a corpus; this program reads version %d", got.Version, version)
	}
	if got.Next < 0 || got.Plans < 0 || got.Features < 0 {
		return got, errors.New("a number of the header is negative")
	}
	c.next, c.fresh = got.Next, got.Fresh
	want := c.header()
	want.Plans, want.Features = got.Plans, got.Features
	if got != want {
		a, errA := json.Marshal(got)
		b, errB := json.Marshal(want)
		return got, errors.Join(fmt.Errorf("the corpus is of another hunt: %s, and not %s", a, b), errA, errB)
	}
	return got, nil
}

// readLine reads a plan or counts.
func (c *Corpus) readLine(text []byte) error {
	var l line
	if err := strict(text, &l); err != nil {
		return err
	}
	for f, n := range l.Seen { // order: a map
		x, err := strconv.ParseUint(f, 16, 64)
		if err != nil || n < 1 {
			return fmt.Errorf("feature %q was seen %d times", f, n)
		}
		c.seen[x] = n
	}
	if l.Seen != nil {
		return nil
	}
	e := &entry{Index: l.Run, Seed: l.Seed, Rich: l.Rich, Plan: l.Plan}
	if err := l.Plan.Validate(); err != nil {
		return err
	}
	if len(l.Plan) == 0 || l.Run < 0 || l.Rich < 0 {
		return errors.New("a line has a plan with its run, or counts of features")
	}
	for _, m := range l.Moments {
		d, err := time.ParseDuration(m)
		if err != nil {
			return fmt.Errorf("moments: %w", err)
		}
		e.Moments = append(e.Moments, d)
	}
	c.entries = append(c.entries, e)
	return nil
}

// strict decodes JSON without fields that are not known.
func strict(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(to)
}

// hex formats a feature.
func hex(f uint64) string { return fmt.Sprintf("%016x", f) }
