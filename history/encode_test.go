package history

import (
	"bytes"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/history/internal/jsonvalue"
	"github.com/capsize-go/capsize/history/internal/lex"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func encode(t *testing.T, h *History, opts Options) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, h.Encode(&b, opts))
	return b.String()
}

// TestEncodeKeepsText writes what was read as it was.
func TestEncodeKeepsText(t *testing.T) {
	for name, c := range map[string]struct {
		opts Options
		text string
	}{
		"kv": {Options{Format: KV}, `{:process 0, :type :invoke, :f :append, :key "0", :value "x 0 0 y"}
{:process 1, :type :invoke, :f :get, :key "7", :value nil}
{:process 0, :type :ok, :f :append, :key "0", :value "x 0 0 y"}
{:process 1, :type :info, :f :get, :key "7", :value nil, :error :timed-out}
`},
		"etcd": {Options{Format: Etcd}, "INFO  jepsen.util - 0\t:invoke\t:read\tnil\n" +
			"INFO  jepsen.util - 1\t:invoke\t:cas\t[1 2]\n" +
			"INFO  jepsen.util - 0\t:fail\t:read\t:timed-out\n" +
			"INFO  jepsen.util - 1\t:info\t:cas\t[1 2]\t:timed-out\n" +
			"INFO  jepsen.util - 2\t:invoke\t:read\tnil\n" +
			"INFO  jepsen.util - 2\t:fail\t:read\tnil\tno such key\n" +
			"INFO  jepsen.util - :nemesis\t:info\t:start\t\"Cut off [\\\"n1\\\"]\"\n"},
		"etcd, independent": {Options{Format: Etcd, Independent: true}, "INFO  jepsen.util - 0\t:invoke\t:read\t[\"x\" nil]\n" +
			"INFO  jepsen.util - 0\t:ok\t:read\t[\"x\" 3]\n"},
		"json": {Options{Format: JSON}, `[{"index":0,"time":5,"process":1,"type":"invoke","f":"txn","value":[["append","x",1],["r","y",null]]},
{"index":1,"time":6,"process":"nemesis","type":"info","f":"start","value":null},
{"index":2,"time":7,"process":1,"type":"ok","f":"txn","value":[["append","x",1],["r","y",[1.0,2.5,true]]],"op-index":1},
{"index":3,"time":7,"process":2,"type":"invoke","f":null,"value":{"a":123456789012345678901234567890,"b":1.00000000000000000001}},
{"index":4,"time":8,"process":2,"type":"info","f":null,"value":null,"key":"k","node":"n1","error":"down"}]
`},
		"json, independent": {Options{Format: JSON, Independent: true}, `[{"index":0,"time":0,"process":0,"type":"invoke","f":"read","value":[3,null]},
{"index":1,"time":0,"process":0,"type":"ok","f":"read","value":[3,["a"]]},
{"index":2,"time":0,"process":0,"type":"invoke","f":"read","value":[":a",null]},
{"index":3,"time":0,"process":1,"type":"invoke","f":"read","value":[[1,{"b":1}],[["r",1,2]]]}]
`},
		"jsonl": {Options{}, `{"index":0,"time":5,"process":1,"type":"invoke","input":{"f":"w","value":3}}
{"index":1,"time":5,"process":1,"type":"info","output":{"f":"w","edn":"{:a 1}","more":"{:x #a/b 1}"}}
`},
	} {
		assert.Equal(t, c.text, encode(t, decode(t, c.text, c.opts), c.opts), name)
	}
}

func TestEncodeJSONLReadsJepsenOps(t *testing.T) {
	h := decode(t, "{:type :invoke, :process 0, :f :add, :value 1}\n{:type :ok, :process 0, :f :add, :value #{1}}\n", Options{})
	again := decode(t, encode(t, h, Options{}), Options{})
	assert.Equal(t, h, again)
	assert.IsType(t, JepsenOp{}, again.At(1).Output)
	for _, text := range []string{
		`{"process":0,"type":"invoke","input":{"f":"w","value":3}}` + "\n" + `{"process":0,"type":"ok","output":3}`,
		`{"process":"nemesis","type":"info","output":{"f":"a"}}` + "\n" + `{"process":0,"type":"info","output":{"f":"a","key":1}}`,
		`{"process":0,"type":"info","output":{"f":1}}`,
		`{"process":0,"type":"info","output":{"value":1}}`,
	} {
		for op := range decode(t, text, Options{Lenient: true}).Ops() {
			for _, v := range []any{op.Input, op.Output} {
				_, is := v.(JepsenOp)
				assert.False(t, is, text)
			}
		}
	}
}

func TestEncodeOursAsJSON(t *testing.T) {
	h := Of(
		Op{Time: 5, Process: 0, Node: "n1", Key: "x", Input: map[string]any{"f": "put", "key": "x", "value": "a"}},
		Op{Time: 6, Process: Nemesis, Key: "step 0", Input: "cut n1"},
		Op{Time: 7, Process: 0, Node: "n1", Type: OK, Key: "x", Output: ""},
		Op{Time: 8, Process: Nemesis, Type: OK, Key: "step 0"},
		Op{Time: 9, Process: 1, Key: "x", Input: map[string]any{"f": "get", "key": "x"}},
		Op{Time: 9, Process: 1, Key: "x", Type: OK, Output: "a"},
		Op{Time: 9, Process: 1, Key: "y", Input: map[string]any{"f": "cas", "key": "z", "old": 1, "value": 2}},
		Op{Time: 9, Process: 2, Key: "y", Input: map[string]any{"f": "cas", "key": "y", "old": 1, "value": 2}},
	)
	assert.Equal(t, `[{"index":0,"time":5,"process":0,"type":"invoke","f":"put","value":"a","key":"x","node":"n1"},
{"index":1,"time":6,"process":"nemesis","type":"info","f":"start","value":"cut n1","key":"step 0","capsize/type":"invoke"},
{"index":2,"time":7,"process":0,"type":"ok","f":"put","value":"a","key":"x","node":"n1","output":""},
{"index":3,"time":8,"process":"nemesis","type":"info","f":"stop","value":null,"key":"step 0","capsize/type":"ok"},
{"index":4,"time":9,"process":1,"type":"invoke","f":"get","value":null,"key":"x"},
{"index":5,"time":9,"process":1,"type":"ok","f":"get","value":"a","key":"x"},
{"index":6,"time":9,"process":1,"type":"invoke","f":"cas","value":{"key":"z","old":1,"value":2},"key":"y"},
{"index":7,"time":9,"process":2,"type":"invoke","f":"cas","value":{"old":1,"value":2},"key":"y"}]
`, encode(t, h, Options{Format: JSON}))
	again := decode(t, encode(t, h, Options{Format: JSON}), Options{})
	for _, i := range []int{1, 3} {
		assert.Equal(t, h.At(i), again.At(i), "what the nemesis did comes back")
	}
}

func TestAppendJSONValue(t *testing.T) {
	for _, c := range []struct {
		want string
		v    any
	}{
		{"null", nil}, {"null", lex.Null{}}, {"true", true}, {"3", 3}, {"3", int64(3)}, {`"a"`, edn.Keyword("a")}, {`"a"`, edn.Symbol("a")}, {`"é"`, edn.Char('é')},
		{"12345678901234567890", func() *big.Int { n, _ := new(big.Int).SetString("12345678901234567890", 10); return n }()}, {`"1/3"`, big.NewRat(1, 3)}, {"1.50", edn.Decimal("1.50")}, {`"1."`, edn.Decimal("1.")},
		{`"##NaN"`, math.NaN()}, {"1.0", 1.0}, {"0.5", 0.5}, {"[1,[]]", []any{1, edn.List{}}}, {`[{}]`, edn.Set{edn.Map{}}}, {`{"a":1,"1":2,"[x]":3}`, edn.Map{{Key: edn.Keyword("a"), Value: 1}, {Key: int64(1), Value: 2}, {Key: []any{edn.Symbol("x")}, Value: 3}}},
		{`{"a":1,"b":"c"}`, map[string]any{"b": edn.Keyword("c"), "a": 1}}, {`"2026"`, edn.Tagged{Tag: "inst", Value: "2026"}}, {`{"f":"put","value":1,"ptr":null}`, ask{F: "put", Value: 1}},
	} {
		b, err := jsonvalue.Append(nil, c.v)
		require.NoError(t, err)
		assert.Equal(t, c.want, string(b))
	}
	for want, v := range map[string]any{
		`b: two fields would have the name "a" in JSON`:            edn.Map{{Key: "b", Value: edn.Map{{Key: "a", Value: 1}, {Key: edn.Keyword("a"), Value: 2}}}},
		"value of type chan int: json: unsupported type: chan int": []any{make(chan int)},
	} {
		_, err := jsonvalue.Append(nil, v)
		require.EqualError(t, err, want)
	}
}

func TestEncodersRefuse(t *testing.T) {
	pair := JepsenOp{Value: []any{"x", 1}}
	more := func(m edn.Map) Op { return Op{Input: JepsenOp{More: m}} }
	bad := make(chan int)
	for _, c := range []struct {
		opts Options
		op   Op
		want string
	}{
		{Options{Format: EDN, Independent: true}, Op{Input: pair}, `encode op 0: the value of an op without a key is a pair: it would be read as one of key "x"`},
		{Options{Format: JSON}, Op{Process: -7}, "encode op 0: process -7 is negative"},
		{Options{Format: KV}, Op{Process: -7}, "encode op 0: process -7 is negative"},
		{Options{Format: Etcd}, Op{Process: -7}, "encode op 0: process -7 is negative"},
		{Options{Format: Etcd}, Op{Key: "x"}, `encode op 0: a log has no place for key "x", unless it is written as part of the value: as independent`},
		{Options{Format: JSON}, more(edn.Map{{Key: "value", Value: 1}}), `encode op 0: two fields would have the name "value" in JSON`},
		{Options{Format: JSON}, more(edn.Map{{Key: []any{bad}, Value: 1}}), "encode op 0: value of type chan int: json: unsupported type: chan int"},
		{Options{Format: JSON}, more(edn.Map{{Key: "x", Value: edn.Map{{Key: []any{bad}, Value: 1}}}}), "encode op 0: x: value of type chan int: json: unsupported type: chan int"},
		{Options{Format: KV}, Op{Input: bad}, "encode op 0: value of type chan int: json: unsupported type: chan int"},
		{Options{Format: Etcd}, Op{Input: bad}, "encode op 0: value of type chan int: json: unsupported type: chan int"},
	} {
		require.EqualError(t, Of(c.op).Encode(io.Discard, c.opts), c.want)
	}
	_, err := NewEncoder(io.Discard, Options{Format: 9})
	require.EqualError(t, err, "no writer for format(9)")
}

func TestEncoder(t *testing.T) {
	for format, want := range map[Format]string{JSONL: "", EDN: "", Etcd: "", JSON: "[]\n"} {
		assert.Equal(t, want, encode(t, Of(), Options{Format: format}))
	}
	var b bytes.Buffer
	e, err := NewEncoder(&b, Options{Format: JSON})
	require.NoError(t, err)
	require.Error(t, e.Encode(Op{Process: -3}))
	require.NoError(t, e.Encode(Op{Input: JepsenOp{F: "read"}}), "a refused op leaves no trace")
	require.Error(t, e.Encode(Op{Process: -3}))
	require.NoError(t, e.Close())
	assert.Equal(t, `[{"index":0,"time":0,"process":0,"type":"invoke","f":"read","value":null}]`+"\n", b.String())
	e, err = NewEncoder(&failing{}, Options{})
	require.NoError(t, err)
	require.NoError(t, e.Encode(Op{}))
	require.ErrorIs(t, e.Close(), os.ErrClosed)
}

// TestRoundTripKept writes histories in formats that keep less, and reads back
// what they keep.
func TestRoundTripKept(t *testing.T) {
	for seed := range uint64(100) {
		h := randomJepsen(rand.New(rand.NewPCG(seed, 9)))
		text := encode(t, h, Options{Format: EDN})
		testCodec(t, []byte(text), Options{Format: EDN}, func(op Op) Op { return op })
		testCodec(t, []byte(text), Options{Format: KV}, bare)
		for _, opts := range []Options{{Format: JSON}, {Format: Etcd, Independent: true}, {Format: JSON, Independent: true}} {
			var b bytes.Buffer
			if h.Encode(&b, opts) == nil { // some have fields of one name, or pairs for values
				kept := func(op Op) Op { return op }
				if opts.Format == Etcd {
					kept = bare
				}
				testCodec(t, b.Bytes(), opts, kept)
			}
		}
	}
}
