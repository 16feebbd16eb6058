package levels

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
)

// register makes a history of registers of a tiny one.
func (x tiny) register(t testing.TB) *txn.History {
	h := &txn.History{}
	keys := map[string]int32{}
	sessions := map[int]int32{}
	for _, tx := range x.Txns {
		s, ok := sessions[tx.Process]
		if !ok {
			s = int32(len(sessions))
			sessions[tx.Process] = s
		}
		n := txn.Txn{First: int32(len(h.Ops)), Session: s, Process: int32(tx.Process), Type: history.OK, Begin: int32(tx.Ask), End: int32(tx.End)}
		for _, v := range tx.Value {
			k, ok := keys[string(v[1])]
			if !ok {
				k = int32(len(keys))
				keys[string(v[1])] = k
				h.Keys = append(h.Keys, string(v[1]))
			}
			o := txn.Op{Key: k, F: txn.Write, Value: txn.Nil}
			if string(v[0]) == `"r"` {
				o.F, o.Known = txn.Read, true
			}
			if string(v[2]) != "null" {
				if err := json.Unmarshal(v[2], &o.Value); err != nil {
					t.Fatal(err)
				}
			}
			h.Ops = append(h.Ops, o)
		}
		n.Last = int32(len(h.Ops))
		h.Txns = append(h.Txns, n)
	}
	h.Sessions = len(sessions)
	return h
}

// tinyModels are the models that the tiny histories were judged by, with each of the orders that count.
var tinyModels = map[string]map[string]txn.Model{
	"none": {"read-committed": txn.MonotonicAtomicView, "causal": txn.CausalCerone, "snapshot-isolation": txn.SnapshotIsolation, "serializable": txn.Serializable},
	"sessions": {"read-atomic": txn.ReadAtomic, "causal": txn.Causal, "prefix": txn.Prefix, "snapshot-isolation": txn.StrongSessionSnapshotIsolation,
		"serializable": txn.StrongSessionSerializable},
	"rt": {"snapshot-isolation": txn.StrongSnapshotIsolation, "serializable": txn.StrictSerializable},
}

func TestTinyRegisters(t *testing.T) {
	path := corpus(t, "txn", "tiny-register-s11.jsonl.gz")
	missed, alarms, asked := map[string]int{}, map[string]int{}, 0
	lines(t, path, func(n int, line string) {
		var x tiny
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		h := x.register(t)
		rep, err := Judge(context.Background(), h, txn.Options{Kind: txn.Registers})
		if err != nil {
			t.Fatal(x.ID, err)
		}
		for variant, models := range tinyModels {
			for name, m := range models {
				f := rep.Findings[txn.Position[m]]
				want := x.Valid[variant][name]
				asked++
				switch {
				case f.Verdict == checker.Unknown:
					t.Errorf("%s %s: %s", x.ID, m, f.Reason)
				case want && f.Verdict != checker.Valid:
					if alarms[string(m)]++; alarms[string(m)] < 3 {
						t.Logf("false alarm: %s %s\n%s\n%v", x.ID, m, line, rep.Anomalies)
					}
				case !want && f.Verdict == checker.Valid:
					if missed[string(m)]++; missed[string(m)] < 3 {
						t.Logf("missed: %s %s\n%s", x.ID, m, line)
					}
				}
			}
		}
	})
	t.Logf("%d verdicts", asked)
	if len(missed)+len(alarms) > 0 {
		t.Errorf("missed %v, false alarms %v", missed, alarms)
	}
}

// readRegister reads a history of registers in Jepsen's EDN. It returns the head of a vector of Elle's, too.
func readRegister(t testing.TB, path string) (*txn.History, edn.Map) {
	b := txn.NewBuilder()
	b.Lenient = true
	var head edn.Map
	lines(t, path, func(n int, line string) {
		m := parse(t, line)
		if get(m, "checker") != nil {
			head = m
			return
		}
		typ, err := history.ParseType(string(get(m, "type").(edn.Keyword)))
		if err != nil {
			t.Fatal(err)
		}
		at, _ := get(m, "time").(int64)
		b.Begin(txn.Record{Process: int(get(m, "process").(int64)), Type: typ, Line: n, Time: time.Duration(at)})
		for _, o := range items(get(m, "value")) {
			op := items(o)
			key := b.Key(spell(op[1]))
			v, written := op[2].(int64)
			switch {
			case op[0] == edn.Keyword("w"):
				b.Write(txn.Write, key, b.Int(v))
			case typ != history.OK:
				b.ReadUnknown(txn.Read, key)
			case !written:
				b.ReadValue(key, txn.Nil)
			default:
				b.ReadValue(key, b.Int(v))
			}
		}
		if err := b.End(); err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
	})
	return b.History(), head
}

// Histories of simulated databases keep what the database does by construction; those with an anomaly planted break what forbids that.
func TestRegisterCorpus(t *testing.T) {
	type verdict struct {
		File, Kind, DB, Planted string
		Holds, Broken           []txn.Model
	}
	lines(t, corpus(t, "txn", "verdicts.jsonl"), func(n int, line string) {
		var v verdict
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		if v.Kind != "register" {
			return
		}
		h, _ := readRegister(t, corpus(t, "txn", v.File))
		rep, err := Judge(context.Background(), h, txn.Options{Kind: txn.Registers})
		if err != nil {
			t.Fatal(v.File, err)
		}
		for _, m := range v.Holds {
			if f := rep.Findings[txn.Position[m]]; f.Verdict != checker.Valid {
				t.Errorf("%s: %s is %v %s; it holds by construction", v.File, m, f.Verdict, f.Reason)
			}
		}
		for _, m := range v.Broken {
			if f := rep.Findings[txn.Position[m]]; f.Verdict != checker.Invalid {
				t.Errorf("%s: %s is %v %s; it is broken by what was planted", v.File, m, f.Verdict, f.Reason)
			}
		}
		for _, f := range rep.Findings {
			if f.Verdict == checker.Unknown {
				t.Logf("%s: %s: %s", v.File, f.Model, f.Reason)
			}
		}
		t.Logf("%s: weakest broken %v, strongest kept %v", v.File, rep.Weakest, rep.Strongest)
	})
}
