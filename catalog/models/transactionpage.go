package models

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/txnfile"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// wholePage is how many transactions a history may have whose page shows all of them.
const wholePage = 20_000

// holds returns the result of holding the history to a model, and the anomaly that shows that it does not keep it, or -1.
func (j *TransactionJudgement) holds(m txn.Model) (checker.Result, int) {
	r := checker.Result{Checker: string(m)}
	if done, why := j.vacuous(); done {
		r.Verdict, r.Undecided, r.Reason = checker.Unknown, why, why
		return r, -1
	}
	f := j.Report.Finding(m)
	switch f.Verdict {
	case checker.Valid:
		r.Reason = fmt.Sprintf("%s keep %s", j.judged(), title(m))
		if strongest := j.Report.Strongest; !slices.Contains(strongest, m) && len(strongest) > 0 {
			r.Reason += "; the strongest model that holds is " + titles(strongest)
		}
	case checker.Unknown:
		r.Verdict, r.Undecided, r.Reason = checker.Unknown, "not known whether it is "+title(m), fmt.Sprintf("%s: %s", j.judged(), f.Reason)
	default:
		a := j.Report.Anomalies[f.Anomaly]
		r.Verdict, r.Broken, r.Reason = checker.Invalid, "not "+title(m), fmt.Sprintf("%s: %s", a.Type, a.Reason)
	}
	return r, f.Anomaly
}

// strongest returns which models the history keeps. It is a report: invalid only if no model holds.
func (j *TransactionJudgement) strongest() (checker.Result, int) {
	r := checker.Result{Checker: Strongest}
	if done, why := j.vacuous(); done {
		r.Verdict, r.Undecided, r.Reason = checker.Unknown, why, why
		return r, -1
	}
	rep := j.Report
	var unknown []txn.Model
	for _, f := range rep.Findings {
		if f.Verdict == checker.Unknown {
			unknown = append(unknown, f.Model)
		}
	}
	anomaly := -1
	parts := []string{j.judged() + " keep " + titles(rep.Strongest)}
	if len(rep.Strongest) == 0 {
		parts[0] = j.judged() + " keep none of the models"
	}
	if len(rep.Weakest) > 0 {
		parts = append(parts, "the weakest that they break: "+titles(rep.Weakest))
		anomaly = rep.Finding(rep.Weakest[0]).Anomaly
	}
	if len(unknown) > 0 {
		parts = append(parts, "not known: "+titles(unknown))
	}
	r.Reason = strings.Join(parts, "; ")
	if len(rep.Strongest) == 0 && anomaly >= 0 {
		r.Verdict, r.Broken = checker.Invalid, "no model holds"
	}
	return r, anomaly
}

// Others says what else was found beside the counterexample of a history that breaks its model: other anomalies, and which models
// hold.
func (j *TransactionJudgement) Others() string {
	const most = 6
	var b strings.Builder
	shown := j.shown
	rest := 0
	for i, a := range j.Report.Anomalies {
		switch {
		case i == shown:
		case rest >= most:
			rest++
		default:
			rest++
			fmt.Fprintf(&b, "    also %s: %s\n", a.Type, a.Reason)
		}
	}
	if rest > most {
		fmt.Fprintf(&b, "    and %d more\n", rest-most)
	}
	if held := j.Report.Strongest; len(held) > 0 {
		fmt.Fprintf(&b, "    holds still: %s\n", titles(held))
	}
	if broken := j.Report.Weakest; len(broken) > 0 {
		fmt.Fprintf(&b, "    the weakest that are broken: %s\n", titles(broken))
	}
	return b.String()
}

// judged says how many transactions there are.
func (j *TransactionJudgement) judged() string {
	if j.Report.Judged == 1 {
		return "1 transaction"
	}
	return fmt.Sprintf("%d transactions", j.Report.Judged)
}

// title is the name of a model in a sentence.
func title(m txn.Model) string { return strings.ReplaceAll(string(m), "-", " ") }

func titles(ms []txn.Model) string {
	var all []string
	for _, m := range ms {
		all = append(all, title(m))
	}
	return strings.Join(all, ", ")
}

// vacuous reports whether there is nothing in the history to judge, and why: nothing committed, or nothing was read.
func (j *TransactionJudgement) vacuous() (bool, string) {
	committed := false
	for i, t := range j.History.Txns {
		if t.Type != history.OK {
			continue
		}
		committed = true
		if slices.ContainsFunc(j.History.OpsOf(int32(i)), func(o txn.Op) bool { return o.Known }) {
			return false, ""
		}
	}
	if !committed {
		return true, "no transaction committed"
	}
	return len(j.Report.Anomalies) == 0, "nothing was read"
}

// conclude sets the result, with the transactions of an anomaly as counterexample, and the calls for a page.
func (j *TransactionJudgement) conclude(r checker.Result, anomaly int) {
	j.Result, j.shown = r, anomaly
	j.Whole = len(j.History.Txns) <= wholePage
	shown := map[int32]bool{}
	if anomaly >= 0 {
		for _, t := range j.Report.Anomalies[anomaly].Cast() {
			shown[t] = true
		}
	}
	page, calls := j.calls(shown)
	j.Page = page
	if anomaly < 0 {
		return
	}
	a := j.Report.Anomalies[anomaly]
	j.Counterexample = a.Counterexample(calls, j.Report.Judged)
	if j.Verdict == checker.Invalid {
		j.Reason = a.Type + ": " + j.Counterexample.Reason
	}
}

// calls returns the transactions as calls: all of them, or only those shown if there are too many for a page; and the calls of
// those shown.
func (j *TransactionJudgement) calls(shown map[int32]bool) (*history.History, map[int32]history.Call) {
	type end struct {
		at  int32
		txn int32
		op  history.Op
	}
	var ends []end
	for i, t := range j.History.Txns {
		if !j.Whole && !shown[int32(i)] {
			continue
		}
		invoke, complete := j.call(int32(i))
		begin := t.Begin
		if begin < 0 { // nothing is known of its beginning
			begin = t.End
		}
		ends = append(ends, end{begin, int32(i), invoke})
		if t.End != txn.Never || t.Type != history.Info {
			ends = append(ends, end{t.End, int32(i), complete})
		}
	}
	slices.SortStableFunc(ends, func(a, b end) int { return cmp.Compare(a.at, b.at) })
	h, calls := &history.History{}, map[int32]history.Call{}
	last := time.Duration(0)
	for i, e := range ends {
		e.op.Index = i
		if j.Untimed() {
			e.op.Time = time.Duration(i)
		}
		e.op.Time = max(e.op.Time, last) // the order of the lines is what was judged
		last = e.op.Time
		h.Add(e.op)
		if !shown[e.txn] {
			continue
		}
		c := calls[e.txn]
		if e.op.Type == history.Invoke {
			c.Invoke = e.op
			c.Complete = history.Op{Index: -1, Process: e.op.Process, Type: history.Info, Time: history.Forever}
		} else {
			c.Complete = e.op
		}
		calls[e.txn] = c
	}
	return h, calls
}

// Untimed reports whether the file has no times, but an order.
func (j *TransactionJudgement) Untimed() bool {
	if j.History.Untimed {
		return true
	}
	return !slices.ContainsFunc(j.History.Places, func(p txn.Place) bool { return p.Invoked != 0 })
}

// call returns the two ops of a transaction.
func (j *TransactionJudgement) call(i int32) (invoke, complete history.Op) {
	t := j.History.Txns[i]
	invoke = history.Op{Process: int(t.Process), Type: history.Invoke}
	complete = history.Op{Process: int(t.Process), Type: t.Type}
	if int(i) < len(j.History.Places) {
		p := j.History.Places[i]
		invoke.Time, complete.Time, invoke.Node, complete.Node = p.Invoked, p.Completed, p.Node, p.Node
	}
	asked, plain := j.plain(i, false)
	if !plain {
		text, json := txnfile.Spell(j.History, i)
		invoke.Input = spelledTxn{text, json}
		return invoke, complete
	}
	invoke.Input = asked
	if t.Type == history.OK {
		complete.Output, _ = j.plain(i, true)
	}
	return invoke, complete
}

// plain returns the operations of a transaction as a recorded run has them, if they can be: all values are numbers above 0.
func (j *TransactionJudgement) plain(i int32, answered bool) (model.Txn, bool) {
	h, all, plain := j.History, model.Txn{}, true
	number := func(v int32) int {
		plain = plain && v > 0
		return int(v)
	}
	for _, o := range h.OpsOf(i) {
		x := model.TxnOp{F: [...]string{txn.Append: model.TxnAppend, txn.Read: model.TxnRead, txn.Write: model.TxnWrite,
			txn.Insert: model.TxnInsert, txn.Delete: model.TxnDelete, txn.ReadAll: model.TxnReadAll}[o.F]}
		switch {
		case o.F == txn.ReadAll:
			x.Key = h.Predicates[o.Key]
		default:
			x.Key = h.Keys[o.Key]
		}
		switch known := answered && o.Known; {
		case o.F == txn.ReadAll && known:
			x.Rows = map[string]int{}
			for k := o.Off; k+1 < o.Off+o.Len; k += 2 {
				x.Rows[h.Keys[h.Pool[k]]] = number(h.Pool[k+1])
			}
		case o.F == txn.Read && known && j.Kind == txn.Lists:
			x.List = []int{}
			for _, v := range h.List(o) {
				x.List = append(x.List, number(v))
			}
		case o.F == txn.Read && known && o.Value != txn.Nil:
			x.Value = number(o.Value)
		case o.F == txn.Append || o.F == txn.Write || o.F == txn.Insert:
			x.Value = number(o.Value)
		}
		all = append(all, x)
	}
	return all, plain
}

// A spelledTxn is a transaction with values that are no numbers above 0, with what it returned.
type spelledTxn struct {
	text string
	json []byte
}

// String returns the operations as reports show them.
func (t spelledTxn) String() string { return t.text }

// MarshalJSON returns the operations as Elle has them.
func (t spelledTxn) MarshalJSON() ([]byte, error) { return t.json, nil }

// judgeTransactionFile judges the transactions of a file as [Judge] does other calls.
func (c *Check) judgeTransactionFile(ctx context.Context, file string) (Judgement, error) {
	f, err := c.ReadTransactions(file, nil, c.opts.Format.String())
	if err != nil {
		return Judgement{}, err
	}
	j, err := c.JudgeTransactions(ctx, f)
	if err != nil {
		return Judgement{}, err
	}
	return Judgement{Result: j.Result, Recorded: Recorded{
		History: j.Page, Format: c.opts.Format, Start: j.Start, Untimed: j.Untimed(), Notes: j.Remarks(),
	}}, nil
}

// Remarks lists what a reader of the verdict must know of how the file was read, and of what its page lacks.
func (j *TransactionJudgement) Remarks() []string {
	var all []string
	if len(j.Assumed) > 0 {
		all = append(all, "assumed: "+j.Assumed.String())
	}
	all = append(all, j.File.Notes...)
	if !j.Whole {
		all = append(all, fmt.Sprintf("of %d transactions, the page shows those of the counterexample only", len(j.History.Txns)))
	}
	return all
}
