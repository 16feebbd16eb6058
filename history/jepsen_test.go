package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/history/internal/lex"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func decode(t testing.TB, text string, opts Options) *History {
	t.Helper()
	h, err := Decode(strings.NewReader(text), "h", opts)
	require.NoError(t, err)
	return h
}

// register is a history in the formats of others; all have the same ops.
var register = map[Format]string{
	EDN: `; made by hand
[{:type :invoke, :f :write, :value 3, :process 0, :time 10}
 #jepsen.history.Op{:index 1, :time 20, :type :invoke, :process 1, :f :cas, :value [3 4]}
 {:type :info, :f :kill, :process :nemesis, :value #{"n1"} :time 25}
 {:type :ok :process 0 :f :write :value 3 :time 30} #_ {:type :bogus}
 {:type :fail, :process 1, :f :cas, :value [3 4], :error :not-found, :time 40, :extra {:a 1}}
 {:type :invoke, :process 0, :f :read, :value nil, :time 50}]
`,
	JSON: `[{"type":"invoke","f":"write","value":3,"process":0,"time":10},
{"index":1,"time":20,"type":"invoke","process":1,"f":"cas","value":[3,4]},
{"type":"info","f":"kill","process":"nemesis","value":["n1"],"time":25},
{"type":"ok","process":0,"f":"write","value":3,"time":30},
{"type":"fail","process":1,"f":"cas","value":[3,4],"error":":not-found","time":40,"extra":{"a":1}},
{"type":"invoke","process":0,"f":"read","value":null,"time":50}]
`,
}

func TestDecodeRegister(t *testing.T) {
	pair := []any{int64(3), int64(4)}
	more := edn.Map{{Key: edn.Keyword("extra"), Value: edn.Map{{Key: edn.Keyword("a"), Value: int64(1)}}}}
	want := Of(
		Op{Time: 10, Process: 0, Input: JepsenOp{F: "write", Value: int64(3)}},
		Op{Time: 20, Process: 1, Input: JepsenOp{F: "cas", Value: pair}},
		Op{Time: 25, Process: Nemesis, Type: Info, Output: JepsenOp{F: "kill", Value: edn.Set{"n1"}}},
		Op{Time: 30, Process: 0, Type: OK, Output: JepsenOp{F: "write", Value: int64(3)}},
		Op{Time: 40, Process: 1, Type: Fail, Err: ":not-found", Output: JepsenOp{F: "cas", Value: pair, More: more}},
		Op{Time: 50, Process: 0, Input: JepsenOp{F: "read"}},
	)
	assert.Equal(t, want, decode(t, register[EDN], Options{}))
	assert.Equal(t, want, decode(t, register[EDN], Options{Format: Maelstrom}))

	ops := opsOf(want)
	ops[2].Output = JepsenOp{F: "kill", Value: []any{"n1"}}
	ops[4].Output = JepsenOp{F: "cas", Value: pair, More: edn.Map{{Key: edn.Keyword("extra"), Value: edn.Map{{Key: "a", Value: int64(1)}}}}}
	want = Of(ops...)
	assert.Equal(t, want, decode(t, register[JSON], Options{}))
	stream := strings.ReplaceAll(strings.Trim(register[JSON], "[]\n"), "},\n", "}\n")
	assert.Equal(t, want, decode(t, stream, Options{}))

	var c []string
	for call := range want.Calls() {
		c = append(c, fmt.Sprint(call.Invoke.Input, " ", call.Complete.Type))
	}
	assert.Equal(t, []string{"write 3 ok", "cas [3 4] fail", "read info"}, c)
}

func TestDecodeLog(t *testing.T) {
	const log = "INFO  jepsen.core - hello\tworld\n" +
		"INFO  jepsen.util - 3\t:invoke\t:write\t[1 2]\n" +
		"INFO [2021-04-13 23:32:29,761] jepsen worker 0 - jepsen.util 4\t:invoke\t:read\tnil\n" +
		"INFO  jepsen.util - :nemesis\t:info\t:start\tnil\n" +
		"\tat java.lang.Thread\n" +
		"INFO  jepsen.util - 3\t:ok\t:write\t[1 2]\n" +
		"INFO  jepsen.util - 4   :info   :read   :timed-out\n" +
		"INFO  jepsen.util - 3   :invoke :cas    [1 2]\n" +
		"INFO  jepsen.util - 3   :fail   :cas    [1 2] [:not \"found\"]\n" +
		"INFO  jepsen.util - 3   :invoke :cas    [1 2]\n" +
		"INFO  jepsen.util - 3   :fail   :cas    [1 2]\tno such key\n"
	pair := []any{int64(1), int64(2)}
	want := Of(
		Op{Process: 3, Input: JepsenOp{F: "write", Value: pair}},
		Op{Process: 4, Input: JepsenOp{F: "read"}},
		Op{Process: Nemesis, Type: Info, Output: JepsenOp{F: "start"}},
		Op{Process: 3, Type: OK, Output: JepsenOp{F: "write", Value: pair}},
		Op{Process: 4, Type: Info, Err: ":timed-out", Output: JepsenOp{F: "read", Value: edn.Keyword("timed-out")}},
		Op{Process: 3, Input: JepsenOp{F: "cas", Value: pair}},
		Op{Process: 3, Type: Fail, Err: `[:not "found"]`, Output: JepsenOp{F: "cas", Value: pair}},
		Op{Process: 3, Input: JepsenOp{F: "cas", Value: pair}},
		Op{Process: 3, Type: Fail, Err: "no such key", Output: JepsenOp{F: "cas", Value: pair}},
	)
	assert.Equal(t, want, decode(t, log, Options{}))
	for _, mark := range []string{"", "2021-02-26 11:42:48,813{GMT}\tINFO\t[jepsen worker 1] jepsen.util: "} {
		other := strings.ReplaceAll(strings.ReplaceAll(log, "INFO  jepsen.util - ", mark), "jepsen worker 0 - jepsen.util ", "jepsen worker 0 - jepsen.util: ")
		assert.Equal(t, want, decode(t, other, Options{}), mark)
	}
}

func TestDecodeKV(t *testing.T) {
	const log = `{:process 0, :type :invoke, :f :append, :key "0", :value "x 0 0 y"}
{:process 0, :type :ok, :f :append, :key "0", :value "x 0 0 y"}
`
	h := decode(t, log, Options{})
	assert.Equal(t, Op{Key: "0", Input: JepsenOp{F: "append", Value: "x 0 0 y"}}, h.At(0))
	assert.Equal(t, h, decode(t, log, Options{Format: KV}))
}

func TestDecodeIndependent(t *testing.T) {
	const text = `{:process 0, :type :invoke, :f :read, :value [:x nil]}
{:process 1, :type :invoke, :f :cas, :value [7 [1 2]]}
{:process 0, :type :info, :f :read, :value ["y" 3]}
{:process 2, :type :invoke, :f :sync, :value nil}
{:process :nemesis, :type :info, :f :cut, :value [1 2]}
`
	h := decode(t, text, Options{Independent: true})
	keys := []string{}
	for op := range h.Ops() {
		keys = append(keys, op.Key)
	}
	assert.Equal(t, []string{":x", "7", "y", "", ""}, keys)
	assert.Equal(t, JepsenOp{F: "cas", Value: []any{int64(1), int64(2)}}, h.At(1).Input)
	assert.Equal(t, JepsenOp{F: "cut", Value: []any{int64(1), int64(2)}}, h.At(4).Output)

	var b bytes.Buffer
	require.NoError(t, h.Encode(&b, Options{Format: EDN, Independent: true}))
	assert.Contains(t, b.String(), ":value [:x nil]}")
	assert.Contains(t, b.String(), ":value [7 [1 2]]}")
	assert.Contains(t, b.String(), `:value ["y" 3]}`)
	assert.Equal(t, h, decode(t, b.String(), Options{Independent: true}))
	assert.NotEqual(t, h, decode(t, b.String(), Options{}))
}

func TestDecodeWithoutProcesses(t *testing.T) {
	const text = `{:type :invoke :f :read}
{:type :invoke :f :write :value 1}
{:type :ok :f :write :value 1}
{:type :invoke :f :write :value 2}
{:type :info :f :write :value 2}
{:type :info :process :nemesis :f :start}
{:type :invoke :f :write :value 3}
{:type :ok :f :read :value 5}
{:type :ok :f :stray}
`
	h := decode(t, text, Options{Lenient: true})
	var processes []int
	for op := range h.Ops() {
		processes = append(processes, op.Process)
	}
	assert.Equal(t, []int{0, 1, 1, 1, 1, -1, 2, 0, 0}, processes)
	_, err := Decode(strings.NewReader(text+"{:type :invoke :process 3}"), "h", Options{Lenient: true})
	require.EqualError(t, err, "h:10: this op has no process and others have one, or it has one and others have none")
}

func TestDecodeKeepsOddFields(t *testing.T) {
	const text = `{:checker "Set" :ops 3}
{:index 10 :time -1 :type :invoke :process 0 :f [a 1] :key 7 :node nil "s" 1}
{:index 11 :time 30 :type :ok :process 0 :f nil :node "n1" :error nil}
{:index 2 :time 20 :type :ok :process :nemesis :f foo :value 1}
`
	h := decode(t, text, Options{})
	assert.Equal(t, []Op{
		{Index: 0, Key: "7", Input: JepsenOp{F: "[a 1]", More: edn.Map{{Key: edn.Keyword("node"), Value: nil}, {Key: "s", Value: int64(1)}, {Key: edn.Keyword("index"), Value: int64(10)}, {Key: edn.Keyword("time"), Value: int64(-1)}}}},
		{Index: 1, Time: 30, Type: OK, Node: "n1", Output: JepsenOp{Unknown: true, More: edn.Map{{Key: edn.Keyword("index"), Value: int64(11)}}}},
		{Index: 2, Time: 30, Type: Info, Process: Nemesis, Output: JepsenOp{F: "foo", Value: int64(1),
			More: edn.Map{{Key: edn.Keyword("time"), Value: int64(20)}, {Key: edn.Keyword("type"), Value: edn.Keyword("ok")}}}},
	}, opsOf(h))
	var b bytes.Buffer
	require.NoError(t, h.Encode(&b, Options{Format: EDN}))
	assert.Equal(t, `{:index 10, :time -1, :process 0, :type :invoke, :f [a 1], :value nil, :key "7", :node nil, "s" 1}
{:index 11, :time 30, :process 0, :type :ok, :f nil, :node "n1"}
{:index 2, :time 20, :process :nemesis, :type :ok, :f :foo, :value 1}
`, b.String())
	testRewritten(t, h)
}

func TestDecodeRefuses(t *testing.T) {
	const invoke = "{:type :invoke :process 1 :f :x}\n"
	for name, c := range map[string]struct {
		text, want string
		format     Format
	}{
		"no type":          {invoke + "{:process 1}", "h:2: no type: it must be one of invoke, ok, fail, info", 0},
		"header":           {invoke + "{:a 1}", "h:2: neither type, process, f nor value: that is no op", 0},
		"type":             {"{:type :okay}", `h:1: type "okay" is none of invoke, ok, fail, info`, 0},
		"process":          {"{:type :ok :process :n1}", "h:1: process :n1 is neither a number from 0 on, nor a name, nor :nemesis", 0},
		"process string":   {`{:type :ok :process 1} {:type :invoke :process "n1"}`, `h:1: process "n1" is a name, and others have numbers`, 0},
		"negative process": {"{:type :ok :process -1}", "h:1: process -1 is neither a number from 0 on, nor a name, nor :nemesis", 0},
		"index":            {"{:type :ok :index :a}", "h:1: index :a is no whole number", 0},
		"time":             {"{:type :ok :time 1.5}", "h:1: time 1.5 is no whole number of 64 bits", 0},
		"twice":            {"{:type :ok\n:type :ok}", "h:2: field :type stands there twice", 0},
		"no map":           {invoke + "7", "h:2: '7', instead of the map of an op", 0},
		"vector inside":    {invoke + "[]", "h:2: [] is no op: a vector of process, type, f and value", 0},
		"tagged":           {"#a.B 7", "h:1: '7', instead of the map of an op", 0},
		"tag":              {"[#'a 7]", "h:1: #'a is no tag", 0},
		"tag at the end":   {"[#a", "h:1: the file is cut short: it ends within a value", 0},
		"cut":              {"[" + invoke, "h:2: the file is cut short: it ends within a value", 0},
		"cut in op":        {invoke + "{:type :ok", "h:2: the file is cut short: it ends within a value", 0},
		"cut in value":     {invoke + "{:type", "h:2: the file is cut short: it ends within a value", 0},
		"after the end":    {"[]\n 7", "h:2: '7' after the end of the history", 0},
		"bad value":        {"(\n" + invoke + "{:type :ok :value 1x})", "h:3: 1x is no number", 0},
		"json type":        {`{"type":"okay","f":"x"}`, `h:1: type "okay" is none of invoke, ok, fail, info`, 0},
		"json value":       {`[{"type":"ok","value":[1,]}]`, "h:1: invalid character ']' looking for beginning of value", 0},
		"json twice":       {"[{\"f\":1,\n\"type\":\"ok\",\"time\":\"x\"}]", `h:2: time "x" is no whole number of 64 bits`, 0},
		"json late":        {"[{\"type\":\"ok\",\n\n\"process\":1x}]", "h:3: invalid character 'x' after object key:value pair", 0},
		"json later":       {"[{\"type\":\"ok\",\n\n\"process\":1}\n,{\"type\":\nx}]", "h:5: invalid character 'x' looking for beginning of value", 0},
		"json no object":   {"[{\"type\":\"ok\",\"process\":1},\n\n7]", "h:3: 7 is no JSON object", 0},
		"json cut":         {"[{\"type\":\"ok\",\"process\":1},\n{", "h:2: the file is cut short: it ends within a value", 0},
		"json cut array":   {"[{\"type\":\"ok\",\"process\":1}\n", "h:2: the file is cut short: it ends within a value", JSON},
		"json after":       {"[]\n7", "h:2: 7 after the end of the history", JSON},
		"json junk after":  {"[]\nx", "h:2: invalid character 'x' looking for beginning of value", JSON},
		"json bracket":     {"[}", "h:1: invalid character '}' looking for beginning of value", JSON},
		"log process":      {"INFO jepsen.util - x\t:ok\t:f\tnil", "h:1: process: process x is neither a number from 0 on, nor a name, nor :nemesis", 0},
		"log f":            {"\nINFO jepsen.util - 1\t:ok\t(\tnil", "h:2: f: the file is cut short: it ends within a value", 0},
		"log value":        {"INFO jepsen.util - 1\t:ok\t:f\t[", "h:1: value: the file is cut short: it ends within a value", 0},
		"unknown":          {"hello", `h:1: unknown format: it begins with "hello"`, 0},
		"format":           {"hello", `h:1: no reader for format(77)`, 77},
		"ours":             {`{"process":1,"type":"okay"}`, `h:1: type: type "okay" is none of invoke, ok, fail, info`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode(strings.NewReader(c.text), "h", Options{Format: c.format, Lenient: true})
			require.EqualError(t, err, c.want)
		})
	}
}

func TestDecodeStrict(t *testing.T) {
	for format, text := range map[Format]string{
		EDN:   "{:type :ok :process 1}",
		JSON:  `{"type":"ok","process":1,"f":null}`,
		JSONL: `{"type":"ok","process":1}`,
		Etcd:  "INFO jepsen.util - 1\t:ok\t:read\t1",
	} {
		assert.Equal(t, 1, decode(t, text, Options{Lenient: true}).Len())
		for _, f := range []Format{Auto, format} {
			_, err := Decode(strings.NewReader(text), "h", Options{Format: f})
			require.EqualError(t, err, "h:1: ok of process 1, but it has no pending call")
		}
	}
	h := decode(t, "{:type :fail :process :nemesis :capsize/type :fail}", Options{})
	assert.Equal(t, Fail, h.At(0).Type)
	_, err := Decode(strings.NewReader("{:type :ok :process 1 :capsize/type :bogus}"), "h", Options{})
	require.ErrorContains(t, err, "bogus")
}

func TestDetect(t *testing.T) {
	for text, want := range map[string]Format{
		"": JSONL, " \n": JSONL, "; c": EDN, "[]": EDN, "[ ; c\n{:a 1}]": EDN, "()": EDN, "#a.B{:f :x}": EDN,
		`{"a" 1}`: EDN, "{:f": EDN, "{:f 1x}": EDN, `{:f :get :key "a"}`: KV, `{:f :get :key "a" :index 1}`: EDN,
		`{:f :read :key "a"}`: EDN, `[{"a":1}]`: JSON, "[\n {\n \"a\" : 1}]": JSON, `{"f":"x"}`: JSON,
		"{\n\"type\":\"ok\",\n\"value\":1,": JSON, `{"index":0,"type":"ok"}`: JSONL, "\ufeff{\"index\":0": JSONL,
		"INFO jepsen.util - 1\t:ok\t:f\tnil": Etcd, "WARN x\n\nINFO jepsen.util - 1 :ok :f nil\n": Etcd,
		"2021-02-26 11:42:48,813{GMT}\tINFO\t[main] jepsen.cli: Test options\n": Etcd, ":nemesis\t:info\t:start\tnil": Etcd,
		`{:error "jepsen.util - 1 :ok :f nil"}`: EDN,
	} {
		got, err := Detect([]byte(text))
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
		for _, f := range []Format{got, Auto} {
			name, err := ParseFormat(f.String())
			require.NoError(t, err)
			assert.Equal(t, f, name)
		}
	}
	for _, text := range []string{"hello", "7", `"x"`, "]", "jepsen.util - 1 :ok", "jepsen.util - ", "-3 :ok :f nil", "in this INFO you see", "all of the INFO"} {
		_, err := Detect([]byte(text))
		require.ErrorContains(t, err, "unknown format", text)
	}
	_, err := ParseFormat("xml")
	require.EqualError(t, err, `format "xml" is none of auto, jsonl, edn, json, etcd, kv, maelstrom, calls`)
	assert.Equal(t, "format(9)", Format(9).String())
}

func TestDecodeEmpty(t *testing.T) {
	for f := Auto; f <= Maelstrom; f++ {
		for _, text := range []string{"", "\n", "\ufeff"} {
			assert.Zero(t, decode(t, text, Options{Format: f}).Len(), f)
		}
	}
	assert.Zero(t, decode(t, "[]", Options{Format: JSON}).Len())
	assert.Zero(t, decode(t, `{"a":1}`, Options{Format: JSON}).Len())
	assert.Zero(t, decode(t, "\ufeff[]", Options{}).Len())
}

func TestScanStopsWhenAsked(t *testing.T) {
	texts := map[Format]string{
		JSONL: `{"type":"ok","process":1}` + "\n" + `{"type":"ok","process":1}`,
		Etcd:  "jepsen.util 1 :ok :f 1\njepsen.util 1 :ok :f 1",
		EDN:   register[EDN], JSON: register[JSON],
	}
	for f, text := range texts {
		for op, err := range Scan(strings.NewReader(text), "h", Options{Format: f, Lenient: true}) {
			require.NoError(t, err)
			assert.Zero(t, op.Index)
			break
		}
	}
}

func TestScanFails(t *testing.T) {
	broken := errors.New("broken")
	for f := Auto; f <= Maelstrom; f++ {
		for _, text := range []string{"", "[", "[{", "\n"} {
			r := io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken))
			_, err := Decode(r, "h", Options{Format: f})
			require.ErrorIs(t, err, broken, "%v %q", f, text)
		}
	}
}

func TestScanBoundsMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for f, text := range map[Format]string{JSON: `[{"f":"`, JSONL: `{"f":"`} { // the others read by the same means
		_, err := Decode(io.MultiReader(strings.NewReader(text), again{'z'}), "h", Options{Format: f})
		require.EqualError(t, err, "h:1: longer than 64 MiB", f)
	}
}

// TestEncodeOurs writes a history of ours as EDN, and reads it back.
func TestEncodeOurs(t *testing.T) {
	h := Of(
		Op{Time: 5, Process: 0, Node: "n1", Key: "x", Input: ask{F: "write", Value: 3, Ptr: new(int)}},
		Op{Time: 6, Process: Nemesis, Key: "step 0", Input: "cut n1"},
		Op{Time: 7, Process: 0, Node: "n1", Type: OK, Key: "x", Output: 3},
		Op{Time: 8, Process: Nemesis, Type: OK, Key: "step 0"},
		Op{Time: 9, Process: 1, Input: "plain"},
		Op{Time: 9, Process: 1, Type: Info, Err: "timed [out]"},
		Op{Time: 9, Process: 2, Input: map[string]any{"f": "read", "value": []any{[]any{"r", 1}}}},
		Op{Time: 10, Process: Nemesis, Key: "step 1"},
		Op{Time: 11, Process: Nemesis, Type: Fail, Key: "step 1", Err: "[no]"},
		Op{Time: 12, Process: 3, Input: swapping{4}},
		Op{Time: 13, Process: 3, Type: OK, Output: 5},
		Op{Time: 14, Process: 3},
		Op{Time: 15, Process: 3, Type: OK},
	)
	const want = `{:index 0, :time 5, :process 0, :type :invoke, :f :write, :value {:ptr 0, :value 3}, :key "x", :node "n1"}
{:index 1, :time 6, :process :nemesis, :type :info, :f :start, :value "cut n1", :key "step 0", :capsize/type :invoke}
{:index 2, :time 7, :process 0, :type :ok, :f :write, :value {:ptr 0, :value 3}, :key "x", :node "n1", :output 3}
{:index 3, :time 8, :process :nemesis, :type :info, :f :stop, :value nil, :key "step 0", :capsize/type :ok}
{:index 4, :time 9, :process 1, :type :invoke, :f nil, :value "plain"}
{:index 5, :time 9, :process 1, :type :info, :f nil, :value "plain", :error "timed [out]"}
{:index 6, :time 9, :process 2, :type :invoke, :f :read, :value [[:r 1]]}
{:index 7, :time 10, :process :nemesis, :type :info, :f :start, :value nil, :key "step 1", :capsize/type :invoke}
{:index 8, :time 11, :process :nemesis, :type :info, :f :stop, :value nil, :key "step 1", :capsize/type :fail, :error "[no]"}
{:index 9, :time 12, :process 3, :type :invoke, :f :cas, :value [4 5]}
{:index 10, :time 13, :process 3, :type :fail, :f :cas, :value [4 5]}
{:index 11, :time 14, :process 3, :type :invoke, :f nil, :value nil}
{:index 12, :time 15, :process 3, :type :ok, :f nil, :value nil}
`
	var b bytes.Buffer
	require.NoError(t, h.Encode(&b, Options{Format: EDN}))
	got := strings.ReplaceAll(b.String(), ":error [no]", `:error "[no]"`)
	assert.Equal(t, want, got)
	again := decode(t, b.String(), Options{})
	for _, i := range []int{1, 3, 7, 8} {
		assert.Equal(t, h.At(i), again.At(i), "what the nemesis did comes back")
	}
	testRewritten(t, again)

	b.Reset()
	require.NoError(t, h.Encode(&b, Options{}))
	assert.Equal(t, jsonl(t, h), b.String())
}

// swapping is an input that knows how Jepsen spells it.
type swapping struct{ old int }

func (s swapping) Jepsen(t Type, output any) (Type, JepsenOp) {
	if t == OK && output != s.old {
		t = Fail
	}
	return t, JepsenOp{F: "cas", Value: []any{s.old, s.old + 1}}
}

func TestEncodeRefuses(t *testing.T) {
	for want, op := range map[string]Op{
		"encode op 0: process -5 is negative":                                   {Process: -5},
		"encode op 0: value of type chan int: json: unsupported type: chan int": {Input: make(chan int)},
	} {
		require.EqualError(t, Of(op).Encode(io.Discard, Options{Format: EDN}), want)
	}
	for _, more := range []edn.Map{{{Key: make(chan int), Value: 1}}, {{Key: "a", Value: make(chan int)}}, {{Key: edn.Keyword("index"), Value: make(chan int)}},
		{{Key: edn.Keyword("time"), Value: make(chan int)}}, {{Key: edn.Keyword("type"), Value: make(chan int)}}} {
		require.Error(t, Of(Op{Input: JepsenOp{More: more}}).Encode(io.Discard, Options{Format: EDN}))
	}
	require.EqualError(t, Of().Encode(io.Discard, Options{Format: 9}), "no writer for format(9)")
}

func TestAsJepsen(t *testing.T) {
	type number struct{ F int }
	for _, v := range []any{nil, lex.Null{}, "f", 1, int64(1), 1.5, true, []int{1}, number{1}, map[string]any{"f": 1}, make(chan int)} {
		_, ok := AsJepsen(v)
		assert.False(t, ok, v)
	}
	in := map[string]any{"f": "txn", "value": []any{[]any{"r", json.Number("1")}}}
	op, ok := AsJepsen(in)
	assert.True(t, ok)
	assert.Equal(t, JepsenOp{F: "txn", Value: []any{[]any{edn.Keyword("r"), big64(1)}}}, op)
	assert.Equal(t, "r", in["value"].([]any)[0].([]any)[0], "what is in the history stays as it is")

	op, _ = AsJepsen(edn.Map{{Key: edn.Keyword("f"), Value: "cas"}, {Key: edn.Keyword("old"), Value: 1}, {Key: "new", Value: 2}})
	assert.Equal(t, JepsenOp{F: "cas", Value: edn.Map{{Key: edn.Keyword("old"), Value: 1}, {Key: edn.Keyword("new"), Value: 2}}}, op)
	op, _ = AsJepsen(map[string]any{"f": "x", "more": 1})
	assert.Equal(t, JepsenOp{F: "x", Value: edn.Map{{Key: edn.Keyword("more"), Value: 1}}}, op)

	odd := JepsenOp{F: "x", Value: edn.Set{edn.Keyword("a")}, More: edn.Map{{Key: edn.Keyword("b"), Value: int64(1)}}}
	h := Of(Op{Input: odd})
	generic, err := Read(strings.NewReader(jsonl(t, h)), "h")
	require.NoError(t, err)
	op, _ = AsJepsen(generic.At(0).Input)
	assert.Equal(t, odd, op)
}

// big64 is what a json.Number becomes.
func big64(n int64) any { return n }

func TestJepsenOpJSON(t *testing.T) {
	for want, op := range map[string]JepsenOp{
		`{"f":""}`:            {},
		`{"f":"read"}`:        {F: "read"},
		`{"f":"w","value":3}`: {F: "w", Value: int64(3)},
		`{"f":"","value":[["append",1,2],["r",1,null]]}`: {Value: []any{[]any{edn.Keyword("append"), int64(1), int64(2)}, []any{edn.Keyword("r"), int64(1), nil}}},
		`{"f":"","edn":"[[\"a\" 1]]"}`:                   {Value: []any{[]any{"a", int64(1)}}},
		`{"f":"","edn":"[[:a] 1]"}`:                      {Value: []any{[]any{edn.Keyword("a")}, int64(1)}},
		`{"f":"","edn":"[[:a] [1]]"}`:                    {Value: []any{[]any{edn.Keyword("a")}, []any{int64(1)}}},
		`{"f":"","edn":"[[:a :b]]"}`:                     {Value: []any{[]any{edn.Keyword("a"), edn.Keyword("b")}}},
		`{"f":"","edn":":timed-out"}`:                    {Value: edn.Keyword("timed-out")},
		`{"f":"","edn":"1.0"}`:                           {Value: 1.0},
		`{"f":"","edn":"##Inf"}`:                         {Value: math.Inf(1)},
		`{"f":"","value":0.5}`:                           {Value: 0.5},
		`{"f":"","value":{"a":1,"b":[true]}}`:            {Value: edn.Map{{Key: "a", Value: int64(1)}, {Key: "b", Value: []any{true}}}},
		`{"f":"","edn":"{\"b\" 1, \"a\" 2}"}`:            {Value: edn.Map{{Key: "b", Value: int64(1)}, {Key: "a", Value: int64(2)}}},
		`{"f":"","edn":"{0 1}"}`:                         {Value: edn.Map{{Key: int64(0), Value: int64(1)}}},
		`{"f":"","edn":"[{0 1}]"}`:                       {Value: []any{edn.Map{{Key: int64(0), Value: int64(1)}}}},
		`{"f":"x","more":"{:op-index 1}"}`:               {F: "x", More: edn.Map{{Key: edn.Keyword("op-index"), Value: int64(1)}}},
	} {
		b, err := json.Marshal(op)
		require.NoError(t, err)
		assert.Equal(t, want, string(b))
		var again JepsenOp
		require.NoError(t, json.Unmarshal(b, &again), want)
		assert.Equal(t, op, again)
	}
	var op JepsenOp
	require.NoError(t, json.Unmarshal([]byte(`{"value":[9223372036854775808,1.00000000000000000001,["r"]]}`), &op))
	assert.Equal(t, []any{func() *big.Int { n, _ := new(big.Int).SetString("9223372036854775808", 10); return n }(), edn.Decimal("1.00000000000000000001"), []any{"r"}}, op.Value)
	for text, want := range map[string]string{
		`{"g":1}`:        `unknown field "g": a JepsenOp has f, value, edn, more, unknown`,
		`{"f":1}`:        "f: 1 is no string",
		`{"edn":1}`:      "edn: 1 is no string",
		`{"edn":"["}`:    "edn: the file is cut short: it ends within a value",
		`{"more":1}`:     "more: 1 is no string",
		`{"more":"[1]"}`: "more: [1] is no map",
		`[]`:             "[] is no JSON object",
	} {
		require.EqualError(t, json.Unmarshal([]byte(text), &op), want)
	}
	for _, op := range []JepsenOp{{Value: make(chan int)}, {More: edn.Map{{Key: "a", Value: make(chan int)}}}, {Value: []any{edn.Set{make(chan int)}}}} {
		_, err := json.Marshal(op)
		require.Error(t, err)
	}
}

func TestJepsenOpString(t *testing.T) {
	assert.Equal(t, "read", JepsenOp{F: "read"}.String())
	assert.Equal(t, "[1]", JepsenOp{Value: []any{1}}.String())
	assert.Equal(t, "write :a", JepsenOp{F: "write", Value: edn.Keyword("a")}.String())
}

// again yields one byte again and again.
type again struct{ c byte }

func (e again) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.c
	}
	return len(p), nil
}
