//go:build unix

package runlog

import (
	"bytes"
	"os"
	"syscall"
)

// The file grows by parts, each twice as large as the one before, within these bounds.
// All are multiples of any page size.
const firstPart, largestPart = 64 << 10, 4 << 20

// blank is what the file is filled with: empty lines, which readers of histories skip.
var blank = bytes.Repeat([]byte("\n"), firstPart)

// A tail is a file that grows at its end. Its parts are mapped to memory: to write is
// to copy, and what was copied is in the file, whatever becomes of the process. Each
// part is written once before it is mapped, so that its blocks are reserved: a write to
// memory that the disk has no room for would kill the process.
type tail struct {
	f     *os.File
	parts [][]byte
	part  int // that is being filled
	at    int // in it
	size  int64
}

func newTail(f *os.File) *tail { return &tail{f: f} }

func (t *tail) write(b []byte) error {
	for len(b) > 0 {
		if t.part == len(t.parts) {
			if err := t.grow(); err != nil {
				return err
			}
		}
		n := copy(t.parts[t.part][t.at:], b)
		b, t.at = b[n:], t.at+n
		if t.at == len(t.parts[t.part]) {
			t.part, t.at = t.part+1, 0
		}
	}
	return nil
}

func (t *tail) grow() error {
	size := min(firstPart<<len(t.parts), largestPart)
	for at := 0; at < size; at += len(blank) {
		if _, err := t.f.WriteAt(blank, t.size+int64(at)); err != nil {
			return err
		}
	}
	m, err := syscall.Mmap(int(t.f.Fd()), t.size, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return os.NewSyscallError("mmap", err)
	}
	t.parts, t.size = append(t.parts, m), t.size+int64(size)
	return nil
}

// reset empties the file, and keeps its memory.
func (t *tail) reset() {
	for i, p := range t.parts[:min(t.part+1, len(t.parts))] {
		used := p
		if i == t.part {
			used = p[:t.at]
		}
		for len(used) > 0 {
			used = used[copy(used, blank):]
		}
	}
	t.part, t.at = 0, 0
}

func (t *tail) close() {
	for _, p := range t.parts {
		_ = syscall.Munmap(p) // nothing is lost: the file is about to be removed
	}
	t.parts = nil
	_ = t.f.Close()
}

// locks says that there are locks on files.
const locks = true

// lock locks a file for as long as it is open, and reports whether no other process had it.
func lock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
