package main

import (
	"fmt"
	"io"

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
	own bool // it has a rule of its own

	// check returns the checker of a consistency, and false if there is none.
	check func(consistency string) (checker.Checker, bool)

	// read reads a file of ours; translate makes of what Jepsen would have recorded
	// what the checker reads.
	read      func(r io.Reader, name string) (*history.History, error)
	translate func(h *history.History) (*history.History, error)
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
	h, err := history.Decode(in, in.name, opts)
	if err != nil {
		return nil, err
	}
	if h, err = m.translate(h); err != nil {
		return nil, fmt.Errorf("%s: as a history of model %s: %w", in.name, m.Name, err)
	}
	return h, nil
}

// models lists what a history can be judged by.
func models() []model { return modelsFrom(checker.Nil) }

// modelsFrom lists the models. Those that can hold nothing, or something, at first
// hold initial.
func modelsFrom(initial int) []model {
	return []model{
		object("register", "integers by key, 0 at first: read, write, cas, which is answered with what it found",
			checker.Register(), register(false)),
		object(holdsInitial, "integers by key, nil at first or --initial: read, write, cas, which says only whether it was done; Knossos's",
			checker.CASRegister(initial), register(initial == checker.Nil)),
		object("multi-register", "integers by name, 0 at first: transactions of reads and writes; Knossos's",
			checker.MultiRegister(), multiRegister()),
		object("kv", `strings by key, "" at first: get, put, append`, checker.KV(), stringStore()),
		object("mutex", "a lock that is held by one at a time, whoever lets it go: acquire, release; Knossos's", checker.Mutex(), lock()),
		object("owned-mutex", "a lock that only its holder, a process, lets go", checker.ReentrantLock(1), lock()),
		object("reentrant-lock", "a lock that its holder may acquire twice", checker.ReentrantLock(2), lock()),
		object("fenced-lock", "a lock whose acquisitions are answered with tokens that only grow", checker.FencedLock(), lock()),
	}
}

// consistencyRows describes what a model can be held to.
func consistencyRows() []row {
	return []row{{linearizable, "every call takes effect at one instant between its invocation and its completion"}}
}

// object returns the row of the model of an object.
func object[S comparable, In, Out any](name, doc string, m checker.Model[S, In, Out], d dictionary[In, Out]) model {
	return model{
		row:       row{name, doc},
		check:     func(consistency string) (checker.Checker, bool) { return held(m, consistency) },
		read:      history.ReadAs[In, Out],
		translate: d.translate,
	}
}

// held returns the checker of a consistency.
func held[S comparable, In, Out any](m checker.Model[S, In, Out], consistency string) (checker.Checker, bool) {
	if consistency == linearizable {
		return checker.Linearizable(m), true
	}
	return nil, false
}

func modelRows() []row {
	var all []row
	for _, m := range models() {
		all = append(all, m.row)
	}
	return all
}

// findModel returns the model with that name; initial is what it holds at first, or
// empty.
func findModel(name, initial string) (model, error) {
	all := models()
	if initial != "" {
		if name != holdsInitial {
			return model{}, fmt.Errorf("--initial is for the model %s", holdsInitial)
		}
		n, err := parseInitial(initial)
		if err != nil {
			return model{}, err
		}
		all = modelsFrom(n)
	}
	for _, m := range all {
		if m.Name == name {
			return m, nil
		}
	}
	return model{}, unknown("model", name, namesOf(modelRows()))
}
