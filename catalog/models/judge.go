package models

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// Options say how a recorded history is to be read and judged. The zero value judges
// by the model register, held to linearizability, a file whose format is found by
// looking.
type Options struct {
	Model       string         // a name that [Find] knows; register if empty
	Consistency string         // one of the model's; [Linearizable] if empty
	Shape       Shape          // the initial state and the size of the model
	Format      history.Format // the format of the file; found by looking if Auto
	Independent bool           // values are pairs of a key and a value, see [history.Options]
}

// A Check reads recorded histories and holds them to what its [Options] name. [New]
// makes one; it serves any number of files.
type Check struct {
	Model   Model
	Checker checker.Checker
	opts    Options
}

// New looks up what the options name.
func New(opts Options) (*Check, error) {
	if opts.Model == "" {
		opts.Model = "register"
	}
	if opts.Consistency == "" {
		opts.Consistency = Linearizable
	}
	m, err := Find(opts.Model, opts.Shape)
	if err != nil {
		return nil, err
	}
	held, err := m.Checker(opts.Consistency)
	if err != nil {
		return nil, err
	}
	return &Check{Model: m, Checker: held, opts: opts}, nil
}

// A Recorded is a history that was read from a file, as one of the check's model.
type Recorded struct {
	History *history.History
	Format  history.Format
}

// Read reads the history of a source. An empty one is an error.
func (c *Check) Read(src *Source) (Recorded, error) {
	h, err := c.Model.Read(src, history.Options{Independent: c.opts.Independent})
	if err != nil {
		return Recorded{}, fmt.Errorf("read history: %w", err)
	}
	if h.Len() == 0 {
		return Recorded{}, fmt.Errorf("read history: %s:1: there are no ops in it", src.Name)
	}
	return Recorded{History: h, Format: src.Format}, nil
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

// Judge judges the history in a file: it is [New], [Check.ReadFile] and the checker's
// Check. An error means that there is no verdict: a name that the catalog does not
// have, or a file that is not a history of the model.
func Judge(ctx context.Context, file string, opts Options) (Judgement, error) {
	c, err := New(opts)
	if err != nil {
		return Judgement{}, err
	}
	r, err := c.ReadFile(file)
	if err != nil {
		return Judgement{}, err
	}
	return Judgement{Result: c.Checker.Check(ctx, r.History), Recorded: r}, nil
}
