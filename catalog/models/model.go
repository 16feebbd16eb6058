package models

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/names"
)

// Linearizable is the consistency that models are held to by default.
const Linearizable = "linearizable"

// holdsInitial is the model whose first state can be chosen.
const holdsInitial = "cas-register"

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
	if !ok {
		return nil, names.Unknown("consistency of "+m.Name, consistency, m.Consistencies())
	}
	return c, nil
}

// Consistencies lists the names of those that the model can be held to, the
// strictest first.
func (m Model) Consistencies() (all []string) {
	for _, c := range Consistencies() {
		if _, ok := m.check(c.Name); ok {
			all = append(all, c.Name)
		}
	}
	return all
}

// Read reads the history in a source as a history of the model. Of opts, the format
// is that of the source. Errors name file and line, or the op that the model does
// not know.
func (m Model) Read(src *Source, opts history.Options) (*history.History, error) {
	if !src.jepsen {
		return m.read(src.r, src.Name)
	}
	opts.Format = src.Format
	h, pairs := &history.History{}, true
	translate := m.translator()
	for op, err := range history.Scan(src.r, src.Name, opts) {
		if err != nil {
			return nil, err
		}
		pairs = pairs && invokesPair(op)
		t, err := translate(op)
		switch {
		case err != nil && pairs && !opts.Independent:
			return nil, fmt.Errorf("%s: as a history of model %s: op %d: %w\n"+
				"  values are pairs: if they are a key and a value each, say --independent", src.Name, m.Name, op.Index, err)
		case err != nil:
			return nil, fmt.Errorf("%s: as a history of model %s: op %d: %w", src.Name, m.Name, op.Index, err)
		}
		h.Add(t)
	}
	return h, nil
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

// invokesPair reports whether an op invokes with a pair for a value, or invokes
// nothing.
func invokesPair(op history.Op) bool {
	if op.Process == history.Nemesis || op.Type != history.Invoke {
		return true
	}
	j, _ := op.Input.(history.JepsenOp)
	pair, ok := j.Value.([]any)
	return ok && len(pair) == 2
}

// sized are the models whose size can be chosen.
var sized = []string{"semaphore", "reentrant-lock"}

// A Shape says what differs from one object of a model to the next. The zero value
// is each model's default.
type Shape struct {
	Initial string // what a cas-register holds before the first op: an integer or nil
	Size    string // permits of a semaphore, or how often a reentrant-lock may be acquired
}

// All lists the models that a history can be judged by, each in its default shape.
func All() []Model { return modelsOf(checker.Nil, 2) }

// modelsOf lists the models. Those that can hold nothing, or something, at first
// hold initial, and those that have a size have that.
func modelsOf(initial, size int) []Model {
	return append([]Model{
		object("register", "integers by key, 0 at first: read, write, cas, which is answered with what it found",
			checker.Register(), register(false, true)),
		object(holdsInitial, "integers by key, nil at first or --initial: read, write, cas, which says only whether it was done; Knossos's",
			checker.CASRegister(initial), register(initial == checker.Nil, false)),
		object("multi-register", "integers by name, 0 at first: transactions of reads and writes; Knossos's",
			checker.MultiRegister(), multiRegister()),
		object("kv", `strings by key, "" at first: get, put, append`, checker.KV(), stringStore()),
		object("mutex", "a lock that is held by one at a time, whoever lets it go: acquire, release; Knossos's", checker.Mutex(), lock()),
		object("owned-mutex", "a lock that only its holder, a process, lets go", checker.ReentrantLock(1), lock()),
		object("reentrant-lock", "a lock that its holder may acquire twice, or --size times", checker.ReentrantLock(size), lock()),
		object("fenced-lock", "a lock whose acquisitions are answered with tokens that only grow", checker.FencedLock(), lock()),
		object("semaphore", "two permits or --size: acquire, release", checker.Semaphore(size), lock()),
		object("counter", "integers by key, 0 at first: add, read", checker.CounterModel(), counter()),
		object("set", "sets of integers by key, empty at first: add, remove, contains, read", checker.SetModel(), set()),
		object("queue", "a queue by key: enqueue, dequeue; first in, first out; Knossos's fifo-queue", checker.FIFOQueue(), queue()),
		object("priority-queue", "a queue by key that gives back the least value first", checker.PriorityQueue(), queue()),
		object("unordered-queue", "a queue by key that gives back its values in any order; Knossos's", checker.UnorderedQueue(), queue()),
		object("stack", "a stack by key: push, pop", checker.Stack(), stack()),
		object("log", "a list by key that is only appended to: append, read", checker.Log(), log()),
	}, rules()...)
}

// rules lists the checkers with a rule of their own: Jepsen's.
func rules() []Model {
	return []Model{
		rule("unique-ids", "no id is given twice: generate", checker.DistinctIDs(), "generate"),
		rule("jepsen-set", "the last read has all that was added: add, read", checker.FinalSet(), "add", "read"),
		rule("set-full", "what was once known to be in a set stays there: add, read", checker.SetFull(false), "add", "read"),
		rule("jepsen-counter", "reads are within what was added: add, read", checker.CounterBounds(), "add", "read"),
		rule("jepsen-queue", "what comes out went in: enqueue, dequeue, drain", checker.QueueSources(), "enqueue", "dequeue", "drain"),
		rule("total-queue", "what goes in comes out, at least once: enqueue, dequeue, drain", checker.TotalQueue(false), "enqueue", "dequeue", "drain"),
		rule("bank", "every read of all accounts has the same total, and none below 0: transfer, read", checker.Bank(checker.BankRule{}), "transfer", "read"),
		rule("bank-overdraft", "bank, with balances below 0", checker.Bank(checker.BankRule{Negative: true}), "transfer", "read"),
		rule("long-fork", "of two reads of the same keys, one has seen all that the other has: read, write, txn", checker.LongFork(0), "read", "write", "txn"),
		rule("causal-reverse", "who sees a write sees those that had ended before it began: read, write", checker.CausalReverse(), "read", "write"),
		rule("monotonic", "values rise with the times at which they were inserted: add, read", checker.MonotonicInserts(false), "add", "read"),
		copiesRule("cache", "no read is older than a write that had been acknowledged: read, write, answered with versions", checker.Fresh(checker.Promise{})),
		copiesRule("cache-sessions", "no read is older than what its process had read or written: read, write, answered with versions", checker.Sessions()),
		rule("stats", "some call of each f is ok; counts availability, latency and rate", checker.Statistics(checker.StatsLimits{EachF: true})),
	}
}

// rule returns the row of a checker with a rule of its own. It reads histories of
// any kind.
func rule(name, doc string, c checker.Checker, fs ...string) Model {
	return Model{
		Row: Row{name, doc}, Own: true, Fs: fs,
		check: func(string) (checker.Checker, bool) { return c, true },
		read:  history.Read,
		translator: func() func(history.Op) (history.Op, error) {
			return func(op history.Op) (history.Op, error) { return op, nil }
		},
	}
}

// copiesRule returns the row of a checker of caches.
func copiesRule(name, doc string, c checker.Checker) Model {
	d := copies()
	return Model{
		Row: Row{name, doc}, Own: true, Fs: d.fs,
		check:      func(string) (checker.Checker, bool) { return c, true },
		read:       history.ReadAs[checker.CacheOp, checker.Copy],
		translator: d.translator,
	}
}

// strongest stands for a report of all consistency models.
const strongest = "strongest"

// Consistencies describes what a model can be held to, the strictest first. All
// but the first are for registers, and want every written value to be unique.
func Consistencies() []Row {
	var all []Row
	for _, l := range checker.Consistencies(checker.Register()) {
		all = append(all, Row{l.Name, l.Says})
	}
	return append(all,
		Row{"staleness", "no demand: how old what was read had become"},
		Row{"lost", "what was acknowledged is there in the end or was replaced; what failed never was"},
		Row{strongest, "no demand: which of these the history satisfies"})
}

// object returns the row of the model of an object.
func object[S comparable, In, Out any](name, doc string, m checker.Model[S, In, Out], d codec[In, Out]) Model {
	return Model{
		Row:        Row{name, doc},
		Fs:         d.fs,
		check:      func(consistency string) (checker.Checker, bool) { return held(m, consistency) },
		read:       history.ReadAs[In, Out],
		translator: d.translator,
		scan:       history.ScanAs[In, Out],
		encode:     d.encoded,
	}
}

// held returns the checker of a consistency.
func held[S comparable, In, Out any](m checker.Model[S, In, Out], consistency string) (checker.Checker, bool) {
	switch {
	case consistency == Linearizable:
		return checker.Linearizable(m), true
	case m.Access == nil: // the rest is decided for registers
		return nil, false
	case consistency == strongest:
		return checker.Consistency(m), true
	}
	c, err := checker.ConsistencyNamed(m, consistency)
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

// Find returns the model with that name and shape. Its errors speak of the flags of
// capsize check, which the fields of a [Shape] are.
func Find(name string, s Shape) (Model, error) {
	initial, size := checker.Nil, 2
	var err error
	if s.Initial != "" {
		if name != holdsInitial {
			return Model{}, fmt.Errorf("--initial is for the model %s", holdsInitial)
		}
		if initial, err = parseInitial(s.Initial); err != nil {
			return Model{}, err
		}
	}
	if s.Size != "" {
		if !slices.Contains(sized, name) {
			return Model{}, fmt.Errorf("--size is for the models %s", strings.Join(sized, " and "))
		}
		if size, err = strconv.Atoi(s.Size); err != nil || size < 1 {
			return Model{}, fmt.Errorf("--size is a whole number from 1 on, not %q", s.Size)
		}
	}
	for _, m := range modelsOf(initial, size) {
		if m.Name == name {
			return m, nil
		}
	}
	return Model{}, names.Unknown("model", name, Names(Rows()))
}
