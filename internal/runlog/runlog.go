// Package runlog keeps a run on the disk while it is in progress, so that nothing of it
// is lost if the process dies: by a panic in any goroutine, a fatal error of the
// runtime, os.Exit or a kill.
//
// A [Log] is a folder with four files. While the process lives it holds a lock on one
// of them; a folder without that lock is what a process left that died, and [Find]
// finds it.
//
//	run.json       what was run, as the caller spells it
//	history.jsonl  the ops so far, and then empty lines
//	crash.txt      what the runtime printed when the process died; empty if it did not
//	state          what was under way: idle, running or judging; locked
//
// The history is written to memory that is mapped to the file, or where there is no
// such memory, op by op. Both belong to the operating system, so that a process may die
// at any time and loses no op. A machine that loses its power loses some.
package runlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/capsize-go/capsize/history"
)

// The files of a log.
const (
	RunFile     = "run.json"
	HistoryFile = "history.jsonl"
	CrashFile   = "crash.txt"
	stateFile   = "state"
)

// The states of a log, all of one length.
const (
	idle    = "idle   \n"
	running = "running\n"
	judging = "judging\n"
)

// A Log is the folder in which a process keeps the run that it has in progress. It is
// used again for each run of a sweep. It is not safe for concurrent use.
type Log struct {
	dir   string
	made  []string // folders that Create has made, the outermost first
	state *os.File
	run   *os.File
	crash *os.File
	ops   *tail
	buf   []byte
	wrote int // length of what run.json holds
	busy  bool
	err   error
}

// count distinguishes the logs of a process.
var count atomic.Uint64

// Create makes a new log in the folder parent, which it makes as well if there is none.
func Create(parent string) (*Log, error) {
	l := &Log{}
	if err := l.create(parent); err != nil {
		l.discard()
		return nil, fmt.Errorf("keep the run in progress: %w", err)
	}
	return l, nil
}

func (l *Log) create(parent string) (err error) {
	for range 5 { // another process may remove the empty parent at any time
		if l.made, err = mkdirAll(parent); err == nil {
			err = l.makeFolder(parent)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return err
	}
	for name, f := range map[string]**os.File{stateFile: &l.state, RunFile: &l.run, CrashFile: &l.crash} { // order: of no consequence
		if *f, err = os.OpenFile(filepath.Join(l.dir, name), os.O_CREATE|os.O_RDWR, 0o644); err != nil {
			return err
		}
	}
	h, err := os.OpenFile(filepath.Join(l.dir, HistoryFile), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	l.ops = newTail(h)
	if err := l.enter(idle); err != nil || !locks {
		return err
	}
	if !lock(l.state) {
		return errors.New("lock the file " + l.state.Name())
	}
	to := freeName(parent)
	if err := os.Rename(l.dir, to); err != nil {
		return err
	}
	l.dir = to
	return nil
}

// makeFolder makes the folder. Where there are locks it gets its name when it is
// locked: before that, another process would take it for one that was left.
func (l *Log) makeFolder(parent string) error {
	if locks {
		dir, err := os.MkdirTemp(parent, ".new-")
		l.dir = dir
		return err
	}
	dir := freeName(parent)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	l.dir = dir
	return nil
}

// freeName returns a name for a folder of this process.
func freeName(parent string) string {
	for {
		name := filepath.Join(parent, fmt.Sprintf("%d-%d", os.Getpid(), count.Add(1)))
		if _, err := os.Lstat(name); err != nil {
			return name
		} // else a process left it that had the same number
	}
}

// mkdirAll makes a folder and returns those that it had to make.
func mkdirAll(dir string) (made []string, err error) {
	if _, err := os.Stat(dir); err == nil {
		return nil, nil
	}
	if above := filepath.Dir(dir); above != dir {
		if made, err = mkdirAll(above); err != nil {
			return made, err
		}
	}
	if err := os.Mkdir(dir, 0o755); err == nil {
		return append(made, dir), nil
	} else if !errors.Is(err, fs.ErrExist) { // another process was faster
		return made, err
	}
	return made, nil
}

// Dir returns the folder of the log.
func (l *Log) Dir() string { return l.dir }

// Begin starts a run, of which run says what it takes to repeat it. From now on what
// the runtime prints when the process dies goes to the log as well; see
// [debug.SetCrashOutput].
func (l *Log) Begin(run []byte) error {
	l.ops.reset()
	text := append([]byte(nil), run...)
	for len(text) < l.wrote {
		text = append(text, '\n')
	}
	l.wrote = len(text)
	if _, err := l.run.WriteAt(text, 0); err != nil {
		return fmt.Errorf("keep the run in progress: %w", err)
	}
	if err := l.takeCrashes(); err != nil {
		return fmt.Errorf("keep what the runtime prints at a crash: %w", err)
	}
	l.busy = true
	return l.enter(running)
}

// Add appends an op to the history. After an error it does nothing more; see
// [Log.Err].
func (l *Log) Add(op history.Op) {
	if l.err != nil {
		return
	}
	l.buf = append(appendOp(l.buf[:0], op), '\n')
	if err := l.ops.write(l.buf); err != nil {
		l.err = fmt.Errorf("keep the history of the run in progress: %w", err)
	}
}

// appendOp spells an op as [history.AppendJSON] does. An input or output that can't be
// encoded, or that panics, is spelled as text.
func appendOp(b []byte, op history.Op) (text []byte) {
	start := len(b)
	defer func() {
		if p := recover(); p != nil {
			text, _ = history.AppendJSON(b[:start], plain(op))
		}
	}()
	text, err := history.AppendJSON(b, op)
	if err != nil {
		text, _ = history.AppendJSON(b[:start], plain(op))
	}
	return text
}

func plain(op history.Op) history.Op {
	if op.Input != nil {
		op.Input = fmt.Sprint(op.Input)
	}
	if op.Output != nil {
		op.Output = fmt.Sprint(op.Output)
	}
	return op
}

// Err returns why the history is not complete, or nil.
func (l *Log) Err() error { return l.err }

// Judge says that the run has ended and its history is being judged.
func (l *Log) Judge() error { return l.enter(judging) }

// End says that nothing is in progress any more.
func (l *Log) End() error {
	l.busy = false
	return errors.Join(l.leaveCrashes(), l.enter(idle))
}

// taker is the log that gets what the runtime prints when the process dies. There is one
// at most: that of the run that began last.
var taker struct {
	sync.Mutex
	log *Log
}

func (l *Log) takeCrashes() error {
	taker.Lock()
	defer taker.Unlock()
	taker.log = l
	return debug.SetCrashOutput(l.crash, debug.CrashOptions{})
}

func (l *Log) leaveCrashes() error {
	taker.Lock()
	defer taker.Unlock()
	if taker.log != l {
		return nil // another run has begun while the history of this one was judged
	}
	taker.log = nil
	return debug.SetCrashOutput(nil, debug.CrashOptions{})
}

func (l *Log) enter(state string) error {
	if _, err := l.state.WriteAt([]byte(state), 0); err != nil {
		return fmt.Errorf("keep the run in progress: %w", err)
	}
	return nil
}

// Close removes the log, unless a run is in progress: then the process is about to die
// of a panic, and the log stays.
func (l *Log) Close() error {
	if l.busy {
		return nil
	}
	return l.discard()
}

// discard removes the folder and those that Create has made, as far as they are empty.
func (l *Log) discard() error {
	var err error
	if l.dir != "" {
		err = os.RemoveAll(l.dir)
	}
	if l.ops != nil {
		l.ops.close()
	}
	for _, f := range []*os.File{l.run, l.crash, l.state} { // the lock last
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	removeEmpty(l.made)
	return err
}

// removeEmpty removes folders that are empty, the innermost first.
func removeEmpty(made []string) {
	for i := len(made) - 1; i >= 0; i-- {
		if os.Remove(made[i]) != nil { // it is not empty: another run is in progress there
			return
		}
	}
}
