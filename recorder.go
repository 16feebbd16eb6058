package capsize

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"sync"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/goroutines"
	"github.com/capsize-go/capsize/internal/runlog"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/nemesis"
)

// A Recorder keeps the run that is in progress on the disk: its seed, its plan, its
// parameters and its history so far. When the process dies, by a panic in a goroutine
// of user code, a fatal error of the runtime, os.Exit or a kill, they are in the
// recorder's folder, with what the runtime printed, and the next recorder of that
// folder finds them. [Run] has a recorder of its own for each test; [Exec] uses the one in
// [Test.Recorder]. One serves any number of runs, one after the other.
//
// While a recorder is open, GODEBUG has tracebacklabels=1, so that a stack that the
// runtime prints names seed and host, and during a run [runtime/debug.SetCrashOutput]
// is set to a file of the recorder.
type Recorder struct {
	// Describe returns what is kept as run.json of a run: what it takes to repeat it. The
	// default has the parameters of the test and the plan, as run.json of failures has.
	Describe func(test Test, plan nemesis.Plan) ([]byte, error)

	dir  string
	log  *runlog.Log
	cut  []CutShort
	undo func()
	err  error // why something was not recorded
}

// NewRecorder returns a recorder that keeps the run in progress in a folder of its own
// in dir, and makes dir if there is none. Several processes may use one dir. Close
// removes what the recorder made. An error says why nothing can be recorded there; runs
// go without a recorder then.
func NewRecorder(dir string) (*Recorder, error) {
	found, err := runlog.Find(dir)
	if err != nil {
		return nil, err
	}
	r := &Recorder{Describe: describeRun, dir: dir}
	for _, u := range found {
		r.cut = append(r.cut, CutShort{u})
	}
	if r.log, err = runlog.Create(dir); err != nil {
		return r, err
	}
	r.undo = showLabelsWhileOpen()
	return r, nil
}

// open counts the recorders of the process that are open, since GODEBUG is the process's.
var open struct {
	sync.Mutex
	recorders int
	undo      func()
}

// showLabelsWhileOpen sets GODEBUG until the last recorder that asked for it is closed.
func showLabelsWhileOpen() (undo func()) {
	open.Lock()
	defer open.Unlock()
	if open.recorders++; open.recorders == 1 {
		open.undo = goroutines.SetGODEBUG(goroutines.ShowLabels)
	}
	return func() {
		open.Lock()
		defer open.Unlock()
		if open.recorders--; open.recorders == 0 {
			open.undo()
		}
	}
}

// CutShort returns the runs that were in progress in processes that died, as the
// recorder found them in its folder when it was made.
func (r *Recorder) CutShort() []CutShort { return r.cut }

// Err returns why something of the runs was not recorded, as when the disk was full. It
// is nil if all was.
func (r *Recorder) Err() error {
	if r.err == nil && r.log != nil {
		return r.log.Err()
	}
	return r.err
}

// Close removes the recorder's folder. Of a run that is still in progress it removes
// nothing: then a panic is on its way to end the process.
func (r *Recorder) Close() error {
	for _, c := range r.cut {
		_ = c.log.Release() // those that were removed or kept are released already
	}
	if r.log == nil {
		return nil
	}
	r.undo()
	err := r.log.Close()
	_ = os.Remove(r.dir) // if it is empty; another recorder may have made it
	return err
}

// during records a run until end is called, which is to be deferred: when a panic is
// under way, the record stays. All methods below do nothing without a recorder.
func (r *Recorder) during(test Test, plan nemesis.Plan) (end func()) {
	if r == nil || r.log == nil {
		return func() {}
	}
	text, err := r.Describe(test, plan)
	if err == nil {
		err = r.log.Begin(text)
	}
	r.failed(err)
	return func() {
		if p := recover(); p != nil {
			panic(p)
		}
		r.failed(r.log.End())
	}
}

func (r *Recorder) add(op history.Op) {
	if r != nil && r.log != nil {
		r.log.Add(op)
	}
}

func (r *Recorder) judge() {
	if r != nil && r.log != nil {
		r.failed(r.log.Judge())
	}
}

func (r *Recorder) failed(err error) {
	if r.err == nil {
		r.err = err
	}
}

// describeRun is how a recorder describes runs by default.
func describeRun(test Test, plan nemesis.Plan) ([]byte, error) {
	return savedrun.Record{
		// The nemesis is left out: a run that is repeated has its plan, and is to have the same record.
		System: systemName(test.System), Workload: test.Workload.Name,
		Seed: test.Seed, Nodes: test.Nodes, Clients: test.Clients, Rate: test.Rate,
		Duration: test.Duration, Timeout: test.Timeout, Settle: test.Settle, Core: test.Core,
		Plan: plan, Verdict: checker.Unknown, Reason: "the process died while the run was in progress",
	}.Encode()
}

// recordersDir is where the runs in progress of a package's tests are kept, each test's
// in a folder of its own.
var recordersDir = filepath.Join(savedDir, ".running")

// recorderDir returns the folder of the runs in progress of this Run.
func (x *runner) recorderDir() string {
	return filepath.Join(recordersDir, filepath.FromSlash(path.Join(x.name, x.key)))
}

// unwritable says once in a process that runs are not recorded.
var unwritable sync.Once

// recorder returns the recorder for a test. If its folder can't be written, that is
// said once, and the test is run without.
func (x *runner) recorder() *Recorder {
	r, err := NewRecorder(x.recorderDir())
	if err != nil {
		unwritable.Do(func() {
			fmt.Fprintf(os.Stderr, "capsize: runs are not recorded as they go, so a crash of this process will lose them: %v\n", err)
		})
	}
	return r
}
