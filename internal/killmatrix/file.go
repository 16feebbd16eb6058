package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// The files of what was measured, from the root of the repository.
const (
	folder     = "internal/killmatrix/testdata"
	cellsFile  = "cells.jsonl"
	shrunkFile = "shrunk.jsonl"
	floorsFile = "floors.json"
)

// readLines reads a file of JSON values, a line each. There are none if there is no file.
func readLines[T any](path string) (list []T, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what was measured: %w", err)
	}
	for d := json.NewDecoder(bytes.NewReader(data)); ; {
		var x T
		if err := d.Decode(&x); err == io.EOF {
			return list, nil
		} else if err != nil {
			return nil, fmt.Errorf("read what was measured: %s, after line %d: %w", path, len(list), err)
		}
		list = append(list, x)
	}
}

// A cellKey is what a cell is known by.
type cellKey struct{ bug, search string }

// A notebook has all cells that were measured, and adds to their file.
type notebook struct {
	path string

	mu    sync.Mutex
	cells map[cellKey]cell
}

// openNotebook reads the cells. Of those of one search the last counts.
func openNotebook(dir string) (*notebook, error) {
	n := &notebook{path: filepath.Join(dir, cellsFile), cells: map[cellKey]cell{}}
	return n, n.read()
}

func (n *notebook) read() error {
	list, err := readLines[cell](n.path)
	for _, c := range list {
		n.cells[cellKey{c.Bug, c.Search}] = c
	}
	return err
}

// of returns the cell of a search as far as it was measured.
func (n *notebook) of(b bug, t search) cell {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.cells[cellKey{b.id(), t.Label}]
	c.Bug, c.Search = b.id(), t.Label
	return c
}

// add notes a cell, in one write.
func (n *notebook) add(c cell) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cells[cellKey{c.Bug, c.Search}] = c
	return appendLine(n.path, c)
}

// tidy writes the file anew, with one line for each search that there is, in the order of the bugs.
func (n *notebook) tidy(bugs []bug) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.read(); err != nil { // another process may have added some
		return err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for _, x := range bugs {
		for _, t := range x.Searches {
			if c, ok := n.cells[cellKey{x.id(), t.Label}]; ok {
				if err := e.Encode(c); err != nil {
					return fmt.Errorf("note %s: %w", c.Bug, err)
				}
			}
		}
	}
	return writeFile(n.path, b.Bytes())
}

// appendLine adds a line to a file in one write.
func appendLine(path string, x any) error {
	line, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("note in %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("note: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("note: %w", err)
	}
	return nil
}

// writeFile replaces a file in one step.
func writeFile(path string, data []byte) error {
	next := path + ".new"
	if err := os.WriteFile(next, data, 0o644); err != nil {
		return fmt.Errorf("write what was measured: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("write what was measured: %w", err)
	}
	return nil
}
