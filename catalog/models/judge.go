package models

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/vacuity"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/names"
)

// Options say how a recorded history is to be read and judged. The zero value judges
// by the model register, held to linearizability, a file whose format is found by
// looking.
type Options struct {
	Model       string          // a name that [Find] knows; register if empty
	Consistency string          // one of the model's; [Model.DefaultConsistency] if empty
	Shape       Shape           // the initial state and the size of the model
	Format      history.Format  // the format of the file; found by looking if Auto
	Independent bool            // values are pairs of a key and a value, see [history.Options]
	Lenient     bool            // read what contradicts itself, and say what was assumed
	Rename      history.Renames // what names of the file mean
	MayFail     []string        // kinds of call of which none needs to have succeeded, see [vacuity.Of]

	// Of transactions of registers: what is known of each key beside its values, see [txn.Options].
	LinearizableKeys, SequentialKeys bool
}

// A Check reads recorded histories and holds them to what its [Options] name. [New]
// makes one; it serves any number of files.
type Check struct {
	Model Model
	opts  Options
}

// New looks up what the options name.
func New(opts Options) (*Check, error) {
	if opts.Model == "" {
		opts.Model = "register"
	}
	m, err := Find(opts.Model, opts.Shape)
	if err != nil {
		return nil, err
	}
	opts.Consistency = cmp.Or(opts.Consistency, m.DefaultConsistency())
	if (opts.LinearizableKeys || opts.SequentialKeys) && (m.kind == nil || *m.kind != txn.Registers) {
		return nil, errors.New("--linearizable-keys and --sequential-keys are for the model rw-register")
	}
	if m.Transactions() && (opts.Independent || len(opts.MayFail) > 0) {
		return nil, fmt.Errorf("--independent and --may-fail are for the models of objects, and not for %s", m.Name)
	}
	if _, err := m.Checker(opts.Consistency); err != nil {
		return nil, err
	}
	return &Check{Model: m, opts: opts}, nil
}

// Consistency returns what the check holds histories to.
func (c *Check) Consistency() string { return c.opts.Consistency }

// A Recorded is a history that was read from a file, as one of the check's model. The
// times of a history of others, and those of the wall clock, count from its first op.
type Recorded struct {
	History *history.History
	Format  history.Format
	Assumed history.Assumptions // what a lenient reader assumed; empty if all was as it must be
	Start   time.Time           // of the first op in UTC, if the file has times of the wall clock
	Untimed bool                // the file has no times, only an order
	Notes   []string            // what else the reader did with the file
}

// Read reads the history of a source. An empty one is an error.
func (c *Check) Read(src *Source) (Recorded, error) {
	rec := Recorded{Format: src.Format}
	if c.Model.Transactions() {
		return rec, fmt.Errorf("read history: a history of %s is read with ReadTransactions", c.Model.Name)
	}
	h, note, err := c.Model.readNoted(src, history.Options{
		Independent: c.opts.Independent, Lenient: c.opts.Lenient, Rename: c.opts.Rename, Assumed: &rec.Assumed,
	})
	if err != nil {
		return rec, fmt.Errorf("read history: %w", err)
	}
	if h.Len() == 0 && src.Format == history.Etcd { // of a log, that its ops were not found is likelier
		return rec, fmt.Errorf("read history: %s:1: there are no ops in it%s", src.Name, lookedFor[src.Format])
	}
	rec.History = h
	if h.Len() == 0 { // without calls it is unknown, which is for Judge to say
		return rec, nil
	}
	if !src.jepsen { // ours count from the beginning of the run, unless a recorder wrote times of the wall clock
		if h.At(0).Time > wallClock {
			rec.fromFirst()
		}
		return rec, nil
	}
	if rec.fromFirst(); note != "" {
		rec.Notes = append(rec.Notes, note)
	}
	note, err = c.Model.foreign(h)
	if err != nil {
		return rec, fmt.Errorf("read history: %s: %w", src.Name, err)
	}
	if note != "" {
		rec.Notes = append(rec.Notes, note)
	}
	return rec, nil
}

// lookedFor says what a file of a format without ops lacks.
var lookedFor = map[history.Format]string{
	history.Etcd: ": a line of a log that is an op has PROCESS, :invoke, :ok, :fail or :info, :f and a value, with blanks between",
	history.EDN:  ": an op is a map with :process, :type, :f and :value",
	history.JSON: ": an op is an object with process, type, f and value",
}

// wallClock is the least time that is taken for one of the wall clock: 1980.
const wallClock = 10 * 365 * 24 * time.Hour

// fromFirst makes times count from the first op.
func (r *Recorded) fromFirst() {
	first := r.History.At(0).Time
	if r.Untimed = first == 0 && r.History.End() == 0; first <= 0 {
		return
	}
	if first > wallClock {
		r.Start = time.Unix(0, int64(first)).UTC()
	}
	h := &history.History{}
	h.Grow(r.History.Len())
	for op := range r.History.Ops() {
		op.Time -= first
		h.Add(op)
	}
	r.History = h
}

// ReadFile opens, reads and closes a file.
func (c *Check) ReadFile(file string) (Recorded, error) {
	src, err := Open(file, c.opts.Format)
	if err != nil {
		return Recorded{}, err
	}
	defer func() { _ = src.Close() }() // it was read only
	return c.Read(src)
}

// A Judgement is the verdict on a recorded history.
type Judgement struct {
	checker.Result
	Recorded
}

// Judge judges a history that was read. Its verdict is no more than [Recorded.Remarks] let
// it be. The History of the judgement begins with a write for each key that held something at
// first, if keys held different values.
func (c *Check) Judge(ctx context.Context, rec Recorded) (Judgement, error) {
	held, err := c.Model.Checker(c.opts.Consistency)
	recorded := rec.History
	if err == nil && c.Model.begin != nil {
		var note string
		if held, rec.History, note, err = c.Model.begin(ctx, rec.History, c.opts.Consistency); note != "" {
			rec.Notes = append(rec.Notes, note)
		}
	}
	if err == nil {
		err = c.checkMayFail(recorded)
	}
	if err != nil {
		return Judgement{}, err
	}
	grounded := vacuity.Grounded(checker.Func(func(ctx context.Context, _ *history.History) checker.Result {
		return held.Check(ctx, rec.History)
	}), slices.Concat(c.Model.mayFail, c.opts.MayFail)...)
	r := grounded.Check(ctx, recorded)                         // without the writes that begin the history: no client recorded them
	if r.Verdict == checker.Valid && c.Model.Name != "stats" { // which asks only whether calls succeed
		if reason, unread := vacuity.Unread(recorded); unread {
			r.Verdict, r.Reason, r.Undecided = checker.Unknown, reason, "nothing was read"
		}
	}
	return Judgement{Result: r, Recorded: rec}, nil
}

// checkMayFail refuses kinds that neither the history nor the model has: a name that is
// misspelt would leave the verdict as if it had not been given.
func (c *Check) checkMayFail(h *history.History) error {
	if len(c.opts.MayFail) == 0 {
		return nil
	}
	kinds := vacuity.Kinds(h)
	for _, name := range c.opts.MayFail {
		if !slices.Contains(kinds, name) && !slices.Contains(c.Model.Fs, name) {
			return fmt.Errorf("may-fail: %w", names.Unknown("kind of call in the history", name, kinds))
		}
	}
	return nil
}

// Remarks lists what a reader of the verdict must know of how the file was read: what was
// assumed, and the notes.
func (r *Recorded) Remarks() []string {
	var all []string
	if len(r.Assumed) > 0 {
		all = append(all, "assumed: "+r.Assumed.String())
	}
	return append(all, r.Notes...)
}

// Judge judges the history in a file: it is [New], [Check.ReadFile] and [Check.Judge].
// An error means that there is no verdict: a name that the catalog does not have, or a
// file that is not a history of the model.
func Judge(ctx context.Context, file string, opts Options) (Judgement, error) {
	c, err := New(opts)
	if err != nil {
		return Judgement{}, err
	}
	if c.Model.Transactions() {
		return c.judgeTransactionFile(ctx, file)
	}
	rec, err := c.ReadFile(file)
	if err != nil {
		return Judgement{}, err
	}
	return c.Judge(ctx, rec)
}
