package levels

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// recorded makes a history of calls that overlap, each of a process of its own.
func recorded(txns ...model.Txn) *history.History {
	h := &history.History{}
	for i, t := range txns {
		h.Add(history.Op{Time: time.Duration(i) * time.Millisecond, Process: i, Node: "n1", Type: history.Invoke, Input: t})
	}
	for i, t := range txns {
		h.Add(history.Op{Time: time.Duration(10+i) * time.Millisecond, Process: i, Node: "n1", Type: history.OK, Output: t})
	}
	return h
}

func read(key string, list ...int) model.TxnOp {
	return model.TxnOp{F: model.TxnRead, Key: key, List: append([]int{}, list...)}
}

func appendTo(key string, v int) model.TxnOp {
	return model.TxnOp{F: model.TxnAppend, Key: key, Value: v}
}

func TestCheckerOfWriteSkew(t *testing.T) {
	h := recorded(model.Txn{read("x"), appendTo("y", 1)}, model.Txn{read("y"), appendTo("x", 2)})
	r := Checker(txn.Lists, txn.Serializable).Check(context.Background(), h)
	if r.Verdict != checker.Invalid || r.Broken != "not serializable" || !strings.Contains(r.Reason, "write skew") || r.Checker != "serializable" {
		t.Errorf("got %v, %q, %q of %q", r.Verdict, r.Broken, r.Reason, r.Checker)
	}
	w := r.Counterexample
	if w == nil || len(w.Calls) != 2 || w.Blamed != -1 || w.Judged != 2 || w.Calls[0].Invoke.Process != 0 || w.Calls[1].Complete.Index != 3 {
		t.Errorf("counterexample %+v", w)
	}
	want := []checker.Link{
		{From: 0, To: 1, Label: "rw x", Reason: "read x as [], without 2"}, {From: 1, To: 0, Label: "rw y", Reason: "read y as [], without 1"},
	}
	if !slices.Equal(w.Links, want) {
		t.Errorf("links %+v", w.Links)
	}
	if r := Checker(txn.Lists, txn.SnapshotIsolation).Check(context.Background(), h); r.Verdict != checker.Valid || !strings.Contains(r.Reason, "2 transactions") {
		t.Errorf("snapshot isolation is %v: %s", r.Verdict, r.Reason)
	}
	if r := Checker(txn.Lists, txn.SnapshotIsolation, txn.Serializable).Check(context.Background(), h); r.Verdict != checker.Invalid || r.Checker != "isolation" {
		t.Errorf("both: %v of %q", r.Verdict, r.Checker)
	}
}

func TestCheckerUndecided(t *testing.T) {
	failed := &history.History{}
	failed.Add(history.Op{Type: history.Invoke, Input: model.Txn{appendTo("x", 1)}})
	failed.Add(history.Op{Type: history.Fail, Err: "aborted"})
	none := &history.History{}
	none.Add(history.Op{Type: history.Invoke, Input: 7})
	for name, c := range map[string]struct {
		h    *history.History
		want string
	}{
		"empty":    {&history.History{}, "none of 0 transactions"},
		"failed":   {failed, "none of 1 transactions"},
		"no txn":   {none, "op 0, process 0: a transaction is a []model.TxnOp, and this is a int"},
		"twice":    {recorded(model.Txn{appendTo("x", 1)}, model.Txn{appendTo("x", 1)}), "T0 (process 0, line 1) and T1 (process 1, line 2) both append 1 to x"},
		"same":     {recorded(model.Txn{appendTo("x", 1), appendTo("x", 1)}), "T0 (process 0, line 1) appends 1 to x twice"},
		"write":    {recorded(model.Txn{{F: model.TxnWrite, Key: "x", Value: 1}}), "no append and no read of a list"},
		"register": {recorded(model.Txn{{F: model.TxnRead, Key: "x", Value: 1}}), "as a single value"},
		"unknown":  {recorded(model.Txn{{F: "swap", Key: "x", Value: 1}}), `operation "swap"`},
	} {
		r := Checker(txn.Lists).Check(context.Background(), c.h)
		if r.Verdict != checker.Unknown || r.Undecided == "" || !strings.Contains(r.Reason, c.want) {
			t.Errorf("%s: %v, %q, %q; want %q", name, r.Verdict, r.Undecided, r.Reason, c.want)
		}
	}
}

// TestLocalAnomalies has one history for each anomaly that needs no cycle.
func TestLocalAnomalies(t *testing.T) {
	fail := func(h *history.History, x model.Txn) *history.History {
		h.Add(history.Op{Process: 90, Type: history.Invoke, Input: x})
		h.Add(history.Op{Process: 90, Type: history.Fail})
		return h
	}
	for want, h := range map[string]*history.History{
		"G1a":                fail(recorded(model.Txn{read("x", 1)}), model.Txn{appendTo("x", 1)}),
		"dirty-update":       fail(recorded(model.Txn{read("x", 1, 2)}, model.Txn{appendTo("x", 2)}), model.Txn{appendTo("x", 1)}),
		"G1b":                recorded(model.Txn{read("x", 1)}, model.Txn{appendTo("x", 1), appendTo("x", 2)}),
		"garbage-read":       recorded(model.Txn{read("x", 5)}),
		"internal":           recorded(model.Txn{read("x"), appendTo("x", 1), read("x")}),
		"future-read":        recorded(model.Txn{read("x", 1), appendTo("x", 1)}),
		"duplicate-elements": recorded(model.Txn{read("x", 1, 1)}, model.Txn{appendTo("x", 1)}),
		"incompatible-order": recorded(model.Txn{appendTo("x", 1)}, model.Txn{appendTo("x", 2)}, model.Txn{read("x", 1)}, model.Txn{read("x", 2)}),
		"lost-update":        recorded(model.Txn{read("x"), appendTo("x", 1)}, model.Txn{read("x"), appendTo("x", 2)}),
		"G0":                 recorded(model.Txn{appendTo("x", 1), appendTo("y", 1)}, model.Txn{appendTo("x", 2), appendTo("y", 2)}, model.Txn{read("x", 1, 2), read("y", 2, 1)}),
		"G1c":                recorded(model.Txn{appendTo("x", 1), read("y", 1)}, model.Txn{appendTo("y", 1), read("x", 1)}),
		"G-single-item":      recorded(model.Txn{appendTo("x", 1), appendTo("y", 1)}, model.Txn{read("x", 1), read("y")}),
		"G-nonadjacent-item": recorded(model.Txn{appendTo("x", 1)}, model.Txn{appendTo("y", 1)}, model.Txn{read("x", 1), read("y")}, model.Txn{read("y", 1), read("x")}),
	} {
		txns, err := txn.Of(h)
		if err != nil {
			t.Fatal(err)
		}
		_, r := verdicts(t, txns)
		found := false
		for _, a := range r.Anomalies {
			found = found || a.Type == want
		}
		if !found {
			t.Errorf("no %s:\n%s", want, r.Text(txns))
		}
	}
}

func TestBuilder(t *testing.T) {
	b := txn.NewBuilder()
	x := b.Key("x")
	if b.Key("x") != x || b.IntKey(7) != b.Key("7") || b.IntKey(7) == b.IntKey(-7) || b.IntKey(1<<40) != b.Key("1099511627776") {
		t.Error("a key has two numbers, or two keys have one")
	}
	if v := b.Int(-3); v >= 0 || b.Int(-3) != v || b.Spelled("-3") != v || b.Int(1<<40) >= 0 {
		t.Error("a value that is no small whole number is not spelled")
	}
	line := func(process int, typ history.Type, list ...int32) error {
		b.Begin(txn.Record{Process: process, Type: typ})
		b.ReadList(x, list)
		return b.End()
	}
	if err := line(1, history.OK, 1); err == nil || !strings.Contains(err.Error(), "did not invoke") {
		t.Errorf("a completion without an invocation: %v", err)
	}
	for i := range int32(20) {
		list := make([]int32, i%7)
		for j := range list {
			list[j] = int32(j) + 1
		}
		if err := line(int(i), history.Invoke); err != nil {
			t.Fatal(err)
		}
		if err := line(int(i), history.Invoke); err == nil {
			t.Fatal("a second invocation is taken")
		}
		if err := line(int(i), history.OK, list...); err != nil {
			t.Fatal(err)
		}
	}
	b.Begin(txn.Record{Process: 3, Type: history.Invoke})
	b.Write(txn.Append, x, 1)
	if err := b.End(); err != nil {
		t.Fatal(err)
	}
	b.Begin(txn.Record{Process: 3, Type: history.OK})
	b.Write(txn.Append, x, 2)
	if err := b.End(); err == nil || !strings.Contains(err.Error(), "operation 1 of the transaction") {
		t.Errorf("another operation: %v", err)
	}
	h := b.History()
	if len(h.Txns) != 21 || h.Txns[20].Type != history.Info || h.Txns[20].End != txn.Never {
		t.Errorf("%d transactions, the last %+v", len(h.Txns), h.Txns[len(h.Txns)-1])
	}
	if len(h.Pool) > 30 {
		t.Errorf("lists of up to 6 elements that are prefixes of one another take %d places", len(h.Pool))
	}
	for t1 := range int32(20) {
		if list := h.List(h.OpsOf(t1)[0]); len(list) != int(t1%7) || len(list) > 0 && list[len(list)-1] != t1%7 {
			t.Errorf("T%d read %v", t1, list)
		}
	}
}

// TestFirstWritesHaveReasons has each of two transactions be the first to write a register, as it found, and overwrite the other in another.
func TestFirstWritesHaveReasons(t *testing.T) {
	nothing := func(key string) model.TxnOp { return model.TxnOp{F: model.TxnRead, Key: key} }
	write := func(key string, v int) model.TxnOp { return model.TxnOp{F: model.TxnWrite, Key: key, Value: v} }
	h := recorded(model.Txn{nothing("x"), write("x", 1), write("y", 1)}, model.Txn{nothing("y"), write("y", 2), write("x", 2)})
	r := Checker(txn.Registers, txn.CursorStability).Check(context.Background(), h)
	if r.Verdict != checker.Invalid {
		t.Fatalf("%v: %s", r.Verdict, r.Reason)
	}
	want := []checker.Link{
		{From: 0, To: 1, Label: "ww x", Reason: "read x as nil before it wrote 1, so that 2 came after it"},
		{From: 1, To: 0, Label: "ww y", Reason: "read y as nil before it wrote 2, so that 1 came after it"},
	}
	if !slices.Equal(r.Counterexample.Links, want) {
		t.Errorf("links %+v", r.Counterexample.Links)
	}
}
