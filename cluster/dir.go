package cluster

import (
	"fmt"
	"os"
	"path/filepath"
)

// Dir returns a folder of the real file system that belongs to this host, for code
// that needs an [os.File]: bbolt, or the snapshots of hashicorp/raft. The first call makes
// it; it outlives crashes, and is
// removed when the run ends. Its path differs from run to run, so it must not reach
// a history.
//
// It is a folder and not a disk: no fault of a disk applies to it, a sync takes no
// virtual time, and a crash loses nothing that was written, synced or not. A crash
// comes between two waits of the host's goroutines, never in the middle of a
// transaction. Code that outlives the crash must close its files when its ctx is done,
// before the next life opens them. For a store on a disk with faults,
// see [Disk.Tree].
func (h *Host) Dir() (string, error) {
	c := h.m.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.removed {
		return "", fmt.Errorf("folder of %s: %w: the run is over", h.m.name, ErrCrashed)
	}
	if c.dirs == "" {
		dir, err := os.MkdirTemp("", "capsize-run-*")
		if err != nil {
			return "", fmt.Errorf("folder of %s: %w", h.m.name, err)
		}
		c.dirs = dir
	}
	dir := filepath.Join(c.dirs, h.m.name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("folder of %s: %w", h.m.name, err)
	}
	return dir, nil
}

// removeDirs removes the folders of all hosts. What can't be removed is left to
// the system's cleaning of temporary files.
func (c *Cluster) removeDirs() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dirs != "" {
		_ = os.RemoveAll(c.dirs)
	}
	c.dirs, c.removed = "", true
}
