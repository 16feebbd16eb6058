package levels

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history/edn"
)

// differs has the vectors of Elle's tests of registers of which the verdict is another here, and why.
var differs = map[string]string{
	"checker-test--01": "process 0 reads x as 2, which no transaction wrote (Adya's G1a: a read has to be of a committed write); Elle looks for garbage in lists only",
	"checker-test--10": "the order of the transactions is given to Elle from outside by :transaction-order; the history alone is serializable",
	"checker-test--12": "the order of the transactions is given to Elle from outside by :transaction-order; the history alone is serializable",
	"checker-test--20": "x and y are read as 1, which no transaction wrote",
	"checker-test--24": "y is read as 1, which no transaction wrote",
}

// asks maps what Elle's tests ask for by anomaly to the model that forbids just that.
var asks = map[edn.Keyword]txn.Model{"G0": txn.ReadUncommitted, "G1": txn.ReadCommitted, "G2": txn.Serializable, "internal": txn.ReadAtomic}

func TestRegisterVectors(t *testing.T) {
	files, err := filepath.Glob(corpus(t, "elle-testvectors") + "/rw-register--*.edn")
	if err != nil || len(files) < 30 {
		t.Fatal(err, len(files))
	}
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "rw-register--"), ".edn")
		h, head := readRegister(t, file)
		opts, result := get(head, "opts").(edn.Map), get(head, "result").(edn.Map)
		o := txn.Options{Kind: txn.Registers, LinearizableKeys: get(opts, "linearizable-keys?") == true, SequentialKeys: get(opts, "sequential-keys?") == true}
		models := items(get(opts, "consistency-models"))
		switch {
		case len(models) == 0 && get(opts, "anomalies") == nil:
			o.Models = []txn.Model{txn.StrictSerializable}
		case len(models) == 0:
			for _, a := range items(get(opts, "anomalies")) {
				o.Models = append(o.Models, asks[a.(edn.Keyword)])
			}
		}
		for _, m := range models {
			found, err := txn.FindModel(string(m.(edn.Keyword)))
			if err != nil {
				t.Fatal(name, err)
			}
			o.Models = append(o.Models, found)
		}
		rep, err := Judge(context.Background(), h, o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		valid := !slices.ContainsFunc(rep.Findings, func(f txn.Finding) bool { return f.Verdict == checker.Invalid })
		elle, known := get(result, "valid?").(bool)
		if name == "checker-test--17" { // asked for G2 alone, of a history with G1c
			elle = false
		}
		if _, other := differs[name]; known && (valid != elle) != other {
			t.Errorf("%s: valid %v, Elle's %v, expected to differ: %v\n%s", name, valid, elle, other, rep.Text(h))
		}
	}
}
