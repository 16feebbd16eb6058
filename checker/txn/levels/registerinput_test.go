package levels

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// built makes a history of transactions that are written as "0 r x nil, w x 1": the process, and the operations. All of them begin
// before the first ends, but for those after a "|".
func built(t testing.TB, txns ...string) *txn.History {
	b := txn.NewBuilder()
	line := func(typ history.Type, text string) {
		process, ops, _ := strings.Cut(text, " ")
		b.Begin(txn.Record{Process: int(process[0] - '0'), Type: typ})
		for _, op := range strings.Split(ops, ", ") {
			part := strings.Fields(op)
			value := int32(txn.Nil)
			if part[2] != "nil" {
				value = int32(part[2][0] - '0')
			}
			switch {
			case part[0] == "w":
				b.Write(txn.Write, b.Key(part[1]), value)
			case typ == history.OK:
				b.ReadValue(b.Key(part[1]), value)
			default:
				b.ReadUnknown(txn.Read, b.Key(part[1]))
			}
		}
		if err := b.End(); err != nil {
			t.Fatal(err)
		}
	}
	var open []string
	end := func() {
		for _, text := range open {
			line(history.OK, text)
		}
		open = nil
	}
	for _, text := range txns {
		if text == "|" {
			end()
			continue
		}
		line(history.Invoke, text)
		open = append(open, text)
	}
	end()
	return b.History()
}

// Histories that can't be judged are refused, with both transactions named.
func TestRegisterRefused(t *testing.T) {
	for want, txns := range map[string][]string{
		"transaction T0 (process 0) and T1 (process 1) both write 1 to x; each value may be written to a key once": {"0 w x 1", "1 w x 1"},
		"transaction T0 (process 0) writes 1 to x twice; each value may be written to a key once":                  {"0 w x 1, w x 1"},
		"transaction T0 (process 0) writes nil to x, which is what a register without a value reads as":            {"0 w x nil"},
	} {
		_, err := Judge(context.Background(), built(t, txns...), txn.Options{Kind: txn.Registers})
		if err == nil || err.Error() != want {
			t.Errorf("%v: %v, not %s", txns, err, want)
		}
	}
}

// What users of other checkers reported: a client that sent a transaction again, so that information flows in a circle; and a value that was
// read by its own writer before it was written.
func TestRegisterReports(t *testing.T) {
	for _, x := range []struct {
		txns    []string
		anomaly string
	}{
		{[]string{"0 r 6 2, w 7 5, w 4 1", "1 w 6 2, w 7 4, r 4 1"}, "G1c"},
		{[]string{"0 r 1 2, w 1 2", "1 r 1 2, w 1 3"}, "future-read"},
	} {
		rep := judged(t, built(t, x.txns...))
		if len(rep.Weakest) != 1 || rep.Weakest[0] != txn.ReadCommitted || rep.Anomalies[rep.Finding(txn.ReadCommitted).Anomaly].Type != x.anomaly {
			t.Errorf("%v: weakest broken %v, %v", x.txns, rep.Weakest, rep.Anomalies)
		}
	}
}

// What is known of keys orders versions that no transaction read one on top of the other.
func TestRegisterOptions(t *testing.T) {
	for _, x := range []struct {
		o       txn.Options
		txns    []string
		anomaly string // empty if nothing is broken
	}{
		{txn.Options{}, []string{"0 w x 1", "|", "1 w x 2", "|", "2 r x 2", "|", "3 r x 1"}, "G-single-item-realtime"},
		{txn.Options{LinearizableKeys: true}, []string{"0 w x 1", "|", "1 w x 2", "|", "2 r x 2", "|", "3 r x 1"}, "cyclic-versions"},
		{txn.Options{LinearizableKeys: true}, []string{"0 w x 1", "|", "1 r x nil"}, "cyclic-versions"},
		{txn.Options{LinearizableKeys: true}, []string{"0 w x 1", "1 w x 2", "|", "2 r x 1", "|", "3 r x 1"}, ""},
		{txn.Options{LinearizableKeys: true}, []string{"0 w x 1, w y 2", "1 w x 2, w y 1", "|", "2 r x 2", "3 r y 2"}, "G0"},
		{txn.Options{SequentialKeys: true}, []string{"0 w x 1", "|", "0 w x 2", "|", "0 r x 1"}, "cyclic-versions"},
		{txn.Options{SequentialKeys: true}, []string{"0 w x 1", "|", "0 r x nil"}, "cyclic-versions"},
		{txn.Options{SequentialKeys: true}, []string{"0 w x 1, w y 2", "1 w x 2, w y 1", "|", "0 r x 2", "1 r y 2"}, "G0"},
	} {
		x.o.Kind, x.o.Models = txn.Registers, []txn.Model{txn.ReadUncommitted}
		if !x.o.LinearizableKeys && !x.o.SequentialKeys {
			x.o.Models = []txn.Model{txn.StrictSerializable}
		}
		rep, err := Judge(context.Background(), built(t, x.txns...), x.o)
		if err != nil {
			t.Fatal(err)
		}
		f := rep.Findings[0]
		switch {
		case x.anomaly == "" && f.Verdict != checker.Valid:
			t.Errorf("%v: %v", x.txns, rep.Anomalies)
		case x.anomaly != "" && (f.Verdict != checker.Invalid || rep.Anomalies[f.Anomaly].Type != x.anomaly):
			t.Errorf("%v: %v %v, not %s", x.txns, f.Verdict, rep.Anomalies, x.anomaly)
		}
	}
}

// Blind writes of two keys that are read in two orders break what orders them: whichever was first, one read is too old.
func TestRegisterCases(t *testing.T) {
	h := built(t, "0 w x 1, w y 1", "1 w x 2, w y 2", "2 r x 1", "3 r x 2", "|", "2 r x 2", "3 r x 1")
	rep := judged(t, h, txn.StrongSessionSerializable)
	i := slices.IndexFunc(rep.Anomalies, func(a txn.Anomaly) bool { return len(a.Cases) == 2 })
	if i < 0 || rep.Findings[0].Verdict != checker.Invalid {
		t.Fatalf("%v", rep.Anomalies)
	}
	var text strings.Builder
	rep.Anomalies[i].Write(&text, h)
	for _, part := range []string{"either T0 wrote 1 to x before T1 wrote 2\n", "or T1 wrote 2 to x before T0 wrote 1\n", "T5 → T1  rw on x: T5 read x as 1, without 2"} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("%q is missing in\n%s", part, text.String())
		}
	}
}
