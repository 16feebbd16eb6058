package runlog

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// An Unfinished is a run that a process had in progress when it died.
type Unfinished struct {
	Dir     string        // where it is kept
	Run     []byte        // what it takes to repeat it, as it was given to [Log.Begin]
	Judging bool          // the history is complete, and was being judged
	Crash   string        // what the runtime printed; empty if it printed nothing
	Ops     int           // how many ops were recorded
	Until   time.Duration // when the last of them took place
	Last    []string      // the last of them, as lines of the history

	lock *os.File
}

// lastOps is how many ops Unfinished.Last has at most.
const lastOps = 5

// Find returns the runs in the folder parent that processes left which have died, and
// removes what they left of no run. Of two that are the same run it returns the one
// that recorded more. No other process finds them until they are released. A folder
// that does not exist has none.
func Find(parent string) ([]*Unfinished, error) {
	entries, err := os.ReadDir(parent)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for runs that were cut short: %w", err)
	}
	var found []*Unfinished
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		u, err := open(filepath.Join(parent, e.Name()))
		if err != nil {
			return found, fmt.Errorf("look for runs that were cut short: %w", err)
		}
		if u != nil {
			found = add(found, u)
		}
	}
	return found, nil
}

// add adds a run to those that were found, and removes the lesser of two that are the same.
func add(found []*Unfinished, u *Unfinished) []*Unfinished {
	for i, other := range found {
		if !bytes.Equal(u.Run, other.Run) {
			continue
		}
		if u.Ops < other.Ops || u.Ops == other.Ops && u.Crash == "" {
			_ = u.Remove() // if it can't be, it is found again next time
			return found
		}
		_ = other.Remove()
		found[i] = u
		return found
	}
	return append(found, u)
}

// open reads a folder. It returns nil for one that is in use, or has no run in it.
func open(dir string) (*Unfinished, error) {
	f, err := os.OpenFile(filepath.Join(dir, stateFile), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // it is being removed, or is none of ours
	}
	if err != nil {
		return nil, err
	}
	if !lock(f) {
		return nil, f.Close()
	}
	u := &Unfinished{Dir: dir, lock: f}
	if err := u.read(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if len(u.Run) == 0 {
		return nil, u.Remove()
	}
	return u, nil
}

func (u *Unfinished) read() error {
	state, err := os.ReadFile(u.lock.Name())
	if err != nil {
		return err
	}
	if string(state) != running && string(state) != judging {
		return nil
	}
	u.Judging = string(state) == judging
	run, err := os.ReadFile(filepath.Join(u.Dir, RunFile))
	if err != nil {
		return err
	}
	crash, err := os.ReadFile(filepath.Join(u.Dir, CrashFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	u.Run, u.Crash = bytes.TrimSpace(run), string(crash)
	return u.trim()
}

// trim cuts the empty lines off the history, and a last line that is not complete.
func (u *Unfinished) trim() error {
	file := filepath.Join(u.Dir, HistoryFile)
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	end, r := int64(0), bufio.NewReader(f)
	for {
		line, err := r.ReadBytes('\n')
		var op struct {
			Time int64 `json:"time"`
		}
		if err != nil || len(line) == 1 || json.Unmarshal(line, &op) != nil {
			break
		}
		end += int64(len(line))
		u.Ops++
		u.Until = time.Duration(op.Time)
		if u.Last = append(u.Last, string(line[:len(line)-1])); len(u.Last) > lastOps {
			u.Last = u.Last[1:]
		}
	}
	return f.Truncate(end)
}

// Remove removes the run from the disk.
func (u *Unfinished) Remove() error {
	return errors.Join(os.RemoveAll(u.Dir), u.Release())
}

// Release lets others find the run.
func (u *Unfinished) Release() error { return u.lock.Close() }

// Keep moves the run to another folder, where no process looks for it, and returns the
// name of that folder: dir, or one with a number added if that exists.
func (u *Unfinished) Keep(dir string) (string, error) {
	to := dir
	for i := 2; ; i++ {
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			break
		}
		to = fmt.Sprintf("%s-%d", dir, i)
	}
	if err := os.Rename(u.Dir, to); err != nil {
		return "", fmt.Errorf("keep a run that was cut short: %w", err)
	}
	u.Dir = to
	return to, errors.Join(os.Remove(filepath.Join(to, stateFile)), u.Release())
}
