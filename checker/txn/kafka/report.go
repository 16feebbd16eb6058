package kafka

import (
	"context"
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/shapes"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
)

// Options say how a history is judged. The zero value is right for a history that ends with polls of all that was sent.
type Options struct {
	// Lagging says that the history may end before consumers have received all messages: unseen is then no violation.
	Lagging bool
	// WW adds, for cycles, that a transaction comes before those that sent messages behind its own. Kafka promises no such order, so
	// that cycles with it are reported and violate nothing.
	WW bool
}

// An Anomaly is all that was found of one type.
type Anomaly struct {
	Type   string         // as [Types] has it
	Count  int            // how many there are; of cycles, how many sets of transactions have one
	Wrong  int            // how many of them Kafka does not allow
	Reason string         // one sentence about one of them, which needs the fewest calls
	Key    string         // the log of that one, where it is one log
	Calls  []history.Call // those that show it, in the order of their invocations
	Blamed int            // index in Calls of the one that is wrong given the others
}

// A Report is what [Judge] found.
type Report struct {
	Anomalies []Anomaly // in the order of [Types]
	Sent      int       // messages that were acknowledged
	Polled    int       // messages that OK calls polled, each counted once
}

// Judge finds what is wrong with the logs of a history. The error is for a history that can't be judged: a request that is none, or a
// message that was sent twice to a log, for which no order can be inferred.
//
// It takes O(n log n) for n messages sent and polled, and for cycles O(n) a cycle.
func Judge(ctx context.Context, h *history.History, o Options) (*Report, error) {
	l, bad := read(h)
	if bad != nil {
		return nil, badHistory{bad}
	}
	if l.twice >= 0 {
		a, b := l.sentTwice[0], l.sentTwice[1]
		return nil, fmt.Errorf("%s and %s both sent %s: a message must be sent once to its log, or polls do not say whose it is",
			l.callName(a), l.callName(b), l.of(l.twice))
	}
	l.place()
	f := &finder{l: l, o: o, found: map[string]*Anomaly{}}
	for _, look := range []func(){f.offsets, f.lost, f.reads, f.inside, f.polls, f.sends, f.unseen, f.cycles} {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("judging logs: %w", err)
		}
		look()
	}
	r := &Report{}
	for _, t := range types {
		if a := f.found[t.Name]; a != nil {
			r.Anomalies = append(r.Anomalies, *a)
		}
	}
	r.Sent, r.Polled = l.totals()
	return r, nil
}

// A badHistory is an error about an op of a history.
type badHistory struct{ *shapes.BadValue }

func (b badHistory) Error() string { return b.Reason }

// totals counts the messages that were acknowledged and those that were polled.
func (l *logs) totals() (sent, polled int) {
	for _, m := range l.messages {
		if m.sender >= 0 && l.calls[m.sender].typ == history.OK {
			sent++
		}
		if m.received {
			polled++
		}
	}
	return sent, polled
}

// Wrong reports whether there is an anomaly that Kafka does not allow.
func (r *Report) Wrong() bool {
	return slices.ContainsFunc(r.Anomalies, func(a Anomaly) bool { return a.Wrong > 0 })
}

// A finder looks for anomalies.
type finder struct {
	l     *logs
	o     Options
	found map[string]*Anomaly
}

// withProof returns calls with those that show where in their logs the messages are that an anomaly is about.
func (l *logs) withProof(calls, messages []int32) []int32 {
	all := slices.Clone(calls)
	for _, m := range messages {
		p := l.messages[m].placer
		if p >= 0 && !l.placed(all, m) {
			all = append(all, p)
		}
		if p >= 0 && !l.placed(all, m) {
			all = append(all, l.reader(l.proof(p)))
		}
	}
	for i := len(calls); i < len(all); {
		rest := slices.Delete(slices.Clone(all), i, i+1)
		if slices.ContainsFunc(messages, func(m int32) bool { return l.placed(all, m) && !l.placed(rest, m) }) {
			i++
			continue
		}
		all = rest
	}
	return all
}

// placed reports whether some calls on their own say where a message is: one polled it, or one sent it and certainly took effect.
func (l *logs) placed(calls []int32, m int32) bool {
	at := func(d deed) bool { return d.message == m && d.offset != unplaced }
	return slices.ContainsFunc(calls, func(i int32) bool {
		c := &l.calls[i]
		return slices.ContainsFunc(c.polls, at) || slices.ContainsFunc(c.sends, at) && (c.typ == history.OK ||
			c.typ == history.Info && slices.ContainsFunc(calls, func(o int32) bool { return l.proves(o, i) }))
	})
}

// proves reports whether a call was OK and polled a message of another.
func (l *logs) proves(i, sender int32) bool {
	return l.calls[i].typ == history.OK && slices.ContainsFunc(l.calls[i].polls, func(d deed) bool { return l.messages[d.message].sender == sender })
}

// add counts an anomaly. What is shown of a type is one that is wrong rather than allowed, of the fewest calls, and the first of these.
// The last of the calls is the one to blame. What proves where the messages are in their logs is added to them.
func (f *finder) add(name string, allowed bool, key int32, calls, about []int32, reason func() string) {
	a := f.found[name]
	if a == nil {
		a = &Anomaly{Type: name}
		f.found[name] = a
	}
	a.Count++
	if !allowed {
		a.Wrong++
	}
	blamed := calls[len(calls)-1]
	calls = f.l.withProof(calls, about)
	sorting.Ordered(calls)
	calls = slices.Compact(calls)
	if a.Count > 1 && len(calls) >= len(a.Calls) && (allowed || a.Wrong > 1) || allowed && a.Wrong > 0 {
		return
	}
	a.Reason, a.Key, a.Calls, a.Blamed = reason(), "", nil, slices.Index(calls, blamed)
	if key >= 0 {
		a.Key = f.l.keys[key]
	}
	for _, c := range calls {
		a.Calls = append(a.Calls, f.l.h.CallAt(f.l.calls[c].invoke, f.l.calls[c].end))
	}
}

// counterexample returns the calls that show an anomaly.
func (a Anomaly) counterexample(judged int) *checker.Counterexample {
	return &checker.Counterexample{Key: a.Key, Reason: a.Reason, Calls: a.Calls, Blamed: a.Blamed, Judged: judged}
}
