// Package store has state in variables, as packages of programs have.
package store

import (
	"errors"
	"sync"
)

// ErrNone is a value that is compared.
var ErrNone = errors.New("none")

var (
	mu      sync.Mutex
	entries = map[string]int{} // what there is
	// Size is how much there may be.
	Size, Used = limit()

	_ error = failing{}
	_       = note("blank")
)

// Notes are what was initialized, in order.
var Notes []string

type failing struct{}

func (failing) Error() string { return "failing" }

func limit() (int, int) { return first * 2, 0 }

var first = second + 1

var second = 20

var table = [...]string{0: "zero", 1: "one"}

// Names has the size of a variable.
const Names = len(table)

func note(text string) int {
	Notes = append(Notes, text)
	return len(Notes)
}

func init() { note("init 1") }

func init() {
	note("init 2")
	entries["first"] = first
}

// Add adds under a lock.
func Add(key string, n int) (sum int, err error) {
	mu.Lock()
	defer mu.Unlock()
	if Used >= Size {
		return 0, ErrNone
	}
	Used++
	entries[key] += n
	for key, Used := range entries { // another one of that name
		_, _ = key, Used
	}
	return entries[key], nil
}

// Hang leaves the lock locked.
func Hang() { mu.Lock() }
