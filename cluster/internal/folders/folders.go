// Package folders has a folder of the real file system for each host of a run.
package folders

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// ErrRemoved is returned once the folders are gone for good.
var ErrRemoved = errors.New("the run is over")

// Folders are the folders of a run. The zero value has none yet.
type Folders struct {
	mu      sync.Mutex
	root    string // empty while there are none
	removed bool
	lives   map[string]int // how often a folder was made anew
}

// Get returns the folder of a host, and makes it the first time.
func (f *Folders) Get(host string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.removed {
		return "", ErrRemoved
	}
	if f.root == "" {
		dir, err := os.MkdirTemp("", "capsize-run-*")
		if err != nil {
			return "", err
		}
		f.root = dir
	}
	dir := filepath.Join(f.root, host)
	return dir, os.MkdirAll(dir, 0o700)
}

// Renew puts a copy of the folder of a host in its place, if there is one. Who has files of it open keeps those, with their locks and
// maps: they concern the copy no more, as when the process is gone that opened them.
func (f *Folders) Renew(host string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.root == "" {
		return nil
	}
	dir := filepath.Join(f.root, host)
	if _, err := os.Stat(dir); err != nil {
		return nil // the host has asked for none
	}
	if f.lives == nil {
		f.lives = map[string]int{}
	}
	f.lives[host]++
	old := filepath.Join(f.root, fmt.Sprintf("%s.%d", host, f.lives[host]))
	if err := os.Rename(dir, old); err != nil {
		return fmt.Errorf("folder of %s: %w", host, err)
	}
	if err := os.CopyFS(dir, os.DirFS(old)); err != nil {
		return fmt.Errorf("folder of %s: %w", host, err)
	}
	_ = os.RemoveAll(old) // what can't be removed is removed at the end of the run
	return nil
}

// Remove removes the folders of all hosts. What can't be removed is left to the system's cleaning of temporary files.
func (f *Folders) Remove() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.root != "" {
		_ = os.RemoveAll(f.root)
	}
	f.root, f.removed = "", true
}
