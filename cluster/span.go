package cluster

import (
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"strings"
	"sync"

	"github.com/capsize-go/capsize/cluster/internal/inorder"
)

// A Span is a call that code of a host records in the history beside the calls of the clients: an attempt to reach another
// service, work that is done, a wait for a resource, a resource that is held. So what a checker judges is what the services did,
// and not only what clients saw of it. The term is OpenTelemetry's.
//
// Spans that are open when the run ends stay pending in the history. Those of a host that crashes are indeterminate from then on.
type Span struct {
	h      *Host
	end    func(out any, err error)
	number int // of its process in the history
	once   sync.Once
}

// A SpanRecorder records the spans of a run. Begin records the invocation, and returns the number of its process, which no other
// call has meanwhile, and the function that records the completion.
type SpanRecorder interface {
	Begin(h *Host, in any) (process int, end func(out any, err error))
}

// Begin begins a span; in says what it is about, as the input of a client's call does, and must survive encoding/json. [Span.End]
// ends it. Outside of a run of a test nothing is recorded, nor on a host that has crashed: its goroutines come to their ends in
// any order.
func (h *Host) Begin(in any) *Span {
	s := &Span{h: h}
	c := h.m.c
	if c.cfg.Spans == nil {
		return s
	}
	if h.gone() {
		return s
	}
	s.number, s.end = c.cfg.Spans.Begin(h, in)
	c.lock()
	defer c.unlock()
	h.spans.Add(s)
	return s
}

// End ends the span: with an output if err is nil, and else with the error, of which the history has the text. An
// error made by [Failed] makes it fail, and any other makes it indeterminate, as
// [github.com/capsize-go/capsize/workloads.Outcome] has it for clients. Only the first End counts.
func (s *Span) End(out any, err error) {
	s.complete(out, err)
	if s.end == nil {
		return
	}
	c := s.h.m.c
	c.lock()
	s.h.spans.Remove(s)
	c.unlock()
}

func (s *Span) complete(out any, err error) {
	if s.end != nil {
		s.once.Do(func() { s.end(out, err) })
	}
}

// Do runs f within a span. If f has not returned when the run ends, the history says where it waits: the call is indeterminate,
// with the stack of its goroutine as the error. A span that f begins with its ctx is inside of this one.
func (h *Host) Do(ctx context.Context, in any, f func(ctx context.Context) (out any, err error)) error {
	s := h.Begin(in)
	if s.end == nil {
		_, err := f(ctx)
		return err
	}
	outer, _ := ctx.Value(spanPath{}).(string)
	path := fmt.Sprintf("%s%d/", outer, s.number)
	h.label(path)
	defer h.label(outer)
	err := errGoexit
	var out any
	defer func() { s.End(out, err) }()
	out, err = f(context.WithValue(ctx, spanPath{}, path))
	return err
}

// errGoexit is how a span ends whose function panicked, or ended its goroutine.
var errGoexit = errors.New("its function did not return")

// spanPath is the key of a ctx under which the numbers of the spans around it are, the outermost first: "1000007/1000012/".
type spanPath struct{}

// label labels the running goroutine, and those that it starts, with the spans that it is in.
func (h *Host) label(spans string) {
	ctx := h.m.labels
	if spans != "" {
		ctx = pprof.WithLabels(ctx, pprof.Labels("spans", strings.TrimSuffix(spans, "/")))
	}
	pprof.SetGoroutineLabels(ctx)
}

// endSpans ends all spans of a host that has crashed.
func (h *Host) endSpans() {
	c := h.m.c
	c.lock()
	open := h.spans.All()
	h.spans = inorder.Set[*Span]{}
	c.unlock()
	for _, s := range open {
		s.complete(nil, ErrCrashed)
	}
}

// Failed marks an error after which what a span is about certainly did not happen, and never will: a request that was refused
// before it was begun, a wait that was given up.
func Failed(err error) error { return failed{err} }

type failed struct{ error }

func (failed) DidNotHappen() bool { return true }

func (f failed) Unwrap() error { return f.error }
