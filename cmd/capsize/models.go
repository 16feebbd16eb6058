package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// linearizable is the consistency that models are held to unless told otherwise.
const linearizable = "linearizable"

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

func models() []model {
	return []model{
		object("register", "integers by key, 0 at first: read, write, cas", checker.Register(), nil),
	}
}

// consistencyRows describes what a model can be held to.
func consistencyRows() []row {
	return []row{{linearizable, "every call takes effect at one instant between its invocation and its completion"}}
}

// object returns the row of the model of an object.
func object[S comparable, In, Out any](name, doc string, m checker.Model[S, In, Out], translate func(*history.History) (*history.History, error)) model {
	if translate == nil {
		translate = func(*history.History) (*history.History, error) {
			return nil, errors.New("only files in jsonl can be read for it")
		}
	}
	return model{
		row: row{name, doc},
		check: func(consistency string) (checker.Checker, bool) {
			if consistency == linearizable {
				return checker.Linearizable(m), true
			}
			return nil, false
		},
		read:      history.ReadAs[In, Out],
		translate: translate,
	}
}

func modelRows() []row {
	var all []row
	for _, m := range models() {
		all = append(all, m.row)
	}
	return all
}

func findModel(name string) (model, error) {
	for _, m := range models() {
		if m.Name == name {
			return m, nil
		}
	}
	return model{}, unknown("model", name, namesOf(modelRows()))
}
