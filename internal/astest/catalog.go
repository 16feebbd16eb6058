package astest

import (
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/internal/failure"
	"github.com/capsize-go/capsize/internal/gosource"
	"github.com/capsize-go/capsize/workloads"
)

// stores are the systems of the catalog that are a Store of a package with bugs; another one is taken from the catalog by its name.
var stores = map[string]string{
	"raftkv": "systems/kv/raftkv", "registerkv": "systems/kv/registerkv", "primarykv": "systems/kv/primarykv",
	"chainkv": "systems/kv/chainkv", "quorumkv": "systems/kv/quorumkv", "crdtkv": "systems/kv/crdtkv",
	"twopc": "systems/txn/twopc",
}

// claims are the isolation levels by which transactions of those of them are judged that have any: the constants of package txn.
var claims = map[string]string{"twopc": "StrictSerializable"}

// opened are the workloads of the catalog: the function that makes each, the method of the store that opens its clients, and for a workload of
// transactions that is judged by a level the fields of its mix.
var opened = map[string]struct{ function, method, mix string }{
	"register": {"Register", "Open", ""}, "versions": {"Versions", "Open", ""}, "add-wins": {"AddWins", "OpenSet", ""}, "tally": {"Tally", "OpenCounter", ""},
	"append": {"Append", "Open", "{}"}, "registers": {"Registers", "Open", "{}"}, "blind-writes": {"Registers", "Open", "{BlindShare: 1}"},
	"bank": {"Bank", "Open", ""}, "long-fork": {"LongFork", "Open", ""},
}

// Catalog returns the source of a test that repeats a failure of a system of the catalog. The workload is the one that
// the catalog has for it. From is the file of the failure, for a comment. Several bugs have commas between them.
func Catalog(f failure.Failure, w workloads.Workload, from string) ([]byte, error) {
	script, err := f.Script(w)
	if err != nil {
		return nil, err
	}
	r := f.Record
	e := &emitter{f: f, file: gosource.File{Package: "capsize_replay_test"}, from: from}
	e.name = "Test" + camel(r.System) + camel(r.Bug) + camel(r.Workload) + fmt.Sprint("Seed", r.Seed)
	inputs := make([]string, len(script))
	for i, o := range script {
		if inputs[i], err = e.file.Value(o.Input); err != nil {
			inputs[i] = "" // it is read from JSON
		}
	}
	e.comment()
	e.printf("func %s(t *testing.T) {\n", e.name)
	workload := e.system()
	e.printf("test := %s{\nSystem: store,\nWorkload: %s,\n", e.capsize("Test"), workload)
	for _, x := range e.parameters() {
		if x.name != "Core" || x.value == "true" {
			e.printf("%s: %s,\n", x.name, x.value)
		}
	}
	e.printf("Nemesis: ")
	e.plan()
	e.printf(",\nScript: ")
	e.script(inputs, workload)
	e.printf(",\n}\n")
	e.check()
	e.printf("}\n")
	return e.source("", "capsize_test")
}

// system writes what makes the system, in the variable store, and returns the expression of the workload.
func (e *emitter) system() (workload string) {
	r := e.f.Record
	dir, isStore := stores[r.System]
	open, known := opened[r.Workload]
	if claims[r.System] == "" && open.mix != "" {
		known = false
	}
	if !isStore || !known {
		e.printf("sys, err := %s.Find(%q)\nif err != nil {\nt.Fatal(err)\n}\n", e.file.Use(systemsPath, "systems"), r.System)
		e.printf("store, known, err := sys.Build(%q)\nif err != nil {\nt.Fatal(err)\n}\n", r.Bug)
		return fmt.Sprintf("known[%q]", r.Workload)
	}
	pkg := e.file.Use(capsizePath+"/"+dir, r.System)
	var bugs []string
	for bug := range strings.SplitSeq(r.Bug, ",") {
		if bug = strings.TrimSpace(bug); bug != "" {
			bugs = append(bugs, pkg+"."+bugName(bug))
		}
	}
	if len(bugs) == 0 {
		e.printf("store := %s.Store{}\n", pkg)
	} else {
		e.printf("store := %s.Store{Bugs: %s}\n", pkg, strings.Join(bugs, " | "))
	}
	w := e.file.Use(workloadsPath, "workloads")
	if open.mix == "" {
		return fmt.Sprintf("%s.%s(store.%s)", w, open.function, open.method)
	}
	claim := e.file.Use(txnPath, "txn") + "." + claims[r.System]
	return fmt.Sprintf("%s.%s(store.%s, %s, %s.TxnMix%s)", w, open.function, open.method, claim, w, open.mix)
}

// bugName returns the constant of a bug: "reuse-ids" is ReuseIDs.
func bugName(bug string) string {
	return strings.Replace(camel(bug), "Ids", "IDs", 1)
}
