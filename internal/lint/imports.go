package lint

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// An ImportRule says what the packages of a pattern may import beside the
// standard library. Their tests may import more: see [Imports].
type ImportRule struct {
	Package string   // a path from the module's root, or a pattern like "systems/..."
	Ours    []string // patterns of our packages; "*" stands for all but commands
	Libs    []string // modules of others; "*" stands for all that go.mod names
	Testing bool     // whether it may need package testing
	Without []string // what it must not need, by itself or by what it imports: modules, folders of packages
}

const anything = "*"

// importRules is the table: the first rule that matches a package holds. It goes
// one way, from the entry down to history and internal, which import nothing.
var importRules = []ImportRule{
	{Package: "history", Ours: []string{"history/edn", "history/internal/..."}},
	{Package: "history/edn", Ours: []string{"history/internal/lex"}},
	{Package: "history/internal/lex"},
	{Package: "history/internal/attributes", Ours: []string{"history/edn"}},
	{Package: "internal/benchtable"},
	{Package: "internal/chart"},
	{Package: "internal/coldbuild"},
	{Package: "internal/killmatrix", Ours: []string{anything}, Testing: true},
	{Package: "internal/killmatrix/flawed", Ours: []string{"checker/jepsen", "checker/txn/kafka", "cluster", "cluster/trace", "internal/sorting", "model", "workloads"}},
	{Package: "internal/runcost", Ours: []string{"internal/repeats", "schedule"}, Testing: true},
	{Package: "internal/sameruns", Ours: []string{".", "catalog/systems", "internal/cputime", "nemesis", "systems/kv/raftkv"}, Testing: true},
	{Package: "internal/speed"},
	{Package: "internal/speed/measure", Ours: []string{".", "catalog/systems", "internal/cputime", "nemesis"}, Testing: true},
	{Package: "internal/child"},
	{Package: "internal/gotest", Ours: []string{"internal/child"}},
	{Package: "internal/gocommand", Ours: []string{"internal/detrt"}, Testing: true},
	{Package: "internal/bubble"},
	{Package: "internal/bugset"},
	{Package: "internal/keyed"},
	{Package: "internal/sorting"},
	{Package: "internal/locks"},
	{Package: "internal/goroutines", Ours: []string{"cluster", "internal/locks", "internal/sorting"}},
	{Package: "internal/detrt"},
	{Package: "internal/detrt/torture"},
	{Package: "internal/overlay"},
	{Package: "internal/rundiff", Ours: []string{"history", "internal/savedrun", "schedule"}},
	{Package: "internal/detgo", Ours: []string{"internal/child", "internal/overlay", "internal/rundiff"}},
	{Package: "schedule", Ours: []string{"internal/detrt", "internal/keyed"}},
	{Package: "internal/turn", Ours: []string{"internal/bubble"}, Testing: true},
	{Package: "explore", Ours: []string{"internal/gocommand", "internal/goroutines", "internal/rundiff", "internal/savedrun", "internal/turn", "schedule"}, Testing: true},
	{Package: "internal/detrt/races", Ours: []string{"schedule"}, Testing: true},
	{Package: "internal/engine", Ours: []string{"cluster", "cluster/trace", "history", "nemesis", "workloads", "internal/bubble", "internal/detrt", "internal/goroutines", "internal/keyed", "internal/sorting", "internal/turn", "schedule"}, Testing: true},
	{Package: "internal/runlog", Ours: []string{"history"}},
	{Package: "internal/cputime"},
	{Package: "internal/ddmin"},
	{Package: "internal/packed"},
	{Package: "internal/words"},
	{Package: "internal/checkertest", Ours: []string{"checker", "history", "model"}, Libs: []string{"github.com/cockroachdb/datadriven", "github.com/stretchr/testify"}, Testing: true},
	{Package: "model", Ours: []string{"internal/packed", "internal/sorting", "internal/words"}},
	{Package: "internal/lint"},
	{Package: "internal/recorder", Ours: []string{"cluster", "history", "internal/goroutines", "internal/runlog", "internal/savedrun"}},
	{Package: "internal/savedrun", Ours: []string{"checker", "cluster", "history", "internal/runlog", "nemesis"}},
	{Package: "internal/failure", Ours: []string{"checker", "cluster", "history", "internal/savedrun", "nemesis", "workloads"}},
	{Package: "internal/astest", Ours: []string{"cluster", "internal/failure", "internal/gosource", "workloads"}},
	{Package: "internal/gosource"},
	{Package: "internal/names"},
	{Package: "internal/terminal", Libs: []string{"github.com/mattn/go-isatty", "golang.org/x/term"}},
	{Package: "internal/progress", Ours: []string{"internal/terminal"}},
	{Package: "internal/huntrun"},
	{Package: "internal/hunt/odds", Libs: []string{"gonum.org/v1/gonum"}},
	{Package: "internal/hunt/crew", Ours: []string{"internal/child", "internal/huntrun"}},
	{Package: "internal/hunt/campaign", Ours: []string{"internal/huntrun", "internal/savedrun", "internal/sorting"}, Libs: []string{"modernc.org/sqlite"}},
	{Package: "internal/hunt/overview", Ours: []string{"internal/hunt/campaign", "internal/hunt/odds", "internal/huntrun", "internal/sorting", "internal/words", "report", "report/index", "report/result"}},
	{Package: "internal/huntcli", Ours: []string{anything}, Libs: []string{"github.com/spf13/cobra", "github.com/spf13/pflag"}, Testing: true},
	{Package: "internal/tested", Ours: []string{"internal/sorting", "internal/words"}},
	{Package: "internal/tier", Testing: true},
	{Package: "internal/repeats", Ours: []string{".", "checker", "internal/tier", "schedule"}, Testing: true},
	{Package: "internal/rowpicture", Ours: []string{"internal/chart", "scenarios"}, Testing: true},
	{Package: "internal/scenariotest", Ours: []string{"internal/tier", "scenarios"}, Libs: []string{"github.com/stretchr/testify"}, Testing: true},
	{Package: "internal/simnet", Ours: []string{"internal/detrt", "internal/keyed"}},
	{Package: "internal/hostdisk", Ours: []string{"internal/detrt", "internal/keyed", "internal/sorting"}},
	{Package: "internal/hostrt", Ours: []string{"internal/detrt", "internal/simnet"}},
	{Package: "cluster/hostlog"},
	{Package: "cluster/trace"},
	{Package: "cluster", Ours: []string{"cluster/hostlog", "cluster/internal/...", "cluster/trace", "internal/bubble", "internal/detrt", "internal/hostdisk", "internal/hostrt", "internal/keyed", "internal/simnet", "internal/sorting"}},
	{Package: "systems/kv/raftkv", Ours: []string{"cluster", "cluster/trace", "systems/internal/session", "internal/bugset", "internal/sorting"}, Libs: []string{"go.etcd.io/raft/v3", "google.golang.org/protobuf"}},
	{Package: "systems/kv/primarykv", Ours: []string{"cluster", "cluster/trace", "systems/internal/jsontext", "systems/internal/members", "systems/internal/session", "systems/internal/snapshot", "internal/bugset", "internal/sorting"}},
	{Package: "systems/kv/primarykv/gossiped", Ours: []string{"cluster", "cluster/trace", "systems/adapters/gossip", "systems/kv/primarykv"}},
	{Package: "systems/adapters/gossip", Ours: []string{"cluster", "cluster/trace"}, Libs: []string{"github.com/hashicorp/memberlist"}},
	{Package: "systems/adapters/ringkv", Ours: []string{"cluster", "cluster/trace", "systems/adapters/gossip", "workloads", "internal/bugset"}, Libs: []string{"github.com/hashicorp/memberlist"}},
	{Package: "systems/adapters/rediskv", Ours: []string{"cluster", "cluster/trace", "systems/cache/cachekv", "workloads", "internal/bugset"}, Libs: []string{"github.com/redis/go-redis/v9"}},
	{Package: "cluster/internal/entropy", Ours: []string{"internal/bubble", "internal/keyed"}},
	{Package: "cluster/internal/diskimage", Ours: []string{"internal/keyed", "internal/sorting"}},
	{Package: "cluster/internal/effect", Ours: []string{"internal/sorting"}},
	{Package: "cluster/internal/nameservice", Ours: []string{"cluster/internal/effect"}},
	{Package: "cluster/internal/latency", Ours: []string{"internal/keyed"}},
	{Package: "cluster/internal/oscillator", Ours: []string{"cluster/internal/effect", "internal/keyed"}},
	{Package: "cluster/internal/tracer", Ours: []string{"cluster/trace", "internal/keyed", "internal/sorting"}},
	{Package: "cluster/internal/..."},
	{Package: "cluster/...", Ours: []string{"cluster"}},
	{Package: "systems/kv/quorumkv", Ours: []string{"cluster", "cluster/trace", "systems/internal/dots", "systems/internal/fields", "systems/internal/members", "systems/journal", "internal/bugset", "internal/sorting"}},
	{Package: "systems/kv/quorumkv/gossiped", Ours: []string{"cluster", "cluster/trace", "systems/adapters/gossip", "systems/kv/quorumkv"}},
	{Package: "systems/journal", Ours: []string{"cluster", "cluster/trace"}},
	{Package: "systems/kv/chainkv", Ours: []string{"cluster", "cluster/trace", "systems/internal/fields", "systems/internal/jsontext", "systems/internal/session", "systems/journal", "internal/bugset", "internal/sorting"}},
	{Package: "systems/kv/crdtkv", Ours: []string{"cluster", "cluster/trace", "systems/internal/dots", "systems/internal/fields", "systems/journal", "internal/bugset"}},
	{Package: "systems/internal/dots", Ours: []string{"systems/internal/fields"}},
	{Package: "systems/internal/fields"},
	{Package: "systems/internal/jsontext"},
	{Package: "systems/kv/registerkv", Ours: []string{"cluster", "cluster/trace", "systems/journal", "internal/bugset", "internal/sorting"}},
	{Package: "systems/internal/members", Ours: []string{"cluster", "cluster/trace"}},
	{Package: "systems/internal/session", Ours: []string{"cluster", "cluster/trace"}},
	{Package: "systems/internal/snapshot"},
	{Package: "systems/internal/rows", Ours: []string{"cluster", "cluster/trace", "systems/journal"}},
	{Package: "systems/cache/cachekv", Ours: []string{"cluster", "cluster/trace", "systems/internal/rows", "model", "internal/keyed"}, Libs: []string{
		"golang.org/x/sync", "github.com/redis/go-redis/v9", "github.com/alicebob/miniredis/v2",
	}},
	{Package: "systems/cache/localcache", Ours: []string{"cluster", "cluster/trace", "systems/internal/rows", "model"}, Libs: []string{
		"github.com/hashicorp/golang-lru/v2", "golang.org/x/sync", "github.com/jellydator/ttlcache/v3",
		"github.com/dgraph-io/ristretto/v2", "github.com/maypok86/otter/v2",
	}},
	{Package: "systems/cache/cdn", Ours: []string{"cluster", "cluster/trace", "model", "internal/bugset"}, Libs: []string{"github.com/hashicorp/golang-lru/v2", "golang.org/x/sync"}},
	{Package: "systems/resilience/limit", Ours: []string{"cluster", "cluster/trace", "model", "systems/cache/cachekv", "systems/resilience/web"}, Testing: true, Libs: []string{ // golang-lru of throttled's store needs package testing
		"github.com/failsafe-go/failsafe-go", "golang.org/x/time", "github.com/throttled/throttled/v2", "go.uber.org/ratelimit",
		"github.com/go-redis/redis_rate/v10", "github.com/redis/go-redis/v9", "github.com/alicebob/miniredis/v2",
	}},
	{Package: "systems/resilience/...", Ours: []string{"cluster", "cluster/trace", "model", "internal/keyed", "internal/bugset", "internal/sorting", "systems/internal/...", "systems/resilience/..."}, Libs: []string{
		"github.com/failsafe-go/failsafe-go", "github.com/sony/gobreaker/v2", "github.com/cenkalti/backoff/v5", "golang.org/x/time", "golang.org/x/sync",
		"github.com/jackc/puddle/v2", "github.com/throttled/throttled/v2", "go.uber.org/ratelimit", "github.com/go-redis/redis_rate/v10", "github.com/redis/go-redis/v9",
		"github.com/alicebob/miniredis/v2", "github.com/avast/retry-go/v5", "github.com/hashicorp/go-retryablehttp",
	}},
	{Package: "systems/txn/internal/replog", Ours: []string{"cluster", "cluster/trace", "systems/journal"}, Libs: []string{"go.etcd.io/raft/v3", "go.etcd.io/raft/v3/raftpb"}},
	{Package: "systems/txn/...", Ours: []string{"cluster", "cluster/trace", "internal/bugset", "internal/keyed", "internal/sorting", "model", "systems/internal/...", "systems/journal", "systems/txn/...", "workloads"}},
	{Package: "systems/...", Ours: []string{"cluster", "cluster/trace", "systems/adapters/gossip"}},
	{Package: "nemesis", Ours: []string{"cluster", "internal/keyed", "internal/sorting"}},
	{Package: "checker", Ours: []string{"history"}},
	{Package: "checker/internal/budget"},
	{Package: "checker/internal/wording", Ours: []string{"checker", "history"}},
	{Package: "checker/internal/shapes", Ours: []string{"checker", "checker/internal/wording", "history", "history/edn", "model"}},
	{Package: "checker/internal/view", Ours: []string{"checker", "checker/internal/wording", "history", "internal/words", "model"}},
	{Package: "checker/internal/zones", Ours: []string{"checker/internal/view", "model"}},
	{Package: "checker/linearizable", Ours: judging, Libs: []string{"github.com/anishathalye/porcupine"}},
	{Package: "checker/consistency", Ours: append(judging, "checker/linearizable")},
	{Package: "checker/txn", Ours: append(judging, "internal/names")},
	{Package: "checker/txn/...", Ours: append(judging, "checker/txn", "checker/txn/internal/...", "internal/keyed", "internal/packed")},
	{Package: "checker/...", Ours: judging},
	{Package: "workloads", Ours: []string{"checker", "checker/freshness", "checker/jepsen", "checker/linearizable", "checker/txn", "checker/txn/kafka", "checker/txn/levels", "cluster", "history", "model"}},
	{Package: "report", Ours: []string{"history", "checker", "cluster/trace", "internal/sorting", "internal/words", "model", "report/internal/account", "report/internal/sequence", "report/internal/wholerun", "report/internal/wording"}},
	{Package: "report/internal/wholerun", Ours: []string{"internal/sorting", "report/internal/wording"}},
	{Package: "report/internal/wording", Ours: []string{"history", "internal/sorting", "internal/words", "model"}},
	{Package: "report/internal/account", Ours: []string{"history", "checker", "cluster/trace", "internal/sorting", "internal/words", "report/internal/wording"}},
	{Package: "report/internal/sequence", Ours: []string{"history", "cluster/trace", "internal/sorting", "report/internal/account", "report/internal/wording"}},
	{Package: "report/internal/example", Ours: []string{"history", "checker", "cluster/trace", "model", "report/internal/account"}},
	{Package: "report/result", Ours: []string{"checker", "history", "report"}},
	{Package: "report/index", Ours: []string{"checker", "internal/savedrun", "internal/sorting", "report", "report/result"}},
	{Package: "report/ci", Ours: []string{"checker", "report", "report/result"}},
	{Package: "report/compare", Ours: []string{"checker", "history", "internal/savedrun", "internal/words", "report", "report/result"}},
	{Package: "internal/fileserver"},
	{Package: "catalog/models", Ours: []string{"history", "history/edn", "checker", "checker/...", "internal/names", "internal/sorting", "model"}},
	{Package: "catalog/systems", Ours: []string{"checker/txn", "cluster", "internal/names", "nemesis", "systems/kv/...", "systems/txn/...", "workloads"}},
	{Package: "internal/hunt/guide", Ours: []string{"checker/vacuity", "cluster/trace", "history", "internal/engine", "internal/keyed", "internal/sorting", "nemesis"}, Testing: true},
	{Package: "internal/guidance", Ours: []string{".", "catalog/systems", "checker", "internal/hunt/guide", "internal/hunt/odds", "internal/cputime", "systems/kv/raftkv", "workloads"}, Testing: true},
	{Package: "scenarios", Ours: []string{".", "checker"}, Testing: true},
	{Package: "scenarios/...", Ours: []string{anything}, Testing: true},
	{Package: "realbugs", Ours: []string{anything}, Libs: []string{"github.com/maypok86/otter/v2"}, Testing: true},
	{Package: ".", Ours: []string{anything}, Testing: true},
	{Package: "internal/cli", Ours: []string{anything}, Libs: []string{anything}, Testing: true},
	{Package: "cmd/capsize", Ours: []string{anything}, Libs: []string{anything}, Testing: true, Without: slow},
	{Package: "cmd/...", Ours: []string{anything}, Libs: []string{anything}, Testing: true},
	{Package: "examples/...", Ours: []string{anything}, Libs: []string{anything}, Testing: true},
}

// judging is what a checker may import: it judges any history, and knows no cluster.
var judging = []string{"checker", "checker/internal/...", "history", "history/edn", "internal/ddmin", "internal/sorting", "internal/words", "model"}

// slow is what a first "go run ./cmd/capsize run", which compiles all that it needs, must not wait for: what
// only scenarios need, and what takes long to compile. make cold measures how long it waits.
var slow = []string{
	"systems/cache/cachekv", "systems/cache/cdn", "systems/adapters/gossip", "systems/cache/localcache", "realbugs", "scenarios/caching", "scenarios/replication", "scenarios/resilience", "systems/resilience",
	"github.com/alicebob/miniredis", "github.com/dgraph-io/ristretto", "github.com/hashicorp", "github.com/jellydator/ttlcache",
	"github.com/maypok86/otter", "github.com/redis/go-redis", "github.com/stretchr/testify", "golang.org/x/net", "database/sql",
	"google.golang.org/grpc", "crypto/tls", "encoding/gob", "encoding/xml", "go/types", "net/http",
	"github.com/fatih/color", "golang.org/x/sys", "golang.org/x/term", "modernc.org", "gonum.org",
}

// onlyFiles are the files that alone may import a library, so that it can be
// replaced without a search.
var onlyFiles = map[string][]string{
	"github.com/anishathalye/porcupine": {"checker/linearizable/linearizable.go", "checker/linearizable/operations.go", "checker/linearizable/porcupine.go"},
}

// testLibs are what any test may import.
var testLibs = []string{
	"github.com/stretchr/testify", "github.com/rogpeppe/go-internal", "github.com/anishathalye/porcupine", "golang.org/x/net", "database/sql",
	"github.com/cockroachdb/datadriven", "pgregory.net/rapid", "go.yaml.in/yaml",
}

// Imports finds the imports that the rules do not allow. Tests may import what
// their package may, all of ours and the libraries for tests. Nothing imports a
// command.
func Imports(m *Module, rules []ImportRule) []Problem {
	var problems []Problem
	for _, p := range m.Packages {
		i := slices.IndexFunc(rules, func(r ImportRule) bool { return matches(r.Package, p.Path) })
		if i < 0 {
			problems = append(problems, Problem{File: p.Files[0].Name, Text: "package " + p.Path +
				" is in no rule: say in importRules of internal/lint/imports.go what it may import"})
			continue
		}
		for _, f := range p.Files {
			problems = append(problems, f.imports(m, rules[i])...)
		}
		if j := slices.IndexFunc(p.Deps, isTesting); j >= 0 && !rules[i].Testing {
			problems = append(problems, Problem{File: p.Files[0].Name, Text: "package " + p.Path +
				" needs package " + p.Deps[j] + ", by itself or by what it imports: go list -deps shows how"})
		}
		for _, to := range p.Deps {
			if within(rules[i].Without, m.short(to)) {
				problems = append(problems, Problem{File: p.Files[0].Name, Text: "package " + p.Path +
					" needs package " + to + ", which takes long to compile: go list -deps shows how"})
			}
		}
	}
	return sorted(problems)
}

func isTesting(importPath string) bool { return within([]string{"testing"}, importPath) }

// imports finds the imports of one file that its package's rule does not allow.
func (f *File) imports(m *Module, r ImportRule) []Problem {
	var problems []Problem
	for _, spec := range f.Syntax.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has seen to it
		}
		if why := f.refused(m, r, to); why != "" {
			problems = append(problems, f.at(spec, "imports %s: %s", to, why))
		}
	}
	return problems
}

// refused says why a file must not import a package; it is empty if it may.
func (f *File) refused(m *Module, r ImportRule, to string) string {
	switch {
	case m.ours(to):
		return f.refusedOurs(r, m.short(to))
	case standard(to):
		return ""
	}
	if f.Test && within(testLibs, to) {
		return ""
	}
	if !within(r.Libs, to) {
		return "the rule of " + r.Package + " in internal/lint/imports.go does not name this library"
	}
	for lib, files := range onlyFiles { // order: at most one library matches
		if within([]string{lib}, to) && !f.Test && !slices.Contains(files, f.Name) {
			return "only " + strings.Join(files, " and ") + " may"
		}
	}
	return ""
}

func (f *File) refusedOurs(r ImportRule, to string) string {
	switch {
	case matches("cmd/...", to):
		return "nothing imports a command"
	case f.Test, slices.Contains(r.Ours, anything):
		return ""
	case slices.ContainsFunc(r.Ours, func(pattern string) bool { return matches(pattern, to) }):
		return ""
	}
	may := "the standard library only"
	if len(r.Ours) > 0 {
		may = "of ours " + strings.Join(r.Ours, ", ") + " only"
	}
	return "it may import " + may
}

// within reports whether an import path belongs to one of the modules.
func within(modules []string, importPath string) bool {
	return slices.ContainsFunc(modules, func(m string) bool {
		return m == anything || importPath == m || strings.HasPrefix(importPath, m+"/")
	})
}

// standard reports whether an import path is of the standard library, whose
// paths do not begin with a domain.
func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return path.Ext(first) == ""
}
