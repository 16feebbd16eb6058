package recorder

import (
	"context"
	"os"
	"sync"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/goroutines"
	"github.com/capsize-go/capsize/internal/runlog"
	"github.com/capsize-go/capsize/internal/savedrun"
)

// A Recorder keeps the run that is in progress on the disk: its seed, its plan, its
// parameters and its history so far. When the process dies, by a panic in a goroutine
// of user code, a fatal error of the runtime, os.Exit or a kill, they are in the
// recorder's folder, with what the runtime printed, and the next recorder of that
// folder finds them. One serves any number of runs, one after the other. A nil
// recorder records nothing.
//
// While a recorder is open, GODEBUG has tracebacklabels=1, so that a stack that the
// runtime prints names seed and host, and during a run [runtime/debug.SetCrashOutput]
// is set to a file of the recorder.
type Recorder struct {
	// Describe completes what is kept as run.json of a run. Optional.
	Describe func(*savedrun.Record)

	dir  string
	log  *runlog.Log
	cut  []CutShort
	undo func()
	err  error // why something was not recorded
}

// New returns a recorder that keeps the run in progress in a folder of its own
// in dir, and makes dir if there is none. Several processes may use one dir. Close
// removes what the recorder made. An error says why nothing can be recorded there; runs
// go without a recorder then.
func New(dir string) (*Recorder, error) {
	found, err := runlog.Find(dir)
	if err != nil {
		return nil, err
	}
	r := &Recorder{dir: dir}
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

// During records a run until end is called, which is to be deferred: when a panic is
// under way, the record stays.
func (r *Recorder) During(run savedrun.Record) (end func()) {
	if r == nil || r.log == nil {
		return func() {}
	}
	if r.Describe != nil {
		r.Describe(&run)
	}
	text, err := run.Encode()
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

// Add records an op.
func (r *Recorder) Add(op history.Op) {
	if r != nil && r.log != nil {
		r.log.Add(op)
	}
}

// Judge records that the run has ended and is being judged.
func (r *Recorder) Judge() {
	if r != nil && r.log != nil {
		r.failed(r.log.Judge())
	}
}

// recorderKey is the key of a recorder in a context.
type recorderKey struct{}

// NewContext returns a context whose runs the recorder keeps while they are in progress.
func NewContext(ctx context.Context, r *Recorder) context.Context {
	return context.WithValue(ctx, recorderKey{}, r)
}

// FromContext returns the recorder of a context, or nil.
func FromContext(ctx context.Context) *Recorder {
	r, _ := ctx.Value(recorderKey{}).(*Recorder)
	return r
}

func (r *Recorder) failed(err error) {
	if r.err == nil {
		r.err = err
	}
}
