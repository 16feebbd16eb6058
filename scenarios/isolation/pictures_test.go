package isolation_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/levels"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/systems/txn/galera"
	"github.com/capsize-go/capsize/systems/txn/hlc"
	"github.com/capsize-go/capsize/systems/txn/percolator"
	"github.com/capsize-go/capsize/systems/txn/psi"
	"github.com/capsize-go/capsize/systems/txn/retryclient"
	"github.com/capsize-go/capsize/systems/txn/sqldriver"
	"github.com/capsize-go/capsize/systems/txn/ssi"
	"github.com/capsize-go/capsize/systems/txn/twopc"
	"github.com/capsize-go/capsize/workloads"
	"github.com/capsize-go/capsize/workloads/sqltxn"
)

const (
	pictures     = "../../docs/img/transactions"
	pictureSeeds = "testdata/pictures.jsonl"
)

// A picture says which run shows an anomaly, and what is to be said of it.
type picture struct {
	Anomaly string   `json:"anomaly"`
	Source  string   `json:"source"`
	Seed    uint64   `json:"seed"`
	Reason  string   `json:"reason"`
	Links   []string `json:"links,omitempty"`

	svg  []byte
	size int // how much there is to read; the less, the better
}

func (p picture) file() string { return strings.ToLower(p.Anomaly) + ".svg" }

// An origin is a test whose runs show anomalies.
type origin struct {
	name string
	kind txn.Kind
	test capsize.Test
}

// short has lists that fit into a picture.
var short = workloads.TxnMix{Keys: 3, MaxWrites: 3, MinLength: 2, MaxLength: 3}

type store[C workloads.Transactor] interface {
	cluster.System
	Open(ctx context.Context, h *cluster.Host) (C, error)
}

func lists[C workloads.Transactor](name string, s store[C], faults ...nemesis.Fault) origin {
	return origin{name, txn.Lists, drawn(s, workloads.Append(s.Open, txn.StrictSerializable, short), faults)}
}

// forks has enough nodes, clients and reads, and a latency that differs enough, that two replicas show two commits in different orders.
func forks() origin {
	s := ssi.Store{Reads: ssi.AtReplica, Bugs: ssi.VisibleOutOfOrder}
	mix := workloads.TxnMix{Keys: 3, MaxWrites: 4, MinLength: 2, MaxLength: 2, ReadShare: 0.7}
	o := origin{"ssi with visible-out-of-order and a long tail", txn.Lists, drawn(s, workloads.Append(s.Open, txn.StrictSerializable, mix), nil)}
	o.test.Nodes, o.test.Clients, o.test.Duration = 5, 15, 12*time.Second
	o.test.Nemesis = nemesis.At(0, o.test.Duration, nemesis.Latency(3*time.Millisecond, cluster.LongTail))
	return o
}

func registers[C workloads.Transactor](name string, s store[C], faults ...nemesis.Fault) origin {
	mix := short
	mix.BlindShare = 0.3
	return origin{name + ", registers", txn.Registers, drawn(s, workloads.Registers(s.Open, txn.StrictSerializable, mix), faults)}
}

func doctors[C workloads.Transactor](name string, s store[C], faults ...nemesis.Fault) origin {
	return origin{name + ", doctors", txn.Predicates, drawn(s, workloads.Doctors(s.Open, txn.StrictSerializable), faults)}
}

func drawn(s cluster.System, w workloads.Workload, faults []nemesis.Fault) capsize.Test {
	test := capsize.Test{System: s, Workload: w, Nodes: 3, Clients: 6, Rate: 200, Duration: 4 * time.Second, Nemesis: nemesis.None}
	if len(faults) > 0 {
		test.Nemesis = nemesis.Every(2*time.Second, faults...)
	}
	return test
}

// application is ssi with an application that uses it by SQL.
type application struct {
	ssi.Store
	level   sql.IsolationLevel
	mistake sqltxn.Mistake
	driver  sqldriver.Options
}

func (a application) Open(_ context.Context, h *cluster.Host) (*sqltxn.Client, error) {
	return sqltxn.New(sqldriver.Open(a.Store, h, a.driver), sqltxn.Options{Statements: sqltxn.Statements{
		Append: "UPDATE lists SET v = v || ?2 WHERE k = ?1", ReadList: "SELECT v FROM lists WHERE k = ?",
		Insert: "INSERT INTO rows VALUES (?, ?)", Delete: "DELETE FROM rows WHERE k = ?", ReadRows: "SELECT k FROM rows WHERE v = ?",
	}, Tx: sql.TxOptions{Isolation: a.level}, Mistake: a.mistake}), nil
}

var impatient = sqldriver.Options{ReadTimeout: 100 * time.Millisecond}

func origins() []origin {
	return []origin{
		lists("twopc with unlock-reads", twopc.Store{Bugs: twopc.UnlockReads}),
		lists("clients of twopc that retry what is unknown", retryclient.Store{Retries: retryclient.RetryUnknown}, nemesis.Partitions()),
		lists("percolator with blind-retry", percolator.Store{Bugs: percolator.BlindRetry}),
		lists("galera with certify-at-origin", galera.Store{Bugs: galera.CertifyAtOrigin}),
		lists("ssi with forget-readers", ssi.Store{Bugs: ssi.ForgetReaders}),
		lists("ssi with reads at replicas", ssi.Store{Reads: ssi.AtReplica}),
		lists("ssi with visible-out-of-order", ssi.Store{Reads: ssi.AtReplica, Bugs: ssi.VisibleOutOfOrder}),
		lists("hlc with no-uncertainty", hlc.Store{Bugs: hlc.NoUncertainty}, nemesis.ClockStrobe(0)),
		lists("psi", psi.Store{}, nemesis.Partitions()),
		lists("psi with no-conflict-check", psi.Store{Bugs: psi.NoConflictCheck}),
		lists("psi with drop-snapshots", psi.Store{Bugs: psi.DropSnapshots}, nemesis.Partitions()),
		lists("SQL with READ COMMITTED", application{level: sql.LevelReadCommitted}),
		lists("SQL without BEGIN", application{mistake: sqltxn.Autocommit}),
		lists("SQL with reads on another connection", application{mistake: sqltxn.ReadElsewhere}),
		lists("SQL with retries of what is unknown", application{mistake: sqltxn.RetryUnknown, driver: impatient}, nemesis.Partitions()),
		forks(),
		registers("psi with drop-snapshots", psi.Store{Bugs: psi.DropSnapshots}, nemesis.Partitions()),
		doctors("SQL with READ COMMITTED", application{level: sql.LevelReadCommitted}),
		registers("galera with certify-at-origin", galera.Store{Bugs: galera.CertifyAtOrigin}),
		registers("psi with no-conflict-check", psi.Store{Bugs: psi.NoConflictCheck}),
		doctors("ssi with lock-rows-only", ssi.Store{Bugs: ssi.LockRowsOnly}),
	}
}

// run runs the test once, and judges every model.
func (o origin) run(t *testing.T, seed uint64) (*capsize.Result, *txn.History, *txn.Report) {
	t.Helper()
	test := o.test
	test.Seed = seed
	r, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	h, err := txn.Of(r.History)
	require.NoError(t, err)
	rep, err := levels.Judge(t.Context(), h, txn.Options{Kind: o.kind})
	require.NoError(t, err)
	return r, h, rep
}

// pictures returns a picture of the smallest anomaly of each type that a run has. Left out are those that the picture alone would not show: by cases, by
// an order of writes that no read shows, or by a transaction that is none of the cycle.
func (o origin) pictures(t *testing.T, seed uint64) []picture {
	t.Helper()
	r, h, rep := o.run(t, seed)
	var all []picture
	for _, a := range rep.Anomalies {
		if len(a.Cases) > 0 || !slices.ContainsFunc(shown(), func(s string) bool { return s == a.Type }) {
			continue
		}
		why := a.Counterexample(h.CallsOf(r.History, a), rep.Judged)
		inferred := slices.ContainsFunc(a.Edges, func(e txn.Edge) bool { return e.Reason == "" })
		if inferred || strings.Contains(why.Reason, "of the history") {
			continue
		}
		p := picture{Anomaly: a.Type, Source: o.name, Seed: seed, Reason: why.Reason, size: 30 * len(why.Calls)}
		if o.kind == txn.Registers || a.Type == "G2-item" && a.Edges[0].Key == a.Edges[1].Key {
			p.size += 1000 // lists show more, and write skew is about two keys
		}
		for _, x := range a.Txns {
			p.size += len(h.TxnText(x, txn.Anomaly{}))
		}
		for _, l := range why.Links {
			p.Links = append(p.Links, fmt.Sprintf("T%d → T%d, %s: T%d %s", l.From+1, l.To+1, l.Label, l.From+1, l.Reason))
		}
		var b bytes.Buffer
		require.NoError(t, report.CounterexampleSVG(&b, report.Run{
			System: o.name, History: r.History, Verdict: checker.Invalid,
			Checks: []checker.Result{{Checker: a.Type, Verdict: checker.Invalid, Reason: why.Reason, Counterexample: why}},
		}))
		p.svg = b.Bytes()
		all = append(all, p)
	}
	return all
}

// shown lists the types of anomalies that have a picture if a run shows them: all on the page, and one against real time.
func shown() []string {
	var all []string
	for _, a := range txn.AnomalyTypes() {
		if all = append(all, a.Name); a.Name == "G-single-item" {
			all = append(all, a.Name+"-realtime")
		}
	}
	return all
}

// TestAnomalyPictures has the pictures of docs/transactions.md be those of their seeds. It runs a few of them, and all if many seeds are asked for. With
// -update it looks in each origin for the smallest pictures.
func TestAnomalyPictures(t *testing.T) {
	if *update {
		findPictures(t)
		return
	}
	known := readPictures(t)
	files, err := filepath.Glob(filepath.Join(pictures, "*.svg"))
	require.NoError(t, err)
	require.Len(t, files, len(known), "go test ./scenarios/isolation -run AnomalyPictures -update")
	for i, p := range known {
		kept, err := os.ReadFile(filepath.Join(pictures, p.file()))
		require.NoError(t, err)
		if i%10 != 4 && !tier.Sweeping() {
			continue
		}
		o := origins()[slices.IndexFunc(origins(), func(o origin) bool { return o.name == p.Source })]
		made := o.pictures(t, p.Seed)
		j := slices.IndexFunc(made, func(m picture) bool { return m.Anomaly == p.Anomaly })
		require.GreaterOrEqual(t, j, 0, "seed %d of %s shows no %s", p.Seed, p.Source, p.Anomaly)
		assert.Equal(t, p.Reason, made[j].Reason)
		assert.Equal(t, p.Links, made[j].Links)
		assert.Equal(t, string(made[j].svg), string(kept), "%s: go test ./scenarios/isolation -run AnomalyPictures -update", p.Anomaly)
	}
}

// findPictures writes the smallest pictures that the first seeds of each origin have.
func findPictures(t *testing.T) {
	found := map[string]picture{}
	for _, o := range origins() {
		for seed := range uint64(8) {
			for _, p := range o.pictures(t, seed+1) {
				if old, ok := found[p.Anomaly]; !ok || p.size < old.size {
					found[p.Anomaly] = p
				}
			}
		}
	}
	require.NoError(t, os.RemoveAll(pictures))
	require.NoError(t, os.MkdirAll(pictures, 0o777))
	var lines bytes.Buffer
	for _, name := range shown() {
		p, ok := found[name]
		if !ok {
			continue
		}
		require.NoError(t, os.WriteFile(filepath.Join(pictures, p.file()), p.svg, 0o666))
		require.NoError(t, json.NewEncoder(&lines).Encode(p))
	}
	require.NoError(t, os.WriteFile(pictureSeeds, lines.Bytes(), 0o666))
}

func readPictures(t *testing.T) []picture {
	t.Helper()
	text, err := os.ReadFile(pictureSeeds)
	require.NoError(t, err)
	var all []picture
	for d := json.NewDecoder(bytes.NewReader(text)); d.More(); {
		var p picture
		require.NoError(t, d.Decode(&p))
		all = append(all, p)
	}
	return all
}

// gallery shows each anomaly that a run has shown.
func gallery(t *testing.T) string {
	var b strings.Builder
	for _, p := range readPictures(t) {
		fmt.Fprintf(&b, "**%s**, seed %d of %s: %s.\n", p.Anomaly, p.Seed, p.Source, p.Reason)
		for _, l := range p.Links {
			fmt.Fprintf(&b, "- %s\n", l)
		}
		fmt.Fprintf(&b, "\n![%s](img/transactions/%s)\n\n", p.Anomaly, p.file())
	}
	return b.String()
}
