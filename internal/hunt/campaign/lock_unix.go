//go:build unix

package campaign

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// A lock keeps a second hunt from writing the same campaign. The system lets it go when the process ends, however it ends.
type lock struct{ f *os.File }

func takeLock(dir string) (*lock, error) {
	file := filepath.Join(dir, lockFile)
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("campaign folder %s can't be written: %w", dir, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		who := make([]byte, 32)
		n, _ := f.ReadAt(who, 0) // it says who, if it can
		_ = f.Close()
		return nil, fmt.Errorf("%w: another capsize hunt (process %s) writes %s", ErrBusy, strings.TrimSpace(string(who[:n])), filepath.Join(dir, File))
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock campaign folder: %s: %w", file, err)
	}
	return &lock{f}, nil
}

func (l *lock) release() error { return l.f.Close() }
