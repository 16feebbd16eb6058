package consistency

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// older says what a guarantee demands: whether version a must be older than what call
// i saw, for the session of i.
type older func(t *oracle, a oracleCall, i int) bool

func ownOlder(t *oracle, a oracleCall, i int) bool { return t.before(a, t.happened[i]) }

func readOlder(t *oracle, a oracleCall, i int) bool {
	return slices.ContainsFunc(t.happened, func(r oracleCall) bool {
		return r.observes && r.saw == a.put && t.before(r, t.happened[i])
	})
}

// learned yields the writers of what the session of i had read before.
func (t *oracle) learned(i int, any func(u oracleCall) bool) bool {
	return slices.ContainsFunc(t.happened, func(r oracleCall) bool {
		w, _ := t.writer(r)
		return r.observes && w >= 0 && t.before(r, t.happened[i]) && any(t.happened[w])
	})
}

func wroteOlder(t *oracle, a oracleCall, i int) bool {
	return t.learned(i, func(u oracleCall) bool { return t.before(a, u) })
}

func followOlder(t *oracle, a oracleCall, i int) bool {
	return t.learned(i, func(u oracleCall) bool {
		return slices.ContainsFunc(t.happened, func(r oracleCall) bool {
			return r.observes && r.saw == a.put && (r == u || t.before(r, u))
		})
	})
}

// ordered reports whether, for each session and key, there is an order of the
// versions that keeps the order of every session, and puts before what a call saw all
// that must be older.
func ordered(demands older, writesToo bool) func(*oracle) bool {
	return func(t *oracle) bool {
		if !t.justified() {
			return false
		}
		for i := range t.happened {
			if !t.orderedFor(t.happened[i].process, t.happened[i].key, demands, writesToo) {
				return false
			}
		}
		return true
	}
}

// unordered reports whether a call has no place in the order of its session's writes:
// it may take effect before or after those that followed.
func (t *oracle) unordered(b oracleCall) bool {
	return !b.known && slices.ContainsFunc(t.happened, func(c oracleCall) bool {
		return c.process == b.process && c.call > b.call && (c.known || slices.ContainsFunc(t.happened, func(r oracleCall) bool { return r.observes && r.saw == c.put }))
	})
}

func (t *oracle) orderedFor(process int, key string, demands older, writesToo bool) bool {
	var versions []oracleCall
	for _, a := range t.happened {
		if a.writes && a.key == key {
			versions = append(versions, a)
		}
	}
	return orders(versions, func(order []oracleCall) bool {
		rank := map[int]int{0: -1}
		for i, a := range order {
			rank[a.put] = i
			for _, b := range order[:i] {
				if t.before(a, b) && !t.unordered(b) {
					return false
				}
			}
		}
		for i, o := range t.happened {
			if o.process != process || o.key != key {
				continue
			}
			for _, a := range order {
				if o.observes && a.put != o.saw && demands(t, a, i) && rank[a.put] > rank[o.saw] {
					return false
				}
				if writesToo && o.writes && o.known && demands(t, a, i) && rank[a.put] >= rank[o.put] {
					return false
				}
			}
		}
		return true
	})
}

// orders reports whether some order of calls is good.
func orders(acts []oracleCall, good func([]oracleCall) bool) bool {
	var try func(n int) bool
	try = func(n int) bool {
		if n == len(acts) {
			return good(acts)
		}
		for i := n; i < len(acts); i++ {
			acts[n], acts[i] = acts[i], acts[n]
			ok := try(n + 1)
			acts[n], acts[i] = acts[i], acts[n]
			if ok {
				return true
			}
		}
		return false
	}
	return try(0)
}

func TestSessionGuaranteesAgreeWithTheirDefinitions(t *testing.T) {
	m := model.Register()
	either := func(t *oracle, a oracleCall, i int) bool { return ownOlder(t, a, i) || readOlder(t, a, i) }
	for _, c := range []struct {
		name  string
		check checker.Checker
		holds func(*oracle) bool
	}{
		{"read your writes", ReadYourWrites(m), ordered(ownOlder, false)},
		{"monotonic reads", MonotonicReads(m), ordered(readOlder, false)},
		{"monotonic writes", MonotonicWrites(m), ordered(wroteOlder, false)},
		{"writes follow reads", WritesFollowReads(m), ordered(followOlder, false)},
		{"monotonic", MonotonicPerKey(m), ordered(either, true)},
	} {
		t.Run(c.name, func(t *testing.T) { agrees(t, c.check, 2000, c.holds) })
	}
}

// A script is a history of calls one after the other: process, input, answer.
type scripted struct {
	process int
	in      model.RegisterOp
	out     any
}

func script(calls ...scripted) *history.History {
	h := history.Of()
	for _, c := range calls {
		at := func() time.Duration { return time.Duration(h.Len()) * 10 * time.Millisecond }
		h.Add(history.Op{Time: at(), Process: c.process, Type: history.Invoke, Input: c.in})
		h.Add(history.Op{Time: at(), Process: c.process, Type: history.OK, Output: c.out})
	}
	return h
}

func write(process int, key string, v int) scripted {
	return scripted{process, model.RegisterOp{F: "write", Key: key, Value: v}, nil}
}

func read(process int, key string, v int) scripted {
	return scripted{process, model.RegisterOp{F: "read", Key: key}, v}
}

func TestSessionGuaranteesInWords(t *testing.T) {
	m := model.Register()
	for _, c := range []struct {
		check checker.Checker
		h     *history.History
		want  string
	}{
		{ReadYourWrites(m), script(write(1, "x", 5), write(1, "y", 6), read(1, "x", 0)),
			"process 1 read the initial value 0 from x, though it had written 5 itself 30ms before"},
		{ReadYourWrites(m), script(write(1, "x", 5), write(1, "x", 6), read(1, "x", 5)),
			"process 1 read 5 from x, though it had written 6 itself 10ms before"},
		{MonotonicReads(m), script(write(1, "x", 5), read(2, "x", 5), read(2, "x", 0)),
			"process 2 read the initial value 0 from x, though it had read 5, which is newer, 10ms before"},
		{MonotonicReads(m), script(write(1, "x", 5), write(3, "x", 6), read(2, "x", 5), read(2, "x", 6), read(2, "x", 5)),
			"process 2 read 5 of x, then read 6, and then read 5 again"},
		{MonotonicReads(m), script(write(1, "x", 5), write(1, "x", 6), read(2, "x", 6), read(2, "x", 5)),
			"process 2 read 5 from x, though it had read 6, which is newer, 10ms before"},
		{MonotonicWrites(m), script(write(1, "x", 5), write(1, "y", 6), read(2, "y", 6), read(2, "x", 0)),
			"process 2 read the initial value 0 from x, though it had read 6 from y, before which process 1 had written 5 to x"},
		{WritesFollowReads(m), script(write(1, "x", 5), read(2, "x", 5), write(2, "y", 6), read(3, "y", 6), read(3, "x", 0)),
			"process 3 read the initial value 0 from x, though it had read 6 from y, before which process 2 had read 5 from x"},
		{MonotonicPerKey(m), script(read(1, "x", 5), write(1, "x", 5)),
			"process 1 wrote 5 to x after it had read that, or what is newer"},
	} {
		r := c.check.Check(t.Context(), c.h)
		assert.Equal(t, checker.Invalid, r.Verdict)
		assert.Equal(t, c.want, r.Reason)
	}
}
