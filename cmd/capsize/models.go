package main

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// linearizable is the consistency that models are held to unless told otherwise.
const linearizable = "linearizable"

// holdsInitial is the model whose first state can be chosen.
const holdsInitial = "cas-register"

// A model is what a recorded history can be judged by: the model of an object, or a
// checker with a rule of its own.
type model struct {
	row
	own bool     // it has a rule of its own
	fs  []string // what can be done, as Jepsen calls it

	// check returns the checker of a consistency, and false if there is none.
	check func(consistency string) (checker.Checker, bool)

	// read reads a file of ours. A translator makes of the ops that Jepsen would have
	// recorded, one after the other, those that the checker reads.
	read       func(r io.Reader, name string) (*history.History, error)
	translator func() func(history.Op) (history.Op, error)

	// scan yields the ops of a file of ours, and recorded is the way back; both are
	// nil for a checker.
	scan     func(r io.Reader, name string) iter.Seq2[history.Op, error]
	recorded func(op history.Op) history.Op
}

// held returns the checker of the model for a consistency.
func (m model) held(consistency string) (checker.Checker, error) {
	if m.own && consistency != linearizable {
		return nil, fmt.Errorf("%s has a rule of its own, and takes no --consistency", m.Name)
	}
	c, ok := m.check(consistency)
	if !ok {
		return nil, unknown("consistency of "+m.Name, consistency, m.consistencies())
	}
	return c, nil
}

// consistencies lists those that the model can be held to.
func (m model) consistencies() (names []string) {
	for _, c := range consistencyRows() {
		if _, ok := m.check(c.Name); ok {
			names = append(names, c.Name)
		}
	}
	return names
}

// history reads a file as a history of the model.
func (m model) history(in *input, opts history.Options) (*history.History, error) {
	if !in.jepsen {
		return m.read(in, in.name)
	}
	h, pairs := &history.History{}, true
	translate := m.translator()
	for op, err := range history.Scan(in, in.name, opts) {
		if err != nil {
			return nil, err
		}
		pairs = pairs && asksPair(op)
		t, err := translate(op)
		switch {
		case err != nil && pairs && !opts.Independent:
			return nil, fmt.Errorf("%s: as a history of model %s: op %d: %w\n"+
				"  values are pairs: if they are a key and a value each, say --independent", in.name, m.Name, op.Index, err)
		case err != nil:
			return nil, fmt.Errorf("%s: as a history of model %s: op %d: %w", in.name, m.Name, op.Index, err)
		}
		h.Add(t)
	}
	return h, nil
}

// asksPair reports whether a client asked with a pair, if it asked at all.
func asksPair(op history.Op) bool {
	if op.Process == history.Nemesis || op.Type != history.Invoke {
		return true
	}
	j, _ := op.Input.(history.JepsenOp)
	pair, ok := j.Value.([]any)
	return ok && len(pair) == 2
}

// sized are the models whose size can be chosen.
var sized = []string{"semaphore", "reentrant-lock"}

// A shape is what flags choose of a model, as they spell it; empty is as the model is
// unless told.
type shape struct {
	initial string // what it holds at first
	size    string // how often it can be acquired
}

// models lists what a history can be judged by.
func models() []model { return modelsOf(checker.Nil, 2) }

// modelsOf lists the models. Those that can hold nothing, or something, at first
// hold initial, and those that have a size have that.
func modelsOf(initial, size int) []model {
	return append([]model{
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
func rules() []model {
	return []model{
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
func rule(name, doc string, c checker.Checker, fs ...string) model {
	return model{
		row: row{name, doc}, own: true, fs: fs,
		check: func(string) (checker.Checker, bool) { return c, true },
		read:  history.Read,
		translator: func() func(history.Op) (history.Op, error) {
			return func(op history.Op) (history.Op, error) { return op, nil }
		},
	}
}

// copiesRule returns the row of a checker of caches.
func copiesRule(name, doc string, c checker.Checker) model {
	d := copies()
	return model{
		row: row{name, doc}, own: true, fs: d.fs,
		check:      func(string) (checker.Checker, bool) { return c, true },
		read:       history.ReadAs[checker.CacheOp, checker.Copy],
		translator: d.translator,
	}
}

// strongest stands for a report of all consistency models.
const strongest = "strongest"

// consistencyRows describes what a model can be held to, the strictest first. All
// but the first are for registers, and want every written value to be unique.
func consistencyRows() []row {
	var all []row
	for _, l := range checker.Consistencies(checker.Register()) {
		all = append(all, row{l.Name, l.Says})
	}
	return append(all,
		row{"staleness", "no demand: how old what was read had become"},
		row{"lost", "what was acknowledged is there in the end or was replaced; what failed never was"},
		row{strongest, "no demand: which of these the history satisfies"})
}

// object returns the row of the model of an object.
func object[S comparable, In, Out any](name, doc string, m checker.Model[S, In, Out], d dictionary[In, Out]) model {
	return model{
		row:        row{name, doc},
		fs:         d.fs,
		check:      func(consistency string) (checker.Checker, bool) { return held(m, consistency) },
		read:       history.ReadAs[In, Out],
		translator: d.translator,
		scan:       history.ScanAs[In, Out],
		recorded:   d.recorded,
	}
}

// held returns the checker of a consistency.
func held[S comparable, In, Out any](m checker.Model[S, In, Out], consistency string) (checker.Checker, bool) {
	switch {
	case consistency == linearizable:
		return checker.Linearizable(m), true
	case m.Access == nil: // the rest is decided for registers
		return nil, false
	case consistency == strongest:
		return checker.Consistency(m), true
	}
	c, err := checker.ConsistencyNamed(m, consistency)
	return c, err == nil
}

func modelRows() []row {
	var all []row
	for _, m := range models() {
		all = append(all, m.row)
	}
	return all
}

// findModel returns the model with that name and shape.
func findModel(name string, s shape) (model, error) {
	initial, size := checker.Nil, 2
	var err error
	if s.initial != "" {
		if name != holdsInitial {
			return model{}, fmt.Errorf("--initial is for the model %s", holdsInitial)
		}
		if initial, err = parseInitial(s.initial); err != nil {
			return model{}, err
		}
	}
	if s.size != "" {
		if !slices.Contains(sized, name) {
			return model{}, fmt.Errorf("--size is for the models %s", strings.Join(sized, " and "))
		}
		if size, err = strconv.Atoi(s.size); err != nil || size < 1 {
			return model{}, fmt.Errorf("--size is a whole number from 1 on, not %q", s.size)
		}
	}
	for _, m := range modelsOf(initial, size) {
		if m.Name == name {
			return m, nil
		}
	}
	return model{}, unknown("model", name, namesOf(modelRows()))
}
