package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/systems"
)

// A bug is a planted one, or none: the twin of a system's bugs, of which no run may be invalid.
type bug struct {
	System, Name string
	Does         string   // in one line
	Precedent    string   // where a real system had it, as Markdown; empty if none is named
	Searches     []search // how it is looked for: the faults that find it best, then the portfolio
}

// id returns the name by which files and flags know the bug.
func (b bug) id() string { return b.System + "/" + b.Name }

// none is the name of no bug.
const none = "none"

func (b bug) planted() bool { return b.Name != none }

// A search is a test in which a bug is looked for.
type search struct {
	Label     string // names it on the page, and in the file of cells
	Portfolio bool   // whether its faults are those of all presets
	Test      func() (capsize.Test, error)
	Command   func(seed uint64) string // that runs one seed
}

// all lists the bugs that this program runs by itself, system by system, and the twin of each.
func all() []bug {
	return slices.Concat(stores(), caches(), services())
}

// everything lists all bugs, those also that only a test of their own folder can run.
func everything() []bug { return append(all(), onLibraries()...) }

// find returns the bugs that a comma-separated list names, each by SYSTEM/BUG, or all of a SYSTEM; the empty list stands for all.
func find(list string) ([]bug, error) {
	if list == "" {
		return all(), nil
	}
	var kept []bug
	for name := range strings.SplitSeq(list, ",") {
		before := len(kept)
		for _, b := range all() {
			if b.id() == name || b.System == name {
				kept = append(kept, b)
			}
		}
		if len(kept) == before {
			return nil, fmt.Errorf("-bugs: there is no bug or system %q; bugs are like raftkv/stale-vote", name)
		}
	}
	return kept, nil
}

// findSearch returns a search of a bug: one of its own, or any of the catalog for a system that is in it.
func findSearch(id, label string) (bug, search, error) {
	for _, b := range all() {
		if b.id() != id {
			continue
		}
		for _, t := range b.Searches {
			if t.Label == label || label == "" {
				return b, t, nil
			}
		}
		if _, err := systems.Find(b.System); err != nil {
			return b, search{}, fmt.Errorf("%s has no search %q", id, label)
		}
		faults, o, err := parseLabel(label)
		name := b.Name
		if !b.planted() {
			name = ""
		}
		return b, ofCatalog(b.System, name, faults, o), err
	}
	return bug{}, search{}, fmt.Errorf("there is no bug %q; bugs are like raftkv/stale-vote", id)
}

// made returns a search of a test that is made in this program. The command is this program's own.
func made(id, label string, test func() capsize.Test) search {
	return search{Label: label, Test: func() (capsize.Test, error) { return test(), nil }, Command: func(seed uint64) string {
		command := "go run ./internal/killmatrix -show " + id
		if label == portfolio {
			command += " -faults " + portfolio
		}
		return fmt.Sprintf("%s -seed %d", command, seed)
	}}
}

// portfolio is the label of the search under all presets, half of the time swarm.
const portfolio = "all"

// unit is what the faults of the portfolio are scaled to for systems that are not of the catalog.
const unit = 300 * time.Millisecond
