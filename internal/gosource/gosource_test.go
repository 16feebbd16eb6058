package gosource_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/gosource"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// faults are of every kind, with and without their parameters.
var faults = []nemesis.Fault{
	nemesis.Partitions(), nemesis.Partitions(nemesis.Shapes()...), nemesis.Partitions(nemesis.Cut("n1 | n2 n3"), nemesis.Shape("n1 \"x\"")), nemesis.Crashes(nemesis.Hosts("n1", "n3")),
	nemesis.Slow(0), nemesis.Slow(1500 * time.Microsecond),
	nemesis.Latency(0, cluster.Constant), nemesis.Latency(time.Second, cluster.Uniform), nemesis.Latency(time.Nanosecond, cluster.Exponential), nemesis.Latency(time.Hour, cluster.LongTail),
	nemesis.Lossy(0), nemesis.Lossy(0.25), nemesis.Duplicates(0.5), nemesis.Reorders(1e-7), nemesis.Corrupts(0, false), nemesis.Corrupts(0.1, true),
	nemesis.Bandwidth(0), nemesis.Bandwidth(1 << 20), nemesis.HalfOpen(), nemesis.Flaps(0), nemesis.Flaps(time.Second, nemesis.OneClient),
	nemesis.Clogs(), nemesis.Clogs(nemesis.Nth(3, 1), nemesis.WithRole(`lock "holder"`)),
	nemesis.Crashes(), nemesis.Crashes(nemesis.Victims()...), nemesis.PowerCuts(cluster.Nothing), nemesis.PowerCuts(cluster.Prefix, nemesis.Everyone),
	nemesis.PowerCuts(cluster.Torn), nemesis.PowerCuts(cluster.Sectors), nemesis.CrashesInWrite(nemesis.TheLeader), nemesis.Kills(nemesis.Everyone), nemesis.Vanishes(),
	nemesis.Pauses(nemesis.ClientVictims()...), nemesis.SlowHosts(0), nemesis.SlowHosts(90*time.Minute, nemesis.Minority), nemesis.Reconfigures(),
	nemesis.ReconfiguresTo("n2", "n4"), nemesis.SlowNodes(0, "n1"), nemesis.SlowNodes(time.Second, "n1", "n2"), nemesis.HalfOpenFrom("n1", "n2"),
	nemesis.ClockSkew(time.Second), nemesis.ClockDrift(0), nemesis.ClockDrift(12.5, nemesis.TheLeader), nemesis.ClockJumps(0, 0), nemesis.ClockJumps(0, time.Second),
	nemesis.ClockStrobe(time.Second), nemesis.FsyncLies(), nemesis.Beyond(nemesis.FsyncLies(nemesis.Majority)), nemesis.FsyncFails(nemesis.OneNode),
	nemesis.DiskErrors(0.1), nemesis.DiskFull(), nemesis.ReadOnlyDisk(nemesis.AFollower), nemesis.SlowDisk(time.Second), nemesis.DiskHangs(0),
	nemesis.BitRot(3), nemesis.Beyond(nemesis.BitRot(0)), nemesis.Misdirects(0.2), nemesis.Beyond(nemesis.Misdirects(0)),
	nemesis.Degrades(""), nemesis.Degrades(cluster.StuckLock, nemesis.OneNode), nemesis.DNS(""), nemesis.DNS(cluster.SlowNames),
	nemesis.On(cluster.LeaderChange, nemesis.Partitions(nemesis.Leader)), nemesis.On(cluster.Boot, nemesis.On(cluster.SyncBegins, nemesis.Crashes())),
}

// asJSON returns a fault as a plan in a file has it.
func asJSON(t *testing.T, f nemesis.Fault) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(nemesis.Plan{{ID: 1, Fault: f}})
	require.NoError(t, err)
	var steps []struct{ Fault json.RawMessage }
	require.NoError(t, json.Unmarshal(b, &steps))
	return steps[0].Fault
}

// TestFaults has a program make each fault from its source: as JSON it is the same.
func TestFaults(t *testing.T) {
	var want, sources []string
	var kinds []string
	file := gosource.File{Package: "main"}
	for _, f := range faults {
		raw := asJSON(t, f)
		text, needs := file.Fault(raw)
		assert.False(t, needs, "%s has a constructor, not %s", raw, text)
		want, sources = append(want, string(raw)), append(sources, text)
		kinds = append(kinds, nemesis.Kind(f))
		if strings.HasPrefix(string(raw), `{"kind":"on"`) {
			kinds = append(kinds, "on")
		}
	}
	for _, kind := range nemesis.Kinds() {
		assert.Contains(t, kinds, kind, "a kind without an example here")
	}
	for _, odd := range []string{`{"kind":"fsync-fails","times":2}`, `{"kind":"half-open","p":1}`, `{"kind":"its own"}`, `{"kind":"on","occasion":"boot","fault":{"kind":"its own"}}`, `{"kind":"lossy","p":"x"}`, `{}`} {
		text, needs := file.Fault(json.RawMessage(odd))
		assert.True(t, needs)
		assert.Equal(t, "faultOf(`"+strings.Trim(odd, "`")+"`)", strings.Replace(text, `"{}"`, "`{}`", 1))
	}
	source := "package main\n\nimport (\n" + strings.Join(append(file.Imports(), `"encoding/json"`, `"fmt"`), "\n") + "\n)\n\n" +
		"func main() {\n\tfor _, f := range []nemesis.Fault{\n\t\t" + strings.Join(sources, ",\n\t\t") + ",\n\t} {\n" +
		"\t\tb, err := json.Marshal(nemesis.Plan{{ID: 1, Fault: f}})\n\t\tfmt.Println(string(b), err)\n\t}\n}\n"
	out := runProgram(t, source)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, len(want))
	for i := range want {
		assert.Equal(t, `[{"id":1,"at":"0s","for":"0s","fault":`+want[i]+`}] <nil>`, lines[i], sources[i])
	}
}

// runProgram runs the source of a program in a folder of this module, and returns what it prints.
func runProgram(t *testing.T, source string) string {
	t.Helper()
	dir, err := os.MkdirTemp(".", "testdata-program-")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "main.go")
	require.NoError(t, os.WriteFile(file, []byte(source), 0o644))
	cmd := exec.Command("go", "run", "./"+file)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	require.NoError(t, cmd.Run(), "%s\n%s", stderr.String(), source)
	return out.String()
}

type local struct {
	Name  string
	small int
	Next  *local
}

type hidden struct{ F func() }

// TestValues has values of all kinds, and the expressions of them in a package of tests.
func TestValues(t *testing.T) {
	const here = "github.com/capsize-go/capsize/internal/gosource_test"
	for _, c := range []struct {
		value any
		want  string
	}{
		{nil, "nil"}, {7, "7"}, {-7, "-7"}, {int64(7), "int64(7)"}, {uint8(7), "uint8(7)"}, {true, "true"}, {"a\nb", `"a\nb"`}, {`say "x"`, "`say \"x\"`"}, {"\xff", `"\xff"`},
		{1.5, "1.5"}, {2.0, "float64(2)"}, {1e100, "1e+100"}, {float32(0.1), "float32(0.1)"}, {math.Inf(-1), "math.Inf(-1)"},
		{time.Duration(0), "time.Duration(0)"}, {90 * time.Second, "90*time.Second"}, {time.Second, "time.Second"}, {1500 * time.Microsecond, "1500*time.Microsecond"}, {-time.Nanosecond, "-1*time.Nanosecond"},
		{model.RegisterOp{F: "write", Key: "k1", Value: 7}, `model.RegisterOp{F: "write", Key: "k1", Value: 7}`},
		{model.RegisterOp{}, `model.RegisterOp{}`},
		{[]int{1, 2}, "[]int{1, 2}"}, {[]int(nil), "[]int(nil)"}, {[]int{}, "[]int{}"}, {[2]string{"a"}, `[2]string{"a", ""}`}, {[]any{1, "a", nil}, `[]any{1, "a", nil}`},
		{map[string]float64{"b": 2, "a": 1}, `map[string]float64{"a": 1, "b": 2}`}, {new(7), "new(7)"}, {(*int)(nil), "(*int)(nil)"},
		{local{Name: "x", small: 1, Next: &local{}}, `local{Name: "x", small: 1, Next: &local{}}`},
		{nemesis.OneNode, `nemesis.Victim("one")`}, {workloads.Operation{At: time.Second}, "workloads.Operation{At: time.Second}"},
	} {
		f := gosource.File{Package: here}
		got, err := f.Value(c.value)
		require.NoError(t, err, "%v", c.value)
		assert.Equal(t, c.want, got)
	}
	f := gosource.File{Package: "example.com/shop"}
	for value, want := range map[any]string{
		local{}:                     "type gosource_test.local of package " + here + " can't be written in Go source",
		&hidden{}:                   "type gosource_test.hidden of package " + here + " can't be written in Go source",
		struct{ A int }{}:           "type struct { A int } can't be written in Go source",
		time.Unix(1, 0):             "field wall of time.Time can't be written in Go source",
		&f:                          "type gosource.File of package github.com/capsize-go/capsize/internal/gosource can't be written in Go source",
		[1]chan int{make(chan int)}: "type chan int can't be written in Go source",
	} {
		_, err := f.Value(value)
		if value == any(time.Unix(1, 0)) {
			require.ErrorContains(t, err, "of time.Time can't be written in Go source")
			continue
		}
		require.EqualError(t, err, want)
	}
	assert.Empty(t, f.Imports(), "what could not be written needs no imports")
	_, err := f.Value(hidden{F: func() {}}.F)
	require.EqualError(t, err, "a value of type func() can't be written in Go source")
}

// TestImports has two packages of one name.
func TestImports(t *testing.T) {
	var f gosource.File
	f.Reserve("example.com/unused", "fault")
	f.Reserve("example.com/model", "model")
	assert.Equal(t, "fault2", f.Use("example.com/fault", "fault"))
	assert.Equal(t, "model", f.Use("example.com/model", "m"))
	assert.Equal(t, "model2", f.Use("example.com/other/model", "model"))
	assert.Equal(t, "raft", f.Use("go.etcd.io/raft/v3", "raft"))
	assert.Equal(t, "time", f.Use("time", "time"))
	assert.Equal(t, "model2", f.Use("example.com/other/model", "model"))
	assert.Equal(t, []string{`"time"`, "", `fault2 "example.com/fault"`, `"example.com/model"`, `model2 "example.com/other/model"`, `raft "go.etcd.io/raft/v3"`}, f.Imports())
	assert.Equal(t, "fault2", f.Names()["example.com/fault"])
	assert.NotContains(t, f.Names(), "example.com/unused")
}
