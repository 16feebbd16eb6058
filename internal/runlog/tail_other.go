//go:build !unix

package runlog

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A tail is a file that grows at its end, write by write.
type tail struct {
	f  *os.File
	at int64
}

func newTail(f *os.File) *tail { return &tail{f: f} }

func (t *tail) write(b []byte) error {
	n, err := t.f.WriteAt(b, t.at)
	t.at += int64(n)
	return err
}

// reset empties the file.
func (t *tail) reset() {
	_ = t.f.Truncate(0) // what is left of an earlier run is longer than this one's at worst
	t.at = 0
}

func (t *tail) close() { _ = t.f.Close() }

// locks says that there are locks on files.
const locks = false

// lock reports whether a log is free: whether the process in the name of its folder is
// gone.
func lock(f *os.File) bool {
	pid, _, _ := strings.Cut(filepath.Base(filepath.Dir(f.Name())), "-")
	n, err := strconv.Atoi(pid)
	if err != nil {
		return false
	}
	p, err := os.FindProcess(n)
	if err != nil {
		return true
	}
	_ = p.Release() // it was asked for to see whether it is there
	return false
}
