package history

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/history/internal/jsonvalue"
	"github.com/capsize-go/capsize/history/internal/lex"
	"github.com/stretchr/testify/require"
)

// noNaN returns a copy of v in which NaNs equal each other.
func noNaN(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) {
			return "NaN"
		}
	case []any:
		return noNaNs(v)
	case edn.List:
		return edn.List(noNaNs(v))
	case edn.Set:
		return edn.Set(noNaNs(v))
	case edn.Map:
		if v == nil {
			return v
		}
		m := make(edn.Map, len(v))
		for i, p := range v {
			m[i] = edn.Pair{Key: noNaN(p.Key), Value: noNaN(p.Value)}
		}
		return m
	case edn.Tagged:
		return edn.Tagged{Tag: v.Tag, Value: noNaN(v.Value)}
	case JepsenOp:
		return JepsenOp{F: v.F, Value: noNaN(v.Value), More: noNaN(v.More).(edn.Map)}
	}
	return v
}

func noNaNs(all []any) []any {
	c := make([]any, len(all))
	for i, v := range all {
		c[i] = noNaN(v)
	}
	return c
}

// comparableOps returns the ops of a history such that those of equal ones are equal.
func comparableOps(h *History) []Op {
	ops := slices.Collect(h.Ops())
	for i := range ops {
		ops[i].Input, ops[i].Output = noNaN(ops[i].Input), noNaN(ops[i].Output)
	}
	return orNone(ops)
}

// FuzzParseEDN: what is read is written, and read as the same value, from any
// pieces.
func FuzzParseEDN(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(edn.Must(randomEDN(rand.New(rand.NewPCG(seed, 5)), 3)))
	}
	for _, s := range []string{"#:a{:b 1} ", "; x\n#_ [1] 2", `"\ud83d\ude00\101"`, `\o101`, "##NaN", "1/2", "+1.5e3M", "#:_{_/5 1}", "[0x1F -017 36rZz]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := edn.Parse(text)
		if err != nil {
			return
		}
		once, err := edn.Append(nil, v)
		require.NoError(t, err)
		again, err := edn.Parse(string(once))
		require.NoError(t, err, "%q", once)
		require.Equal(t, noNaN(v), noNaN(again), "%q", once)
		pieces, err := edn.NewParser(iotest.OneByteReader(strings.NewReader(text))).Value(0)
		require.NoError(t, err)
		require.Equal(t, noNaN(v), noNaN(pieces))
		raw, err := jsonvalue.Append(nil, v)
		require.True(t, err != nil || json.Valid(raw), "%q", raw)
	})
}

// FuzzJepsenOp: the JSON of an op reads back as the same op.
func FuzzJepsenOp(f *testing.F) {
	for seed := range uint64(8) {
		for op := range randomJepsen(rand.New(rand.NewPCG(seed, 8))).Ops() {
			for _, v := range []any{op.Input, op.Output} {
				if b, err := json.Marshal(v); err == nil && v != nil {
					f.Add(b)
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		testTree(t, text)
		var op, again JepsenOp
		if json.Unmarshal(text, &op) != nil {
			return
		}
		b, err := json.Marshal(op)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(b, &again), "%s", b)
		require.Equal(t, noNaN(op), noNaN(again), "%s", b)
	})
}

// testTree compares the reader of generic JSON with encoding/json.
func testTree(t *testing.T, raw []byte) {
	t.Helper()
	got, ok := lex.QuickTree(raw)
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var want any
	if err := d.Decode(&want); err != nil || !json.Valid(raw) {
		require.False(t, ok, "%q", raw)
		return
	}
	if ok {
		require.Equal(t, noNaN(lex.Exact(want)), noNaN(got), "%q", raw)
	}
}

// FuzzJSONL reads with and without types.
func FuzzJSONL(f *testing.F) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 3))
		value := func() any { return randomValue(r, 2) }
		h := randomHistory(r, value, value)
		h = Of(opsOf(h)[:min(h.Len(), 8)]...)
		f.Add([]byte(jsonl(f, h)), byte(seed))
	}
	addEncoded(f, JSONL)
	f.Fuzz(func(t *testing.T, text []byte, how byte) {
		testCodec(t, text, howTo(JSONL, how), func(op Op) Op { return op })
		if _, err := ReadAs[ask, *int](bytes.NewReader(text), "h"); err != nil {
			testPlace(t, err, text)
		}
		h, err := Read(bytes.NewReader(text), "h")
		if err != nil {
			testPlace(t, err, text)
			return
		}
		again, err := Read(strings.NewReader(jsonl(t, h)), "h")
		require.NoError(t, err)
		require.Equal(t, comparableOps(h), comparableOps(again))
	})
}

// FuzzEDN reads Jepsen's files, and Maelstrom's.
func FuzzEDN(f *testing.F) {
	f.Add([]byte("{:type :invoke :value [:x nil]}\n#a.B{:type :ok :value [:x 1]}"), byte(2))
	f.Add([]byte("({:type :info :process :nemesis :f :start} #_ 1 ; no\n)"), byte(5))
	addEncoded(f, EDN)
	f.Fuzz(func(t *testing.T, text []byte, how byte) {
		opts := howTo(EDN, how)
		if how&4 != 0 {
			opts.Format = Maelstrom
		}
		testCodec(t, text, opts, func(op Op) Op { return op })
	})
}

// FuzzJSON reads elle-cli's files.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`[{"type":"invoke","value":["x",[["append",1,2]]],"process":0},`+"\n"+`{"type":"ok","value":["x",[["r",1,[2]]]],"process":0}]`), byte(2))
	f.Add([]byte(`{"type":"info","f":":a","error":":b","process":"nemesis","time":-1,"key":"k"}`), byte(0))
	f.Add([]byte(`[{"process":0,"type":"ok"},{"process":0,"type":"invoke"}]`), byte(0))
	f.Add([]byte(`[{"process":0,"type":"ok"},{"process":0,"type":"invoke"}]`), byte(2))
	f.Add([]byte("{\"process\":0,\"type\":\"invoke\",\"f\":\"\x92\",\"value\":{\"\x92\":\"\\ud800\"}}"), byte(1))
	addEncoded(f, JSON)
	f.Fuzz(func(t *testing.T, text []byte, how byte) {
		testTree(t, text)
		testCodec(t, text, howTo(JSON, how), func(op Op) Op { return op })
	})
}

// FuzzEtcd reads console logs.
func FuzzEtcd(f *testing.F) {
	f.Add([]byte("INFO jepsen.util - 1\t:info\t:cas\t[1 2]\t:timed-out\n"), byte(0))
	f.Add([]byte("x jepsen.util - :nemesis :info :start \"a\\u0020b\" down; \n\nINFO jepsen.util 3 :fail \"a\\tb\" :x"), byte(1))
	f.Add([]byte("2021-02-26 {GMT}\tINFO\t[jepsen worker 1] jepsen.util: 1\t:fail\t:txn\t[[:r 1 nil]]\tno [1]\n3 :ok :x nil"), byte(2))
	addEncoded(f, Etcd)
	f.Fuzz(func(t *testing.T, text []byte, how byte) {
		testCodec(t, text, howTo(Etcd, how), bare)
	})
}

// FuzzKV reads porcupine's logs of a key-value store.
func FuzzKV(f *testing.F) {
	f.Add([]byte("{:process 0, :type :invoke, :f :append, :key \"0\", :value \"x 0 0 y\"}\n{:process 0, :type :ok, :f :append, :key \"0\", :value \"x 0 0 y\"}"), byte(0))
	addEncoded(f, KV)
	f.Fuzz(func(t *testing.T, text []byte, how byte) {
		testCodec(t, text, howTo(KV, how), bare)
	})
}

// FuzzDetect reads what a file seems to be.
func FuzzDetect(f *testing.F) {
	for _, text := range register {
		f.Add([]byte(text), byte(0))
	}
	f.Fuzz(func(t *testing.T, text []byte, how byte) {
		format, err := Detect(text)
		opts := howTo(Auto, how)
		if err != nil {
			_, again := Decode(bytes.NewReader(text), "h", opts)
			require.Error(t, again)
			testPlace(t, again, text)
			return
		}
		h, err := Decode(bytes.NewReader(text), "h", opts)
		opts.Format = format
		same, sameErr := Decode(bytes.NewReader(text), "h", opts)
		require.Equal(t, err, sameErr)
		if err == nil {
			require.Equal(t, comparableOps(same), comparableOps(h))
		}
	})
}

// howTo returns options that a byte stands for.
func howTo(format Format, how byte) Options {
	return Options{Format: format, Lenient: how&1 == 0, Independent: how&2 != 0}
}

// addEncoded adds seeds in a format.
func addEncoded(f *testing.F, format Format) {
	for seed := range uint64(6) {
		h := randomJepsen(rand.New(rand.NewPCG(seed, 7)))
		h = Of(opsOf(h)[:min(h.Len(), 8)]...)
		var b bytes.Buffer
		if h.Encode(&b, Options{Format: format, Independent: format == Etcd}) == nil {
			f.Add(b.Bytes(), byte(0))
		}
	}
}

// bare returns what an op is in a format that has no place for times, nodes and
// other fields.
func bare(op Op) Op {
	j, ok := op.Output.(JepsenOp)
	if op.Process == Nemesis && !ok {
		op.Type, op.Input, op.Output = Info, nil, fault2jepsen(op)
	} else if op.Type == Invoke {
		j = op.Input.(JepsenOp)
	}
	j.More = nil
	op.Time, op.Node = 0, ""
	switch {
	case op.Process == Nemesis && !ok:
	case op.Type == Invoke:
		op.Input = j
	default:
		op.Output = j
	}
	return op
}

// testCodec decodes a file. What can be decoded can be encoded, and decoded again
// as what can be kept of it.
func testCodec(t *testing.T, text []byte, opts Options, kept func(Op) Op) {
	t.Helper()
	h, err := Decode(bytes.NewReader(text), "h", opts)
	if err != nil {
		testPlace(t, err, text)
		return
	}
	testOps(t, h)
	var b bytes.Buffer
	require.NoError(t, h.Encode(&b, opts))
	again, err := Decode(bytes.NewReader(b.Bytes()), "h", opts)
	require.NoError(t, err, "%s", b.Bytes())
	want := &History{}
	for op := range h.Ops() {
		want.Add(kept(op))
	}
	require.Equal(t, comparableOps(want), comparableOps(again), "%s", b.Bytes())
}

// testOps checks what holds of every history.
func testOps(t *testing.T, h *History) {
	t.Helper()
	last := time.Duration(math.MinInt64)
	for i, op := range opsOf(h) {
		require.Equal(t, i, op.Index)
		require.GreaterOrEqual(t, op.Time, last)
		last = op.Time
		require.NoError(t, op.check())
	}
	calls := slices.Collect(h.Calls())
	require.LessOrEqual(t, len(calls), h.Len())
}

// testPlace checks that an error names a line that the file has, and a reason.
func testPlace(t *testing.T, err error, text []byte) {
	t.Helper()
	var at *FileError
	require.ErrorAs(t, err, &at)
	require.Equal(t, "h", at.File)
	require.GreaterOrEqual(t, at.Line, 1)
	require.LessOrEqual(t, at.Line, 1+bytes.Count(text, []byte("\n")))
	require.NotEmpty(t, at.Err.Error())
}

// FuzzCalls reads files with one record a call.
func FuzzCalls(f *testing.F) {
	for _, text := range []string{
		`[{"ClientId":0,"Input":{"Op":1,"Key":"x","Value":"a"},"Call":10,"Output":{"Value":""},"Return":20}]`,
		`{"client":0,"op":"put","key":"x","value":"a","call":10,"return":20,"ok":true}`,
		`{"op":"cas","old":1,"new":2,"invoke_ts":"2026-09-15T03:26:02.6Z","return_ts":"2026-09-15T03:26:02.7Z","output":false}`,
		`{"h":1}` + "\n" + `{"op":"get","start_us":5,"latency_ms":0.5,"result":[1]}`,
	} {
		f.Add([]byte(text), byte(0))
	}
	f.Fuzz(func(t *testing.T, text []byte, how byte) {
		h, err := Decode(bytes.NewReader(text), "h", howTo(Calls, how))
		if err != nil {
			testPlace(t, err, text)
			return
		}
		testOps(t, h)
		require.NoError(t, h.Encode(&bytes.Buffer{}, Options{Format: EDN}))
	})
}
