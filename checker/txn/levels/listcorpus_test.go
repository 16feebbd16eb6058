package levels

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
)

// verdicts judges a history of lists.
func verdicts(t testing.TB, h *txn.History) (map[txn.Model]checker.Verdict, *txn.Report) {
	t.Helper()
	r, err := Judge(context.Background(), h, txn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	of := map[txn.Model]checker.Verdict{}
	for _, f := range r.Findings {
		of[f.Model] = f.Verdict
		if f.Verdict == checker.Invalid && (f.Anomaly < 0 || f.Anomaly >= len(r.Anomalies)) {
			t.Errorf("%s is invalid without an anomaly", f.Model)
		}
	}
	return of, r
}

// TestListCorpus compares with the verdicts of histories that simulated databases of known levels made, and of planted anomalies.
func TestListCorpus(t *testing.T) {
	lines(t, corpus(t, "txn", "verdicts.jsonl"), func(_ int, line string) {
		var v struct {
			File, Kind, DB, Planted string
			Holds, Broken           []txn.Model
			Graph                   map[txn.Model]bool
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		if v.Kind != "append" {
			return
		}
		t.Run(strings.TrimSuffix(v.File, ".edn.gz"), func(t *testing.T) {
			of, r := verdicts(t, readList(t, corpus(t, "txn", v.File)))
			for _, m := range v.Holds {
				if of[m] != checker.Valid {
					t.Errorf("%s: %v, and it holds by construction; %v", m, of[m], r.Anomalies)
				}
			}
			for _, m := range v.Broken {
				if of[m] != checker.Invalid {
					t.Errorf("%s: %v, and it is broken by construction", m, of[m])
				}
			}
			for m, holds := range v.Graph {
				if (of[m] == checker.Valid) != holds {
					t.Errorf("%s: %v, and the graph says %v", m, of[m], holds)
				}
			}
		})
	})
}

// TestListTiny compares with all orders of small histories.
func TestListTiny(t *testing.T) {
	names := map[string][2]txn.Model{
		"none":     {txn.SnapshotIsolation, txn.Serializable},
		"sessions": {txn.StrongSessionSnapshotIsolation, txn.StrongSessionSerializable},
		"rt":       {txn.StrongSnapshotIsolation, txn.StrictSerializable},
	}
	wrong := map[string]int{}
	lines(t, corpus(t, "txn", "tiny-append-s12.jsonl.gz"), func(_ int, line string) {
		var x tiny
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		of, r := verdicts(t, x.list(t))
		for variant, models := range names {
			for i, name := range []string{"snapshot-isolation", "serializable"} {
				want, got := x.Valid[variant][name], of[models[i]] == checker.Valid
				if want != got {
					if wrong[variant+" "+name]++; wrong[variant+" "+name] < 4 {
						t.Errorf("%s %s %s: got %v, want %v: %s %v", x.ID, variant, name, got, want, line, r.Anomalies)
					}
				}
			}
		}
	})
	if len(wrong) > 0 {
		t.Error(wrong)
	}
}
