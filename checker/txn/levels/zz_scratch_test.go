package levels

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

func cpu() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

func env(name string, d int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return d
}

func TestScratch(t *testing.T) {
	level := os.Getenv("LEVEL")
	if level == "" {
		t.Skip()
	}
	s := store{txns: env("TXNS", 10000), sessions: env("SESSIONS", 20), ops: env("OPS", 4), keys: env("KEYS", 1000), writes: float64(env("WRITES", 50)) / 100, level: level, rotate: env("ROTATE", 0), update: os.Getenv("UPDATE") != ""}
	h := s.make(uint64(env("SEED", 1)))
	add := func(op, end int32, ops ...txn.Op) {
		x := txn.Txn{First: int32(len(h.Ops)), Session: int32(h.Sessions), Process: int32(h.Sessions), Type: history.OK, Begin: op, End: end}
		h.Sessions++
		h.Ops = append(h.Ops, ops...)
		x.Last = int32(len(h.Ops))
		h.Txns = append(h.Txns, x)
	}
	top := int32(1 << 20)
	k := int32(len(h.Keys))
	w := func(k, v int32) txn.Op { return txn.Op{F: txn.Write, Key: k, Value: v} }
	rd := func(k, v int32) txn.Op { return txn.Op{F: txn.Read, Key: k, Value: v, Known: true} }
	switch os.Getenv("PLANT") {
	case "fork":
		h.Keys = append(h.Keys, "fx", "fy")
		add(top, top+10, w(k, 1))
		add(top+1, top+11, w(k+1, 1))
		add(top+2, top+12, rd(k, 1), rd(k+1, txn.Nil))
		add(top+3, top+13, rd(k, txn.Nil), rd(k+1, 1))
	case "blindfork": // two writes of each key, without a first
		h.Keys = append(h.Keys, "fx", "fy")
		add(top, top+10, w(k, 1), w(k+1, 1))
		add(top+1, top+11, w(k, 2))
		add(top+2, top+12, w(k+1, 2))
		add(top+3, top+13, rd(k, 2), rd(k+1, 1))
		add(top+4, top+14, rd(k, 1), rd(k+1, 2))
	case "skew":
		h.Keys = append(h.Keys, "fx", "fy")
		add(top, top+10, w(k, 1), w(k+1, 1))
		add(top+1, top+11, w(k, 2), w(k+1, 2))
		add(top+2, top+12, rd(k, 2), rd(k+1, 1))
	}
	models := strings.Fields(os.Getenv("MODELS"))
	if len(models) == 1 && models[0] == "each" {
		models = nil
		for _, m := range txn.Models() {
			models = append(models, string(m))
		}
	}
	if len(models) == 0 {
		models = []string{""}
	}
	ro := 0
	for i := range h.Txns {
		if h.ReadsOnly(int32(i)) {
			ro++
		}
	}
	fmt.Printf("%d txns %d ops %d keys, %d read only\n", len(h.Txns), len(h.Ops), len(h.Keys), ro)
	for _, m := range models {
		var ms []txn.Model
		if m != "" {
			ms = append(ms, txn.Model(m))
		}
		c := cpu()
		r, err := Judge(context.Background(), h, txn.Options{Kind: txn.Registers, Models: ms})
		if err != nil {
			t.Fatal(err)
		}
		c = cpu() - c
		if m == "" {
			u := ""
			for _, f := range r.Findings {
				if f.Verdict.String() == "unknown" {
					u += fmt.Sprintf(" %s:%s", f.Model, f.Reason)
				}
			}
			fmt.Printf("%s %d keys all: %.2f s strongest %v unknown%s\n", level, s.keys, c, r.Strongest, u)
			continue
		}
		f := r.Finding(txn.Model(m))
		fmt.Printf("%s %d keys %s: %.2f s %v %s\n", level, s.keys, m, c, f.Verdict, f.Reason)
	}
}

func TestScratchLists(t *testing.T) {
	level := os.Getenv("LEVEL")
	if level == "" {
		t.Skip()
	}
	h := simulate(level, 1, env("TXNS", 1000000), 50, 20, 3)
	runtime.GC()
	nine := []txn.Model{txn.ReadUncommitted, txn.ReadCommitted, txn.ParallelSnapshotIsolation, txn.SnapshotIsolation, txn.StrongSessionSnapshotIsolation, txn.StrongSnapshotIsolation, txn.Serializable, txn.StrongSessionSerializable, txn.StrictSerializable}
	for _, ms := range [][]txn.Model{nine, nil} {
		if len(ms) > 0 && os.Getenv("NINE") == "" {
			continue
		}
		c := cpu()
		r, err := Judge(context.Background(), h, txn.Options{Models: ms})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("lists %s %d txns, %d models: %.2f s\n", level, len(h.Txns), len(ms), cpu()-c)
		_ = r
	}
}
