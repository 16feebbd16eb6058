package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

// A kind is a kind of page, and how to make one.
type kind struct {
	name    string
	verdict string // that the page must show; empty if it shows more than one run
	args    []string
	history string       // of a file for the command, if it needs one
	run     cluster.Func // of a system that is run here, if no command does
}

// findings are the runs whose first screens are measured, and of which there are pictures.
var findings = []kind{
	{name: "lease-reads", verdict: "invalid", args: words("run --bug lease-reads --nemesis leader --seed 1")},
	{name: "ack-before-sync", verdict: "invalid", args: words("run --bug ack-before-sync --nemesis crash --seed 1")},
	{name: "no-dedup", verdict: "invalid", args: words("run --bug no-dedup --nemesis lossy --seed 1")},
	{name: "unsafe-members", verdict: "invalid", args: words("run --bug unsafe-members --nemesis reshuffle --seed 1")},
	{name: "timeout-is-failure", verdict: "invalid", args: words("run --system quorumkv --bug timeout-is-failure --seed 1")},
	{name: "skip-deltas", verdict: "invalid", args: words("run --system crdtkv --bug skip-deltas --seed 2 --duration 12s")},
	{name: "dirty-reads", verdict: "invalid", args: words("run --system chainkv --bug dirty-reads --seed 1")},
	{name: "cache-aside-redis", verdict: "invalid", args: words("scenario cache-strategies --variant cache-aside-redis --seed 1 --show")},
	{name: "cdn-purge", verdict: "invalid", args: words("scenario cdn-purge --variant on-send --seed 1 --show")},
	{name: "retry-storm", verdict: "invalid", args: append(words("scenario retry-storm --variant naive-backoff --seed 1 --show --fault"), "backend down")},
	{name: "freeze", verdict: "invalid", args: words("scenario pool-freeze --variant sql --fault leak --seed 1 --show")},
}

// others are the other kinds of page that the command makes of one run or one history.
var others = []kind{
	{name: "valid", verdict: "valid", args: words("run --seed 1 --duration 20s")},
	{name: "unknown", verdict: "unknown", args: words("check reads-nothing.jsonl"), history: `
{"index":0,"time":0,"process":0,"type":"invoke","key":"x","input":{"f":"write","key":"x","value":1}}
{"index":1,"time":10,"process":0,"type":"ok","key":"x"}`},
	{name: "recorded", verdict: "invalid", args: words("check recorded.jsonl"), history: stale(0)},
	{name: "epoch", verdict: "invalid", args: words("check epoch.jsonl"), history: stale(1_764_547_200_000_000_000)},
	{name: "ordered", verdict: "invalid", args: words("check ordered.edn --model cas-register"), history: `
{:process 0, :type :invoke, :f :write, :value 3}
{:process 0, :type :ok, :f :write, :value 3}
{:process 1, :type :invoke, :f :read, :value nil}
{:process 1, :type :ok, :f :read, :value 4}`},
	{name: "empty", verdict: "unknown", args: words("check empty.jsonl"), history: "\n"},
	{name: "one call", verdict: "invalid", args: words("check one.jsonl --initial 0"), history: `
{"index":0,"time":0,"process":0,"type":"invoke","key":"x","input":{"f":"read","key":"x"}}
{"index":1,"time":10,"process":0,"type":"ok","key":"x","output":73}`},
}

// stale is a history with a stale read that begins at an instant, in nanoseconds.
func stale(at int64) string {
	var b strings.Builder
	op := func(index int, ms int64, process int, kind, rest string) {
		fmt.Fprintf(&b, `{"index":%d,"time":%d,"process":%d,"type":%q,"key":"x"%s}`+"\n", index, at+ms*1_000_000, process, kind, rest)
	}
	op(0, 0, 0, "invoke", `,"input":{"f":"write","key":"x","value":71}`)
	op(1, 10, 0, "ok", "")
	op(2, 20, 1, "invoke", `,"input":{"f":"write","key":"x","value":72}`)
	op(3, 30, 1, "ok", "")
	op(4, 40, 2, "invoke", `,"input":{"f":"read","key":"x"}`)
	op(5, 55, 2, "ok", `,"output":71`)
	return b.String()
}

// make makes the page of a kind.
func (k kind) make(t *testing.T) made {
	t.Helper()
	needBrowser(t)
	if k.run != nil {
		return makeRun(t, k)
	}
	if k.history != "" {
		require.NoError(t, os.MkdirAll(shared.work, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(shared.work, k.args[1]), []byte(strings.TrimLeft(k.history, "\n")), 0o644))
	}
	m := pageOf(t, k.args...)
	require.NotEmpty(t, m.file, "%v wrote no page:\n%s", k.args, m.output)
	return m
}
