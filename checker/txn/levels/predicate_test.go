package levels

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
)

// readRows reads a vector of Elle's closed-predicate: its header, and the history.
func readRows(t *testing.T, path string) (edn.Map, *txn.History) {
	b := txn.NewBuilder()
	var head edn.Map
	lines(t, path, func(n int, line string) {
		m := parse(t, line)
		if head == nil {
			head = m
			return
		}
		typ, err := history.ParseType(string(get(m, "type").(edn.Keyword)))
		require.NoError(t, err)
		b.Begin(txn.Record{Process: int(get(m, "process").(int64)), Type: typ, Line: n})
		if rows, ok := get(m, "value").(edn.Map); ok {
			if typ == history.Invoke { // one vector has less in the completion
				for _, p := range rows {
					b.Write(txn.Insert, b.Key(spell(p.Key)), b.Int(p.Value.(int64)))
				}
			}
		} else {
			for _, o := range items(get(m, "value")) {
				addRowOp(b, items(o), typ == history.OK)
			}
		}
		require.NoError(t, b.End())
	})
	return head, b.History()
}

func addRowOp(b *txn.Builder, o []any, known bool) {
	value := func() int32 {
		if n, ok := o[2].(int64); ok {
			return b.Int(n)
		}
		return txn.Nil
	}
	switch f := txn.Kinds[string(o[0].(edn.Keyword))]; {
	case f == txn.ReadAll && !known:
		b.ReadUnknown(f, b.Predicate(spell(o[1])))
	case f == txn.ReadAll:
		var rows []int32
		for _, p := range o[2].(edn.Map) {
			rows = append(rows, b.Key(spell(p.Key)), b.Int(p.Value.(int64)))
		}
		b.ReadRows(b.Predicate(spell(o[1])), rows)
	case f == txn.Read && !known:
		b.ReadUnknown(f, b.Key(spell(o[1])))
	case f == txn.Read:
		b.ReadValue(b.Key(spell(o[1])), value())
	case f == txn.Delete:
		b.Write(f, b.Key(spell(o[1])), txn.Nil)
	default:
		b.Write(f, b.Key(spell(o[1])), value())
	}
}

func TestPredicateVectors(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(corpus(t, "elle-testvectors"), "closed-predicate--*.edn"))
	require.NoError(t, err)
	require.Len(t, paths, 15)
	for _, path := range paths {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "closed-predicate--"), ".edn")
		t.Run(name, func(t *testing.T) {
			head, h := readRows(t, path)
			want := get(head, "result")
			r, err := Judge(t.Context(), h, txn.Options{Kind: txn.Predicates})
			require.NoError(t, err)
			kinds := map[string]bool{}
			for _, a := range r.Anomalies {
				t.Logf("%s %v: %s", a.Type, a.Breaks, a.Reason)
				kinds[a.Type] = true
			}
			for _, k := range items(get(want.(edn.Map), "anomaly-types")) {
				kind := strings.TrimPrefix(spell(k), ":")
				switch {
				case kind == "strong-snapshot-isolation-cycle-exists": // Elle knows that there is a cycle and does not show it
					kind = "G-single-realtime"
				case name == "g1c-multi-key-delete-test--01": // 31, which was a row, was replaced while it still matched: no phantom
					require.Equal(t, "G-single", kind)
					kind = "G-single-item"
				}
				assert.True(t, kinds[kind], kind)
				delete(kinds, kind)
			}
			for kind := range kinds { // Elle looks for these only if it is asked to, or not at all
				assert.Contains(t, []string{"G-single-realtime", "own-row-unseen", "fractured-read", "causality-violation",
					"session-causality-violation", "writes-before-reads", "update-not-seen", "non-atomic-view", "stale-key"}, kind)
			}
			for _, m := range append(items(get(want.(edn.Map), "not")), items(get(want.(edn.Map), "also-not"))...) {
				model, err := txn.FindModel(spell(m))
				if err == nil {
					at := slices.IndexFunc(r.Findings, func(f txn.Finding) bool { return f.Model == model })
					assert.Equal(t, checker.Invalid, r.Findings[at].Verdict, string(model))
				}
			}
		})
	}
}

// shifts makes a history of rows that come and go, in which each read by predicate overlaps with changes. One delete of each shift is
// indeterminate, and the reads after it show that it took effect.
func shifts(n int) *txn.History {
	b := txn.NewBuilder()
	line := 0
	call := func(process int, typ history.Type, op func(known bool)) {
		line++
		b.Begin(txn.Record{Process: process, Type: typ, Line: line})
		op(typ == history.OK)
		if err := b.End(); err != nil {
			panic(err)
		}
	}
	for s := range n {
		p, row, value := b.Predicate(fmt.Sprintf("[= %d]", s+1)), b.Key(fmt.Sprintf("shift%d", s+1)), b.Int(int64(s+1))
		read := func(rows ...int32) func(known bool) {
			return func(known bool) {
				if known {
					b.ReadRows(p, rows)
				} else {
					b.ReadUnknown(txn.ReadAll, p)
				}
			}
		}
		insert := func(bool) { b.Write(txn.Insert, row, value) }
		remove := func(bool) { b.Write(txn.Delete, row, txn.Nil) }
		call(0, history.Invoke, insert)
		call(1, history.Invoke, read())
		call(0, history.OK, insert)
		call(1, history.OK, read())
		call(1, history.Invoke, read())
		call(1, history.OK, read(row, value))
		call(2+s, history.Invoke, remove)
		call(1, history.Invoke, read())
		call(1, history.OK, read())
		call(2+s, history.Info, remove)
	}
	return b.History()
}

// TestPredicateLong judges a long history in which all views would be too many: the order that a schedule finds keeps all models.
func TestPredicateLong(t *testing.T) {
	r, err := Judge(t.Context(), shifts(300), txn.Options{Kind: txn.Predicates})
	require.NoError(t, err)
	for _, f := range r.Findings {
		assert.Equal(t, checker.Valid, f.Verdict, string(f.Model))
	}
}
