package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/history/internal/lex"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ask and answer are what the typed tests keep in histories.
type ask struct {
	F     string         `json:"f"`
	Key   string         `json:"key,omitempty"`
	Value int64          `json:"value,omitempty"`
	Many  []int          `json:"many,omitempty"`
	Ptr   *int           `json:"ptr"`
	Bag   map[string]int `json:"bag,omitempty"`
}

func jsonl(t testing.TB, h *History) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, h.Write(&b))
	return b.String()
}

func TestWriteFormat(t *testing.T) {
	h := Of(
		Op{Time: 1428000301, Process: 2, Node: "n3", Type: Invoke, Key: "k2", Input: ask{F: "read"}},
		Op{Time: 1428000302, Process: Nemesis, Type: Invoke, Key: "step 1", Input: "cut n1 → n2"},
		Op{Time: 1428000303, Process: 2, Node: "n3", Type: OK, Key: "k2", Output: 0},
		Op{Time: 1428000304, Process: Nemesis, Type: OK, Key: "step 1"},
		Op{Time: 1428000305, Process: 0, Type: Invoke},
		Op{Time: 1428000306, Process: 0, Type: Info, Err: "timed out: \"<&>\" \x01"},
	)
	const want = `{"index":0,"time":1428000301,"process":2,"node":"n3","type":"invoke","key":"k2","input":{"f":"read","ptr":null}}
{"index":1,"time":1428000302,"process":"nemesis","type":"invoke","key":"step 1","input":"cut n1 → n2"}
{"index":2,"time":1428000303,"process":2,"node":"n3","type":"ok","key":"k2","output":0}
{"index":3,"time":1428000304,"process":"nemesis","type":"ok","key":"step 1"}
{"index":4,"time":1428000305,"process":0,"type":"invoke"}
{"index":5,"time":1428000306,"process":0,"type":"info","error":"timed out: \"\u003c\u0026\u003e\" \u0001"}
`
	assert.Equal(t, want, jsonl(t, h))
	digest, err := h.Digest()
	require.NoError(t, err)
	assert.Equal(t, "c7950459", digest[:8], "the digest is part of the format: saved runs are found by it")

	got, err := ReadAs[ask, int](strings.NewReader(want), "h")
	require.NoError(t, err)
	assert.Equal(t, h, got)
}

// randomHistory draws a history that is one.
func randomHistory(r *rand.Rand, in, out func() any) *History {
	h := &History{}
	var now time.Duration
	processes := []int{0, 1, 2, 3, 4}
	open, keys := map[int]bool{}, map[int]string{}
	faults := map[string]bool{}
	text := func() string {
		return []string{"", "n1", "a b", "é→\u2028", "\"\\\n\t", "<&>", "k\x7f"}[r.IntN(7)]
	}
	for range r.IntN(60) {
		now += time.Duration(r.IntN(3) * 1000)
		i := r.IntN(len(processes))
		op := Op{Time: now, Process: processes[i], Node: text(), Key: text()}
		switch {
		case r.IntN(10) == 0:
			op.Process = Nemesis
			if op.Type = OK; !faults[op.Key] {
				op.Type = Invoke
				if r.IntN(2) == 0 {
					op.Input = text()
				}
			}
			faults[op.Key] = !faults[op.Key]
		case !open[op.Process]:
			op.Type, op.Input = Invoke, in()
			open[op.Process], keys[op.Process] = true, op.Key
		default:
			op.Type = Type(1 + r.IntN(3))
			if op.Type == OK {
				op.Output = out()
			} else {
				op.Err = text()
			}
			open[op.Process], op.Key = false, keys[op.Process]
			if op.Type == Info {
				processes[i] += 5
			}
		}
		h.Add(op)
	}
	return h
}

func TestRoundTripTyped(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		number := func() int64 { return []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1<<53 + 1}[r.IntN(6)] }
		h := randomHistory(r, func() any {
			a := ask{F: "f\x00", Value: number()}
			if r.IntN(2) == 0 {
				a.Ptr = new(int)
			}
			if r.IntN(2) == 0 {
				a.Many, a.Bag = []int{1}, map[string]int{"b": 1, "a": 2}
			}
			return a
		}, func() any {
			if r.IntN(3) == 0 {
				return (*int64)(nil)
			}
			n := number()
			return &n
		})
		got, err := ReadAs[ask, *int64](strings.NewReader(jsonl(t, h)), "h")
		require.NoError(t, err, "seed %d", seed)
		require.Equal(t, opsOf(h), opsOf(got), "seed %d", seed)
	}
}

// opsOf returns the ops of a history.
func opsOf(h *History) []Op { return orNone(slices.Collect(h.Ops())) }

// orNone makes an empty history equal to one that has never had an op.
func orNone(ops []Op) []Op {
	if len(ops) == 0 {
		return nil
	}
	return ops
}

// randomValue draws a value that generic readers return.
func randomValue(r *rand.Rand, depth int) any {
	kinds := 11
	if depth == 0 {
		kinds = 9
	}
	switch r.IntN(kinds) {
	case 0:
		return r.IntN(2) == 0
	case 1:
		return int64(r.IntN(10))
	case 2:
		return []int64{math.MaxInt64, math.MinInt64, 1 << 53, 1<<53 + 1, -1, 0}[r.IntN(6)]
	case 3:
		return []float64{0.5, -1e-7, 1e-300, math.Pi, math.Copysign(0, -1)}[r.IntN(5)]
	case 4:
		return []json.Number{"9223372036854775808", "1e400", "0.12345678901234567890123", "100000000000000000000"}[r.IntN(4)]
	case 5, 6:
		return []string{"", "x", "é→\u2028", "\"\\\n", "<&>"}[r.IntN(5)]
	case 7, 8:
		if depth == 3 { // at the top
			return lex.Null{}
		}
		return nil
	case 9:
		v := make([]any, r.IntN(4))
		for i := range v {
			v[i] = randomValue(r, min(depth, 2)-1)
		}
		return v
	}
	v := map[string]any{}
	for range r.IntN(4) {
		v[fmt.Sprint("k", r.IntN(9))] = randomValue(r, min(depth, 2)-1)
	}
	return v
}

func TestRoundTripGeneric(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 2))
		value := func() any { return randomValue(r, 3) }
		h := randomHistory(r, value, value)
		text := jsonl(t, h)
		got, err := Read(strings.NewReader(text), "h")
		require.NoError(t, err, "seed %d", seed)
		require.Equal(t, opsOf(h), opsOf(got), "seed %d", seed)
		require.Equal(t, text, jsonl(t, got), "seed %d", seed)
		asAny, err := ReadAs[any, any](strings.NewReader(text), "h")
		require.NoError(t, err, "seed %d", seed)
		require.Equal(t, got, asAny, "seed %d", seed)
	}
}

func TestReadTypesWithTrees(t *testing.T) {
	h, err := ReadAs[map[string]any, []any](strings.NewReader(
		`{"process":0,"type":"invoke","input":{"a":9007199254740993}}
{"process":0,"type":"ok","output":[1,0.5,null]}`), "h")
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"a": int64(9007199254740993)}, h.At(0).Input)
	assert.Equal(t, []any{int64(1), 0.5, nil}, h.At(1).Output)
}

// TestReadRefuses has, for each mistake, the file, the line and what is said.
func TestReadRefuses(t *testing.T) {
	const invoke, ok = `{"index":0,"time":5,"process":1,"type":"invoke","input":1}` + "\n", `{"process":1,"type":"ok"}` + "\n"
	const nemesis = `{"process":"nemesis","type":"invoke","key":"s"}` + "\n"
	for name, c := range map[string]struct{ text, want string }{
		"index":              {invoke + `{"index":2,"process":1,"type":"ok"}`, "h:2: index: 2, but this is op 1 of the file, counted from 0"},
		"time falls":         {invoke + `{"time":4,"process":1,"type":"ok"}`, "h:2: time 4 is before 5, the time of the op before"},
		"unknown field":      {"\n\n" + `{"process":1,"type":"ok","valeu":1}`, `h:3: unknown field "valeu": an op has index, time, process, node, type, key, input, output, error`},
		"case of field":      {`{"Index":1}`, `h:1: unknown field "Index": an op has index, time, process, node, type, key, input, output, error`},
		"field twice":        {`{"index":0,"\u0069ndex":0}`, `h:1: field "index" stands there twice`},
		"no invocation":      {ok, "h:1: ok of process 1, but it has no pending call"},
		"second completion":  {invoke + ok + ok, "h:3: ok of process 1, but it has no pending call"},
		"still open":         {invoke + `{"process":1,"type":"invoke"}`, "h:2: process 1 invokes, but its call of line 1 is pending"},
		"after info":         {invoke + `{"process":1,"type":"info"}` + "\n" + `{"process":1,"type":"invoke"}`, "h:3: process 1 invokes, but its last call is indeterminate, by the info in line 2: it must go on as another process"},
		"fault open":         {nemesis + nemesis, `h:2: the nemesis invokes key "s", but its fault of line 1 is open`},
		"no fault":           {`{"process":"nemesis","type":"ok","key":"s"}`, `h:1: ok of the nemesis for key "s", but that has no open fault`},
		"fault's input":      {`{"process":"nemesis","type":"invoke","input":1}`, "h:1: input: 1 is no string"},
		"unknown type":       {`{"process":1,"type":"okay"}`, `h:1: type: type "okay" is none of invoke, ok, fail, info`},
		"no type":            {`{"process":1}`, "h:1: no type: it must be one of invoke, ok, fail, info"},
		"no process":         {`{"type":"ok"}`, `h:1: no process: it must be a number or "nemesis"`},
		"process":            {`{"process":"n1"}`, `h:1: process: "n1" is neither a number from 0 on nor "nemesis"`},
		"process is nemesis": {`{"process":-1}`, `h:1: process: -1 is neither a number from 0 on nor "nemesis"`},
		"float":              {`{"time":1.5}`, "h:1: time: 1.5 is no whole number of 64 bits"},
		"octal":              {`{"time":01}`, "h:1: time: 01 is no whole number of 64 bits"},
		"plus":               {`{"time":+1}`, "h:1: time: +1 is no whole number of 64 bits"},
		"node":               {`{"node":1}`, "h:1: node: 1 is no string"},
		"key":                {`{"key":"` + "\x01" + `"}`, "h:1: key: \"\x01\": invalid character '\\x01' in string literal"},
		"late input":         {invoke + `{"process":1,"type":"ok","input":1}`, "h:2: input on type ok: only an invoke has one"},
		"early output":       {`{"process":1,"type":"invoke","output":1}`, "h:1: output on type invoke: only a completion has one"},
		"bad input":          {`{"process":1,"type":"invoke","input":[1,]}`, "h:1: input: [1,]: invalid character ']' looking for beginning of value"},
		"bad literal":        {`{"process":1,"type":"invoke","input":nul}`, "h:1: input: nul is no JSON"},
		"bad string":         {`{"process":1,"type":"invoke","input":"\x"}`, `h:1: input: "\x": invalid character 'x' in string escape code`},
		"bad name":           {`{"\x":1}`, `h:1: name of a field: "\x": invalid character 'x' in string escape code`},
		"no object":          {`[1]`, "h:1: [1] is no JSON object"},
		"no name":            {`{1:2}`, "h:1: '1', instead of the name of a field"},
		"no colon":           {`{"index" 2}`, `h:1: '2' after the name "index", instead of a colon`},
		"no comma":           {`{"index":0 "time":1}`, `h:1: '"' after field "index", instead of a comma`},
		"no value":           {`{"index":,"time":1}`, `h:1: field "index" has no value`},
		"trailing":           {`{} x`, "h:1: x after the JSON object"},
		"empty object":       {`{}`, `h:1: no process: it must be a number or "nemesis"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(strings.NewReader(c.text), "h")
			require.EqualError(t, err, c.want)
			var f *FileError
			require.ErrorAs(t, err, &f)
			assert.Equal(t, "h", f.File)
		})
	}
}

func TestReadAsRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"null":          {`{"process":0,"type":"invoke","input":null}`, "history:1: input: null is no history.ask"},
		"unknown field": {`{"process":0,"type":"invoke","input":{"g":1}}`, `history:1: input: {"g":1}: json: unknown field "g"`},
		"wrong type":    {`{"process":0,"type":"invoke","input":{"f":1}}`, `history:1: input: {"f":1}: json: cannot unmarshal number into Go struct field ask.f of type string`},
		"bad literal":   {`{"process":0,"type":"invoke","input":nul}`, "history:1: input: nul: invalid character '\\n' in literal null (expecting 'l')"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadAs[ask, int](strings.NewReader(c.text), "")
			require.EqualError(t, err, c.want)
		})
	}
}

// TestReadCut cuts a history at every byte: what is left is either refused as
// cut, or whole.
func TestReadCut(t *testing.T) {
	text := jsonl(t, Of(
		Op{Time: 12, Process: 10, Node: "n1", Key: "k\"", Type: Invoke, Input: map[string]any{"a": []any{true, "\\"}}},
		Op{Time: 123, Process: 10, Node: "n1", Key: "k\"", Type: OK, Output: int64(12)},
	))
	for i := range len(text) {
		h, err := Read(strings.NewReader(text[:i]), "h")
		if whole := strings.Count(text[:i], "}\n"); i == 0 || text[i-1] == '\n' || strings.HasPrefix(text[i:], "\n") {
			require.NoError(t, err)
			require.Equal(t, whole, h.Len()-strings.Count(text[i:min(i+1, len(text))], "\n"))
			continue
		}
		require.ErrorIs(t, err, lex.ErrCut, text[:i])
		require.ErrorContains(t, err, "the last line is cut short")
	}
}

func TestReadForgives(t *testing.T) {
	h, err := Read(strings.NewReader("\ufeff\r\n\r\n { \"type\" : \"invoke\" ,\t\"process\":3 } \r\n\n"), "h")
	require.NoError(t, err)
	assert.Equal(t, []Op{{Process: 3}}, opsOf(h))
	c := firstCall(t, h)
	assert.True(t, c.Open())
}

func firstCall(t *testing.T, h *History) Call {
	t.Helper()
	for c := range h.Calls() {
		return c
	}
	t.Fatal("no call")
	return Call{}
}

func TestReadLongLines(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	h := Of(Op{Type: Invoke, Input: strings.Repeat("x", 3<<20)}, Op{Type: OK, Output: "short"})
	got, err := Read(iotest.HalfReader(strings.NewReader(jsonl(t, h))), "h")
	require.NoError(t, err)
	assert.Equal(t, h, got)

	_, err = Read(io.MultiReader(strings.NewReader("{}\n{"), endless{}), "h")
	require.EqualError(t, err, `h:1: no process: it must be a number or "nemesis"`)
	_, err = Read(io.MultiReader(strings.NewReader("\n{"), endless{}), "h")
	require.EqualError(t, err, "h:2: longer than 64 MiB")
}

// endless yields blanks.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestReadFails(t *testing.T) {
	broken := errors.New("broken")
	_, err := Read(io.MultiReader(strings.NewReader("\n"), iotest.ErrReader(broken)), "h")
	require.ErrorIs(t, err, broken)
	_, err = Read(io.MultiReader(strings.NewReader("{\"pro"), iotest.ErrReader(broken)), "h")
	require.EqualError(t, err, "h:1: read: broken")
}

func TestWriteRefuses(t *testing.T) {
	for want, op := range map[string]Op{
		"encode op 0: type 4 is none of invoke, ok, fail, info":                  {Type: 4},
		"encode op 0: process -2 is negative":                                    {Process: -2},
		"encode op 0: input on type ok: only an invoke has one":                  {Type: OK, Input: 1},
		"encode op 0: output on type invoke: only a completion has one":          {Output: 1},
		"encode op 0: input of the nemesis is of type int: it must be a string":  {Process: Nemesis, Input: 1},
		"encode op 0: input of type float64: json: unsupported value: NaN":       {Input: math.NaN()},
		"encode op 0: output of type chan int: json: unsupported type: chan int": {Type: OK, Output: make(chan int)},
	} {
		require.EqualError(t, Of(op).Write(io.Discard), want)
		_, err := Of(op).Digest()
		require.EqualError(t, err, "digest: "+want)
	}
}

// failing fails from the nth write on.
type failing struct{ n int }

func (f *failing) Write(p []byte) (int, error) {
	if f.n--; f.n < 0 {
		return 0, os.ErrClosed
	}
	return len(p), nil
}

func TestWriteFails(t *testing.T) {
	h := &History{}
	for i := range 1000 {
		h.Add(Op{Process: i, Input: strings.Repeat("x", 100)})
	}
	require.ErrorIs(t, h.Write(&failing{}), os.ErrClosed)
	require.ErrorIs(t, h.Write(&failing{n: 4}), os.ErrClosed)
	require.NoError(t, h.Write(&failing{n: 5}))
}

func TestNull(t *testing.T) {
	assert.Equal(t, "null", fmt.Sprint(lex.Null{}))
	h := Of(Op{Type: Invoke}, Op{Type: OK, Output: lex.Null{}})
	got, err := Read(strings.NewReader(jsonl(t, h)), "h")
	require.NoError(t, err)
	assert.Equal(t, h, got)
}

func TestScanStops(t *testing.T) {
	text := jsonl(t, Of(Op{Process: 1}, Op{Process: 2}, Op{Process: 3}))
	n := 0
	for range scanJSONL(strings.NewReader(text), "h", opReader{in: lex.Generic, out: lex.Generic, note: lex.Generic}) {
		if n++; n == 2 {
			break
		}
	}
	assert.Equal(t, 2, n)
}

func TestReaderRemembersFewNames(t *testing.T) {
	r := opReader{}
	for i := range lex.MaxNames + 10 {
		s, err := r.name(fmt.Appendf(nil, "%q", fmt.Sprint(i)))
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(i), s)
	}
	assert.Len(t, r.names, lex.MaxNames)

	r = opReader{}
	long := strings.Repeat("x", lex.MaxName)
	s, err := r.name([]byte(`"` + long + `"`))
	require.NoError(t, err)
	assert.Equal(t, long, s)
	assert.Empty(t, r.names, "long ones are not kept")
	p := edn.NewText(":" + long)
	v, err := p.Only()
	require.NoError(t, err)
	assert.Equal(t, edn.Keyword(long), v)
	var rec records
	assert.Equal(t, ":"+long, rec.errText(v))
	assert.Equal(t, long+"x", rec.internBytes([]byte(long+"x")))
	assert.Empty(t, rec.texts)
	assert.Empty(t, rec.strings)
}

// benchHistory is a history of a register under load.
func benchHistory(n int) *History {
	h := &History{}
	for i := range n / 2 {
		p, key := i%20, fmt.Sprint("k", i%5)
		h.Add(Op{Time: time.Duration(i) * time.Microsecond, Process: p, Node: "n3", Key: key, Input: ask{F: "write", Key: key, Value: int64(i)}})
		h.Add(Op{Time: time.Duration(i)*time.Microsecond + 500, Process: p, Node: "n3", Type: OK, Key: key, Output: i})
	}
	return h
}

func BenchmarkWrite(b *testing.B) {
	h := benchHistory(10000)
	size := len(jsonl(b, h))
	b.ReportAllocs()
	for b.Loop() {
		if err := h.Write(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	perOp(b, h.Len(), size)
}

func BenchmarkDigest(b *testing.B) {
	h := benchHistory(10000)
	for b.Loop() {
		if _, err := h.Digest(); err != nil {
			b.Fatal(err)
		}
	}
	perOp(b, h.Len(), len(jsonl(b, h)))
}

func BenchmarkRead(b *testing.B)   { benchRead(b, Read) }
func BenchmarkReadAs(b *testing.B) { benchRead(b, ReadAs[ask, int]) }

func benchRead(b *testing.B, read func(io.Reader, string) (*History, error)) {
	h := benchHistory(10000)
	text := jsonl(b, h)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := read(strings.NewReader(text), "h"); err != nil {
			b.Fatal(err)
		}
	}
	perOp(b, h.Len(), len(text))
}

// perOp reports what one op takes.
func perOp(b *testing.B, ops, size int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(ops), "ns/op-of-history")
	b.ReportMetric(float64(size)/float64(ops), "bytes/op-of-history")
	b.SetBytes(int64(size))
}
