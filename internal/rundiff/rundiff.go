// Package rundiff keeps of each run of a process what can be compared with the same run in another process, for the command
// "capsize test --diff".
package rundiff

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/schedule"
)

// Variable is the environment variable with the folder that runs are kept in.
const Variable = "CAPSIZE_DECISIONS"

// A Run is what is compared of a run.
type Run struct {
	Name      string `json:"name"`
	Seed      uint64 `json:"seed"`
	Verdict   string `json:"verdict,omitempty"`
	Runtime   string `json:"runtime"`
	Ops       int    `json:"ops"`       // in the history
	Digest    string `json:"digest"`    // of the history; empty if there is none
	Trace     string `json:"trace"`     // hash of all that happened in the cluster
	Steps     uint64 `json:"steps"`     // decisions of the scheduler
	Points    uint64 `json:"points"`    // that it passed
	Decisions string `json:"decisions"` // hash of all of them

	dir string // where it is kept
}

// The files of a run, in a folder of its own.
const (
	runFile       = "run.json"
	decisionsFile = "decisions.txt"
	historyFile   = "history.jsonl"
	processFile   = "process" // of all runs: which process writes them
)

// Wanted reports whether the runs of this process are to be compared with those of another.
func Wanted() bool { return os.Getenv(Variable) != "" }

var written atomic.Int64

// Write keeps a run if that is wanted, with the decisions of its scheduler and its history; either may be nil. Runs of processes that
// this one has started are not kept.
func Write(r Run, decisions *schedule.Trace, h *history.History) error {
	if !Wanted() {
		return nil
	}
	if err := r.write(os.Getenv(Variable), decisions, h); err != nil {
		return fmt.Errorf("keep a run to be compared (%s): %w", Variable, err)
	}
	return nil
}

func (r Run) write(dir string, decisions *schedule.Trace, h *history.History) error {
	if mine, err := claim(dir); err != nil || !mine {
		return err
	}
	folder := filepath.Join(dir, fmt.Sprintf("%06d", written.Add(1)))
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	if h != nil {
		var err error
		if r.Digest, err = h.Digest(); err != nil {
			return err
		}
		r.Ops = h.Len()
		if err := writeFile(filepath.Join(folder, historyFile), h.Write); err != nil {
			return err
		}
	}
	if decisions != nil {
		r.Steps, r.Points, r.Decisions = decisions.Steps, decisions.Points, fmt.Sprintf("%016x", decisions.Hash)
		if err := writeFile(filepath.Join(folder, decisionsFile), decisions.Write); err != nil {
			return err
		}
	}
	// The last file, so that a folder with it is whole.
	return writeFile(filepath.Join(folder, runFile), func(w io.Writer) error { return json.NewEncoder(w).Encode(r) })
}

// claim reports whether a folder is for the runs of this process, and not of one that has started it.
func claim(dir string) (bool, error) {
	name, pid := filepath.Join(dir, processFile), strconv.Itoa(os.Getpid())
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err == nil {
		_, err = f.WriteString(pid)
		return true, errors.Join(err, f.Close())
	}
	if !errors.Is(err, fs.ErrExist) {
		return false, err
	}
	b, err := os.ReadFile(name)
	return string(b) == pid, err
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(f)
	return errors.Join(write(b), b.Flush(), f.Close())
}

// Read returns the runs that were kept in a folder, in the order in which they ended.
func Read(dir string) (runs []Run, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", runFile))
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read run: %w", err)
		}
		r := Run{dir: filepath.Dir(name)}
		if err := json.Unmarshal(b, &r); err != nil {
			return nil, fmt.Errorf("read run %s: %w", name, err)
		}
		runs = append(runs, r)
	}
	return runs, nil
}
