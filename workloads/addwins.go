package workloads

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
)

// A TaggedSet is a set in which a remove undoes those adds that it has seen, and no others:
// the observed-remove set of Shapiro et al., Conflict-free Replicated Data Types
// (2011). As there, each add has a tag of its own, and a remove says which tags it has seen.
type TaggedSet interface {
	// Add adds an element, and returns a tag that no other add has.
	Add(ctx context.Context, key string, element int) (tag string, err error)

	// Remove undoes the adds of an element that it has seen, and returns their tags.
	Remove(ctx context.Context, key string, element int) (tags []string, err error)

	// Elements returns the elements, sorted.
	Elements(ctx context.Context, key string) ([]int, error)
	io.Closer
}

// An AddWinsOp is an input of [AddWins]: add, remove, read, or final for a final read.
type AddWinsOp struct {
	F     string `json:"f"`
	Key   string `json:"key"`
	Value int    `json:"value,omitempty"`
}

// An AddWinsAnswer is an output: the tag of an add, those that a remove has seen, or
// the elements that a read has.
type AddWinsAnswer struct {
	Tags     []string `json:"tags,omitempty"`
	Elements []int    `json:"elements,omitempty"`
}

const (
	addWinsKeys     = 24
	addWinsInUse    = 3  // keys at a time
	addWinsTurns    = 50 // of a client before it turns to other keys
	addWinsElements = 8
)

// AddWins is a workload for sets that are available under partition: clients add, remove
// and read a few elements, again and again. The final reads must have an element if an
// acknowledged add of it was not seen by a remove; they must not have it if removes have seen all its adds; and
// they must be equal. No read may have an element that was not added. As strong eventual consistency, it
// demands no order of the calls.
//
// Clients turn to other keys every addWinsTurns turns, so that the others are left alone for a while: under
// constant load an element that comes back is soon removed again.
func AddWins[C TaggedSet](open func(ctx context.Context, h *cluster.Host) (C, error)) Workload {
	return New(Spec[C, AddWinsOp, AddWinsAnswer]{
		Name:   "add-wins",
		Open:   open,
		Next:   nextAddWinsOp,
		Invoke: invokeAddWins[C],
		Final: func(t Turn[AddWinsOp, AddWinsAnswer]) (AddWinsOp, bool) {
			return AddWinsOp{F: "final", Key: registerKey(t.Index)}, t.Index < addWinsKeys
		},
		Key:     func(in AddWinsOp) string { return in.Key },
		Checker: checker.Func(checkAddWins),
	})
}

// nextAddWinsOp removes one of the elements that the client has just read, every other time, and
// else reads or adds.
func nextAddWinsOp(t Turn[AddWinsOp, AddWinsAnswer]) AddWinsOp {
	if n := len(t.Answer.Elements); t.OK && n > 0 && t.Rand.IntN(2) == 0 {
		return AddWinsOp{F: "remove", Key: t.Last.Key, Value: t.Answer.Elements[t.Rand.IntN(n)]}
	}
	key := registerKey((t.Index/addWinsTurns*addWinsInUse + t.Rand.IntN(addWinsInUse)) % addWinsKeys)
	if t.Rand.IntN(2) == 0 {
		return AddWinsOp{F: "read", Key: key}
	}
	return AddWinsOp{F: "add", Key: key, Value: 1 + t.Rand.IntN(addWinsElements)}
}

// invokeAddWins calls the client. An indeterminate read counts as failed, since it changes nothing.
func invokeAddWins[C TaggedSet](ctx context.Context, c C, in AddWinsOp) (out AddWinsAnswer, err error) {
	switch in.F {
	case "add":
		var tag string
		tag, err = c.Add(ctx, in.Key, in.Value)
		out.Tags = []string{tag}
	case "remove":
		out.Tags, err = c.Remove(ctx, in.Key, in.Value)
	default:
		if out.Elements, err = c.Elements(ctx, in.Key); err != nil {
			err = fmt.Errorf("%w: %w", ErrFail, err)
		}
	}
	return out, err
}

// An addWinsElement has the adds and removes of an element of a key.
type addWinsElement struct {
	firstAdd      int // the index of the first op that asked to add it; -1 if there is none
	adds, removes []callAt
	maybeAdded    bool // an add is indeterminate
	maybeRemoved  bool // a remove is
}

// An addWinsHistory is a history of [AddWins] by elements.
type addWinsHistory struct {
	h        *history.History
	elements map[AddWinsOp]*addWinsElement
	order    []AddWinsOp
	finals   map[string]callAt // the first final read of each key
}

// addWinsOf groups the calls of a history by element, without those that failed.
func addWinsOf(h *history.History) *addWinsHistory {
	all := &addWinsHistory{h: h, elements: map[AddWinsOp]*addWinsElement{}, finals: map[string]callAt{}}
	for call := range h.Calls() {
		in, ok := call.Invoke.Input.(AddWinsOp)
		switch at := (AddWinsOp{Key: in.Key, Value: in.Value}); {
		case !ok || call.Complete.Type == history.Fail:
		case in.F == "add" || in.F == "remove":
			if all.elements[at] == nil {
				all.elements[at] = &addWinsElement{firstAdd: -1}
				all.order = append(all.order, at)
			}
			all.elements[at].add(in.F, call)
		case call.Complete.Type == history.OK && in.F == "final":
			if _, ok := all.finals[in.Key]; !ok {
				all.finals[in.Key] = placeOf(call)
			}
		}
	}
	return all
}

// wrongRead finds a read of an element before its first add was invoked, or final reads that differ.
func (all *addWinsHistory) wrongRead() *checker.Counterexample {
	for read := range all.h.Calls() {
		in, ok := read.Invoke.Input.(AddWinsOp)
		if !ok || in.F == "add" || in.F == "remove" || read.Complete.Type != history.OK {
			continue
		}
		for _, value := range elementsRead(read) {
			e := all.elements[AddWinsOp{Key: in.Key, Value: value}]
			if e == nil || e.firstAdd < 0 || e.firstAdd > read.Complete.Index {
				return addWinsWhy(in.Key, []history.Call{read}, "%d of %s was read, which no call had asked to add", value, in.Key)
			}
		}
		if in.F != "final" {
			continue
		}
		if first := all.finals[in.Key].in(all.h); !slices.Equal(elementsRead(first), elementsRead(read)) {
			return addWinsWhy(in.Key, []history.Call{first, read}, "in the end one client read %v of %s, and another %v",
				elementsRead(first), in.Key, elementsRead(read))
		}
	}
	return nil
}

// checkAddWins judges a history of [AddWins].
func checkAddWins(_ context.Context, h *history.History) checker.Result {
	res := checker.Result{Checker: "add-wins", Broken: "an add was lost or came back", Undecided: "the sets could not be judged"}
	all := addWinsOf(h)
	why := all.wrongRead()
	kept, undone := 0, 0
	for _, at := range all.order {
		final, ok := all.finals[at.Key]
		if !ok && why == nil {
			res.Verdict, res.Reason = checker.Unknown, fmt.Sprintf("%s was not read in the end", at.Key)
			return res
		}
		if why == nil {
			var there, gone int
			there, gone, why = all.elements[at].judge(h, at, final.in(h))
			kept, undone = kept+there, undone+gone
		}
	}
	if why != nil {
		res.Verdict, res.Reason, res.Counterexample = checker.Invalid, why.Reason, why
		return res
	}
	res.Reason = fmt.Sprintf("of the answered adds, %d count in the end, and %d were undone by removes that had seen them", kept, undone)
	return res
}

// add adds a call of the element: if it is indeterminate, only that there is one.
func (e *addWinsElement) add(f string, call history.Call) {
	known := call.Complete.Type == history.OK
	if f == "add" && e.firstAdd < 0 {
		e.firstAdd = call.Invoke.Index
	}
	switch {
	case f == "add" && known:
		e.adds = append(e.adds, placeOf(call))
	case f == "add":
		e.maybeAdded = true
	case known:
		e.removes = append(e.removes, placeOf(call))
	default:
		e.maybeRemoved = true
	}
}

// judge compares the calls of an element with a final read. It counts the adds that must be
// kept and those that removes have undone.
func (e *addWinsElement) judge(h *history.History, at AddWinsOp, final history.Call) (kept, undone int, why *checker.Counterexample) {
	seen := map[string]bool{}
	for _, r := range e.removes {
		for _, tag := range tagsOf(r.in(h)) {
			seen[tag] = true
		}
	}
	there := slices.Contains(elementsRead(final), at.Value)
	for _, place := range e.adds {
		add := place.in(h)
		if seen[tagsOf(add)[0]] {
			undone++
			continue
		}
		kept++
		if !there && !e.maybeRemoved {
			return 0, 0, addWinsWhy(at.Key, []history.Call{add, final}, "%d was added to %s, no remove has seen that, and in the end it is not there", at.Value, at.Key)
		}
	}
	if there && kept == 0 && !e.maybeAdded {
		return 0, 0, addWinsWhy(at.Key, append(callsAt(h, e.removes), final), "removes have seen all adds of %d to %s, and in the end it is there", at.Value, at.Key)
	}
	return kept, undone, nil
}

func elementsRead(read history.Call) []int {
	answer, _ := read.Complete.Output.(AddWinsAnswer)
	return answer.Elements
}

func tagsOf(call history.Call) []string {
	answer, _ := call.Complete.Output.(AddWinsAnswer)
	return answer.Tags
}

func addWinsWhy(key string, calls []history.Call, format string, args ...any) *checker.Counterexample {
	return &checker.Counterexample{Key: key, Reason: fmt.Sprintf(format, args...), Calls: calls, Blamed: len(calls) - 1}
}
