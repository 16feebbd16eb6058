package cluster

import (
	"errors"
	"fmt"

	"github.com/capsize-go/capsize/cluster/internal/folders"
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
// before the next life opens them. With the deterministic runtime of "capsize test" none outlives it, and the
// next life has a copy of the folder: the locks of the former one are gone. For a store on a disk with faults,
// see [Disk.Tree].
func (h *Host) Dir() (string, error) {
	dir, err := h.m.c.folders.Get(h.m.name)
	if errors.Is(err, folders.ErrRemoved) {
		err = fmt.Errorf("%w: %w", ErrCrashed, err)
	}
	if err != nil {
		return "", fmt.Errorf("folder of %s: %w", h.m.name, err)
	}
	return dir, nil
}
