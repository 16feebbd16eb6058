package main

import (
	"io"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// A model is what a recorded history can be judged by.
type model struct {
	row
	checker checker.Checker
	read    func(r io.Reader, name string) (*history.History, error)
}

func models() []model {
	return []model{{
		row:     row{"register", "integers by key, 0 at first: read, write, cas; each key is linearizable"},
		checker: checker.Linearizable(checker.Register()),
		read:    history.ReadAs[checker.RegisterOp, int],
	}}
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
