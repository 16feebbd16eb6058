package campaign

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// What can be wrong with a campaign. The text of an error names the file.
var (
	ErrDamaged   = errors.New("the file is damaged")
	ErrFull      = errors.New("the disk is full")
	ErrBusy      = errors.New("the campaign is in use")
	ErrVersion   = errors.New("the file has another version")
	ErrSettings  = errors.New("the settings differ")
	ErrNone      = errors.New("there is no campaign")
	ErrUnwritten = errors.New("the file can't be written")
)

// wrap names the file of an error, says which kind it is, and what to do about it.
func (c *Campaign) wrap(what string, err error) error { return wrap(c.dir, what, err) }

func wrap(dir, what string, err error) error {
	if err == nil {
		return nil
	}
	file := filepath.Join(dir, File)
	var s *sqlite.Error
	if !errors.As(err, &s) {
		if isFull(err) {
			return fmt.Errorf("%s: %w: %s: %w", what, ErrFull, dir, err)
		}
		return fmt.Errorf("%s: %s: %w", what, file, err)
	}
	switch s.Code() & 0xff {
	case lib.SQLITE_FULL:
		return fmt.Errorf("%s: %w: %s can't grow. Make room and give the same command again: it goes on where it stopped", what, ErrFull, file)
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return damaged(dir, err)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fmt.Errorf("%s: %w: another program writes %s (%w)", what, ErrBusy, file, err)
	case lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_PERM, lib.SQLITE_AUTH:
		return fmt.Errorf("%s: %w: %s: %w", what, ErrUnwritten, file, err)
	case lib.SQLITE_IOERR:
		return fmt.Errorf("%s: %w: %s: %w (is the disk full, or is there a limit to the size of files?)", what, ErrUnwritten, file, err)
	}
	return fmt.Errorf("%s: %s: %w", what, file, err)
}

// isFull reports whether the system had no room for a write.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// damaged is the error for a database that can't be read.
func damaged(dir string, why error) error {
	file := filepath.Join(dir, File)
	return fmt.Errorf("%w: %s: %w\nThe failures that were found are in %s and in %s too, so none is lost. Move the file away (and %s-wal and %s-shm, if they are there) and give the same command again: "+
		"it makes a new file from them, and runs the other seeds again", ErrDamaged, file, why, filepath.Join(dir, FailuresFile), filepath.Join(dir, PagesDir), File, File)
}
