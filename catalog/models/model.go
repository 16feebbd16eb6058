package models

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/consistency"
	"github.com/capsize-go/capsize/checker/freshness"
	"github.com/capsize-go/capsize/checker/jepsen"
	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/checker/stats"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/names"
	"github.com/capsize-go/capsize/model"
)

// Linearizable is the consistency that models are held to by default.
const Linearizable = "linearizable"

// A Row names and describes an entry of the catalog: a model, a consistency or a
// format.
type Row struct{ Name, Doc string }

// Names returns the names of rows.
func Names(rows []Row) []string {
	var all []string
	for _, r := range rows {
		all = append(all, r.Name)
	}
	return all
}

// A Model is what a recorded history can be judged by: the model of an object, or a
// checker with a rule of its own. [Find] returns one by its name.
type Model struct {
	Row
	Own bool     // it has a rule of its own, and takes no consistency
	Fs  []string // the operations that it knows, by the names that Jepsen gives them

	// check returns the checker of a consistency, and false if there is none.
	check func(consistency string) (checker.Checker, bool)

	kind *txn.Kind // of a model of transactions, what these read and write; nil for others

	limited    bool     // it takes a limit
	wrongLimit error    // its limit is none
	mayFail    []string // kinds of call of which none needs to have succeeded, since the rule says itself if there is nothing to judge

	// begin finds out what registers hold at first, and returns the checker for that and
	// the history with what it takes to say so. It is nil for what is empty at first.
	begin func(ctx context.Context, h *history.History, consistency string) (checker.Checker, *history.History, string, error)

	// infer finds out what only a whole history says of its calls, as Jepsen records
	// them. It returns the history with that, and a note. It may be nil.
	infer func(h *history.History) (*history.History, string)

	// read reads a file of ours. A translator decodes the ops that Jepsen would have
	// recorded, one after the other, into those that the checker reads.
	read       func(r io.Reader, name string) (*history.History, error)
	translator func() func(history.Op) (history.Op, error)

	// scan yields the ops of a file of ours, and encode is the way back; both are
	// nil for a checker.
	scan   func(r io.Reader, name string) iter.Seq2[history.Op, error]
	encode func(op history.Op) history.Op
}

// Checker returns the checker that holds histories to a consistency of the model.
// The error names the consistencies that the model has.
func (m Model) Checker(consistency string) (checker.Checker, error) {
	if m.Own && consistency != Linearizable {
		return nil, fmt.Errorf("%s has a rule of its own, and takes no --consistency", m.Name)
	}
	c, ok := m.check(consistency)
	if !ok && m.Transactions() {
		_, err := txn.FindModel(consistency)
		return nil, fmt.Errorf("--consistency of %s: %w", m.Name, err)
	}
	if !ok {
		return nil, names.Unknown("consistency of "+m.Name, consistency, m.Consistencies())
	}
	return c, nil
}

// Consistencies lists the names of those that the model can be held to, the
// strictest first.
func (m Model) Consistencies() (all []string) {
	if m.Transactions() {
		return Names(TransactionConsistencies())
	}
	for _, c := range Consistencies() {
		if _, ok := m.check(c.Name); ok {
			all = append(all, c.Name)
		}
	}
	return all
}

// Read reads the history in a source as a history of the model. Of opts, the format
// is that of the source. Errors name file and line. A lenient reader takes calls whose
// answers contradict them for indeterminate ones, and counts them in opts.Assumed.
func (m Model) Read(src *Source, opts history.Options) (*history.History, error) {
	h, _, err := m.readNoted(src, opts)
	return h, err
}

// readNoted is Read. It returns what else a reader of the verdict must know as well.
func (m Model) readNoted(src *Source, opts history.Options) (h *history.History, note string, err error) {
	if err := Renamable(src, opts.Rename); err != nil {
		return nil, "", err
	}
	if !src.jepsen {
		if h, err = m.read(src.r, src.Name); err != nil && opts.Lenient {
			err = fmt.Errorf("%w\n  --lenient is for the formats of others: what was recorded here does not contradict itself", err)
		}
		return h, "", err
	}
	numbered := false
	h, err = m.readJepsen(src, opts, func(j history.JepsenOp) { numbered = numbered || numbers012[j.F] != "" })
	switch {
	case err != nil:
		return nil, "", err
	case m.infer != nil:
		h, note = m.infer(h)
	case numbered && m.Name == "kv":
		note = "the f 0, 1 and 2 were taken for the get, put and append of porcupine's own model (--rename f:0=NAME gives one another meaning)"
	}
	return h, note, nil
}

// Renamable returns an error if names of a source can't be given other meanings: those of
// the format of this module are fixed.
func Renamable(src *Source, r history.Renames) error {
	if src.Format != history.JSONL || len(r.F)+len(r.Field) == 0 {
		return nil
	}
	return fmt.Errorf("--rename is for the formats of others: %s is %v, whose names are fixed", src.Name, src.Format)
}

// readJepsen reads ops as Jepsen records them, and shows look what was invoked.
func (m Model) readJepsen(src *Source, opts history.Options, look func(history.JepsenOp)) (*history.History, error) {
	opts.Format, opts.KeyedAlike = src.Format, true
	if opts.Line == nil {
		opts.Line = new(int)
	}
	h, pairs := &history.History{}, true
	translate := m.translator()
	for op, err := range history.Scan(src.r, src.Name, opts) {
		if err != nil {
			return nil, Hinted(err)
		}
		pairs = pairs && invokesPair(op)
		if j, ok := op.Input.(history.JepsenOp); ok && op.Process != history.Nemesis {
			look(j)
		}
		t, err := translate(op)
		var flaw *history.FlawError
		switch {
		case errors.As(err, &flaw) && opts.Lenient:
			if opts.Assumed != nil {
				opts.Assumed.Add(flaw.Flaw, *opts.Line)
			}
		case err != nil:
			err = fmt.Errorf("as a history of model %s: %w", m.Name, m.explain(op, err, pairs && !opts.Independent))
			return nil, &history.FileError{File: src.Name, Line: *opts.Line, Err: err}
		}
		h.Add(t)
	}
	return h, nil
}

// explain adds to an error what a user can do about it.
func (m Model) explain(op history.Op, err error, pairs bool) error {
	if text := withoutModel(op); text != "" {
		return errors.New(text)
	}
	if pairs {
		return fmt.Errorf("%w\n  values are pairs: if they are a key and a value each, say --independent", err)
	}
	return Hinted(err)
}

// Hinted adds to an error about a flaw of a history what a user can do about it.
func Hinted(err error) error {
	var flaw *history.FlawError
	if !errors.As(err, &flaw) {
		return err
	}
	return fmt.Errorf("%w\n  %s\n  --lenient goes on, and says what it assumed", err, flaw.Hint())
}

// foreign looks for operations that a checker with a rule of its own does not know: it
// passes over them. It returns an error if it knows none, and else a note.
func (m Model) foreign(h *history.History) (note string, err error) {
	if !m.Own || len(m.Fs) == 0 {
		return "", nil
	}
	known, total, counts := 0, 0, map[string]int{}
	var order []string
	var first history.Op
	for op := range h.Ops() {
		j, ok := op.Input.(history.JepsenOp)
		switch {
		case op.Process == history.Nemesis || op.Input == nil:
		case !ok:
			known++ // it was translated
		case slices.Contains(m.Fs, j.F):
			known++
		default:
			if counts[j.F]++; counts[j.F] == 1 {
				order = append(order, fmt.Sprintf("%q", j.F))
			}
			if total++; total == 1 {
				first = op
			}
		}
	}
	switch {
	case total == 0:
		return "", nil
	case known > 0:
		calls := "calls"
		if total == 1 {
			calls = "call"
		}
		return fmt.Sprintf("passed over: %d %s with the f %s, which %s does not know (--rename f:OLD=NEW gives it another meaning)",
			total, calls, strings.Join(order, ", "), m.Name), nil
	}
	if text := withoutModel(first); text != "" {
		return "", errors.New(text)
	}
	return "", fmt.Errorf("as a history of model %s: no call has an f that it knows: it has %s, and the model knows %s\n"+
		"  if they mean the same, say --rename f:%s=%s", m.Name, strings.Join(order, ", "), listed(m.Fs), strings.Trim(order[0], `"`), m.Fs[0])
}

// ScanJepsen yields the ops of a source in our format as Jepsen would have recorded
// them. It refuses a checker with a rule of its own, and a source whose ops Jepsen
// has recorded already.
func (m Model) ScanJepsen(src *Source) (iter.Seq2[history.Op, error], error) {
	if m.scan == nil || src.jepsen {
		return nil, fmt.Errorf("model %s can't encode the ops of %s: it must be the model of an object, and the file one of ours", m.Name, src.Name)
	}
	return func(yield func(history.Op, error) bool) {
		for op, err := range m.scan(src.r, src.Name) {
			if !yield(m.encode(op), err) {
				return
			}
		}
	}, nil
}

// invokesPair reports whether an op invokes with a pair for a value, or with what a cas of a key may have, [key old new], or invokes
// nothing.
func invokesPair(op history.Op) bool {
	if op.Process == history.Nemesis || op.Type != history.Invoke {
		return true
	}
	j, _ := op.Input.(history.JepsenOp)
	parts, ok := j.Value.([]any)
	return ok && (len(parts) == 2 || len(parts) == 3 && j.F == "cas")
}

// initialized are the models whose first state can be chosen.
var initialized = []string{"register", "cas-register", "multi-register", "kv"}

// sized are the models whose size can be chosen.
var sized = []string{"semaphore", "reentrant-lock"}

// A Shape says what differs from one object of a model to the next. The zero value
// is each model's default.
type Shape struct {
	Initial string // what registers hold before the first op: a value, nil, or unknown; see [Find]
	Size    string // permits of a semaphore, or how often a reentrant-lock may be acquired
	Limit   string `json:",omitempty"` // of a rule about requests, as the row of each says; the usual one if empty
}

// All lists the models that a history can be judged by, each in its default shape.
func All() []Model { return modelsOf(initial{}, 2, "") }

// modelsOf lists the models. Registers hold init at first, what has a size has that, and what has a limit has that if it is not empty.
func modelsOf(init initial, size int, limit string) []Model {
	return append([]Model{
		registers(object("register", "integers by key, 0 or nothing at first, or --initial: read, write, cas, which is answered with what it found",
			model.Register(), register(true)), model.Register(), numbers(true), init),
		registers(object("cas-register", "integers by key, nothing or 0 at first, or --initial: read, write, cas, which says only whether it was done; Knossos's",
			model.CASRegister(model.Nil), register(false)), model.CASRegister(model.Nil), numbers(false), init),
		registers(object("multi-register", "integers by name, 0 or nothing at first, or --initial: transactions of reads and writes; Knossos's",
			model.MultiRegister(), multiRegister()), model.MultiRegister(), many(), init),
		registers(object("kv", `strings by key, "" at first, or --initial: get, put, append, cas, which says only whether it was done`,
			model.KV(), stringStore()), model.KV(), strung(), init),
		object("mutex", "a lock that any process may release: acquire, release; Knossos's", model.Mutex(), lock(false)),
		object("owned-mutex", "a lock that only the process that holds it may release", model.ReentrantLock(1), lock(false)),
		object("reentrant-lock", "a lock that its holder may acquire twice, or --size times", model.ReentrantLock(size), lock(false)),
		object("fenced-lock", "a lock whose acquisitions are answered with tokens that only grow", model.FencedLock(), lock(true)),
		object("semaphore", "a semaphore of 2 (or --size) permits: acquire, release", model.Semaphore(size), lock(false)),
		inferring(object("counter", "integers by key, 0 at first: add, increment, which is answered with the new value, read", model.Counter(), counter()), inferCounter),
		object("set", "sets of integers by key, empty at first: add, remove, contains, read", model.Set(), set()),
		object("queue", "a queue by key: enqueue, dequeue; first in, first out; Knossos's fifo-queue", model.FIFOQueue(), queue()),
		object("priority-queue", "a queue by key that gives back the least value first", model.PriorityQueue(), queue()),
		object("unordered-queue", "a queue by key that gives back its values in any order; Knossos's", model.UnorderedQueue(), queue()),
		object("stack", "a stack by key: push, pop", model.Stack(), stack()),
		object("log", "a list by key that is only appended to: append, read", model.Log(), log()),
	}, slices.Concat(transactionModels(), rules(), requestRules(limit))...)
}

// rules lists the checkers with a rule of their own: Jepsen's.
func rules() []Model {
	return []Model{
		rule("unique-ids", "no id is given twice: generate", jepsen.DistinctIDs(), "generate"),
		rule("jepsen-set", "the last read has all that was added: add, read", jepsen.FinalSet(), "add", "read"),
		rule("set-full", "what was once known to be in a set stays there: add, read", jepsen.SetFull(false), "add", "read"),
		rule("jepsen-counter", "reads are within what was added: add, read", jepsen.CounterBounds(), "add", "read"),
		rule("jepsen-queue", "what comes out went in: enqueue, dequeue, drain", jepsen.QueueSources(), "enqueue", "dequeue", "drain"),
		rule("total-queue", "what goes in comes out, at least once: enqueue, dequeue, drain", jepsen.TotalQueue(false), "enqueue", "dequeue", "drain"),
		rule("bank", "every read of all accounts has the same total, and none below 0: transfer, read", jepsen.Bank(jepsen.BankRule{}), "transfer", "read"),
		rule("bank-overdraft", "bank, with balances below 0", jepsen.Bank(jepsen.BankRule{Negative: true}), "transfer", "read"),
		rule("long-fork", "of two reads of the same keys, one has seen all that the other has: read, write, txn", jepsen.LongFork(0), "read", "write", "txn"),
		rule("causal-reverse", "a read that sees a write also sees the writes that had ended before it began: read, write", jepsen.CausalReverse(), "read", "write"),
		rule("monotonic", "values rise with the times at which they were inserted: add, read", jepsen.MonotonicInserts(false), "add", "read"),
		copiesRule("cache", "no read is older than a write that had been acknowledged: read, write, answered with versions", freshness.New(freshness.Promise{})),
		copiesRule("cache-sessions", "no read is older than what its process had read or written: read, write, answered with versions", freshness.Sessions()),
		rule("stats", "some call of each f is ok; counts availability, latency and rate", stats.New(stats.Limits{EachF: true})),
	}
}

// rule returns the row of a checker with a rule of its own. It reads histories of
// any kind.
func rule(name, doc string, c checker.Checker, fs ...string) Model {
	return Model{
		Row: Row{name, doc}, Own: true, Fs: fs,
		check:      func(string) (checker.Checker, bool) { return c, true },
		read:       history.Read,
		translator: func() func(history.Op) (history.Op, error) { return watchful(silentFs(name), name == "monotonic") },
	}
}

// silentFs are the kinds of calls of whose answers a rule makes nothing. Stats looks at no
// answer.
func silentFs(rule string) []string {
	if rule == "stats" {
		return nil
	}
	return []string{"add", "enqueue", "transfer", "write"}
}

// copiesRule returns the row of a checker of caches.
func copiesRule(name, doc string, c checker.Checker) Model {
	d := copies()
	return Model{
		Row: Row{name, doc}, Own: true, Fs: d.fs,
		check:      func(string) (checker.Checker, bool) { return c, true },
		read:       history.ReadAs[model.CacheOp, model.Copy],
		translator: boxed(d).translator,
	}
}

// Strongest stands for a report of all consistency models.
const Strongest = "strongest"

// Consistencies describes what a model can be held to, the strictest first. All
// but the first are for registers, and want every written value to be unique.
func Consistencies() []Row {
	var all []Row
	for _, l := range consistency.Levels(model.Register()) {
		all = append(all, Row{l.Name, l.Says})
	}
	return append(all,
		Row{"staleness", "measures how stale reads were; demands only that each value that was read had been written"},
		Row{"lost", "what was acknowledged is there in the end or was replaced; what failed never was"},
		Row{Strongest, "which of these the history satisfies; demands only that each value that was read had been written"})
}

// object returns the row of the model of an object.
func object[S comparable, In, Out any](name, doc string, m model.Model[S, In, Out], d codec[In, Out]) Model {
	untyped := boxed(d)
	return Model{
		Row:        Row{name, doc},
		Fs:         d.fs,
		check:      func(consistency string) (checker.Checker, bool) { return held(m, consistency) },
		read:       history.ReadAs[In, Out],
		translator: untyped.translator,
		scan:       history.ScanAs[In, Out],
		encode:     untyped.encoded,
	}
}

// inferring returns a model with an infer.
func inferring(m Model, infer func(h *history.History) (*history.History, string)) Model {
	m.infer = infer
	return m
}

// held returns the checker of a consistency.
func held[S comparable, In, Out any](m model.Model[S, In, Out], level string) (checker.Checker, bool) {
	switch {
	case level == Linearizable:
		return linearizable.New(m), true
	case m.Access == nil: // the rest is decided for registers
		return nil, false
	case level == Strongest:
		return consistency.New(m), true
	}
	c, err := consistency.Named(m, level)
	return c, err == nil
}

// Rows describes all models.
func Rows() []Row {
	var all []Row
	for _, m := range All() {
		all = append(all, m.Row)
	}
	return all
}

// UnknownInitial is the Initial of a [Shape] whose registers may hold anything at first:
// a history is valid if some first value of each key makes it so.
const UnknownInitial = "unknown"

// Find returns the model with that name and shape. By default a register holds 0 or
// nothing at first, whichever the first reads of its key saw. Errors speak of the flags
// of capsize check, which the fields of a [Shape] are.
func Find(name string, s Shape) (Model, error) {
	size := 2
	var err error
	if s.Initial != "" && !slices.Contains(initialized, name) {
		return Model{}, fmt.Errorf("--initial is for the models %s", strings.Join(initialized, ", "))
	}
	if s.Size != "" {
		if !slices.Contains(sized, name) {
			return Model{}, fmt.Errorf("--size is for the models %s", strings.Join(sized, " and "))
		}
		if size, err = strconv.Atoi(s.Size); err != nil || size < 1 {
			return Model{}, fmt.Errorf("--size is a whole number from 1 on, not %q", s.Size)
		}
	}
	init, err := parseInitial(s.Initial, name == "kv")
	if err != nil {
		return Model{}, err
	}
	for _, m := range modelsOf(init, size, s.Limit) {
		switch {
		case m.Name != name:
		case s.Limit != "" && !m.limited:
			return Model{}, fmt.Errorf("--limit is for the models %s", strings.Join(limitedNames(), ", "))
		default:
			return m, m.wrongLimit
		}
	}
	return Model{}, names.Unknown("model", name, Names(Rows()))
}
