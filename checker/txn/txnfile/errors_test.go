package txnfile_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/txnfile"
)

func TestWhatIsWrongIsSaid(t *testing.T) {
	const invoke = "{:process 0, :type :invoke, :f :txn, :value [[:append :x 1] [:r :y nil]]}\n"
	rw := txnfile.Options{Kind: txn.Registers}
	for name, c := range map[string]struct {
		text string
		opts txnfile.Options
		want string
	}{
		"stray completion":         {"{:process 0, :type :ok, :f :txn, :value []}", txnfile.Options{}, "history:1: ok of process 0, but it has no pending transaction"},
		"two pending":              {invoke + invoke, txnfile.Options{}, "history:2: process 0 invokes, but its transaction of line 1 is pending"},
		"after info":               {invoke + "{:process 0, :type :info, :f :txn}\n" + invoke, txnfile.Options{}, "history:3: process 0 invokes, but its last transaction is indeterminate, by the info in line 2"},
		"another value":            {invoke + "{:process 0, :type :ok, :f :txn, :value [[:append :x 2] [:r :y nil]]}", txnfile.Options{}, "history:2: ok of process 0 does not fit its invocation in line 1: process 0: operation 1"},
		"another key":              {invoke + "{:process 0, :type :ok, :f :txn, :value [[:append :x 1] [:r :z nil]]}", txnfile.Options{}, "operation 2 of the transaction is another"},
		"another f":                {invoke + "{:process 0, :type :ok, :f :txn, :value [[:append :x 1] [:append :y 1]]}", txnfile.Options{}, "operation 2 of the transaction is another"},
		"fewer operations":         {invoke + "{:process 0, :type :ok, :f :txn, :value [[:append :x 1]]}", txnfile.Options{}, "invoked with 2 operations and completed with 1"},
		"ok with nil":              {invoke + "{:process 0, :type :ok, :f :txn, :value nil}", txnfile.Options{}, "history:2: ok of process 0 does not fit"},
		"unknown operation":        {"\n\n{:process 0, :type :invoke, :f :txn, :value [[:cas :x 1]]}", txnfile.Options{}, "history:3: operation 1 of the transaction: :cas is none of the operations append, r, w, insert, delete and rp"},
		"a poll":                   {"{:process 0, :type :invoke, :f :txn, :value [[:poll]]}", txnfile.Options{}, "history:1: "},
		"a send":                   {"{:process 0, :type :invoke, :f :txn, :value [[:send 1 2]]}", txnfile.Options{}, "--model kafka"},
		"no type":                  {"{:process 0, :f :txn, :value []}", txnfile.Options{}, "history:1: no type"},
		"no such type":             {"{:process 0, :type :maybe, :f :txn, :value []}", txnfile.Options{}, "maybe"},
		"no process and one":       {"{:type :invoke, :value [[:append 1 1]]}\n" + invoke, txnfile.Options{}, "history:2: this op has a process, but that of line 1 has none"},
		"a process and none":       {invoke + "{:type :invoke, :value [[:append 1 1]]}", txnfile.Options{}, "history:2: this op has no process, but that of line 1 has one"},
		"negative process":         {"{:process -1, :type :invoke, :value []}", txnfile.Options{}, "process -1 is negative"},
		"twice":                    {"{:process 0, :process 1, :type :invoke, :value []}", txnfile.Options{}, "field process stands there twice"},
		"no value":                 {"{:process 0, :type :invoke, :f :txn}", txnfile.Options{}, "history:1: an invocation without a value"},
		"no list":                  {"{:process 0, :type :invoke, :f :add, :value 3}", txnfile.Options{}, "history:1: f add: value 3 is no transaction"},
		"write of nothing":         {"{:process 0, :type :invoke, :value [[:w :x nil]]}", rw, "[:w :x nil] has no value"},
		"a symbol":                 {"{:process 0, :type :invoke, :value [[:w x 1]]}", rw, "key x is a symbol"},
		"a list in registers":      {"{:process 0, :type :invoke, :value [[:r :x [1]]]}", rw, "read of a list is not for the model rw-register: this seems to be a history for --model list-append"},
		"append in registers":      {invoke, rw, "operation append is not for the model rw-register: this seems to be a history for --model list-append"},
		"write in lists":           {"{:process 0, :type :invoke, :value [[:w :x 1]]}", txnfile.Options{}, "operation w is not for the model list-append: this seems to be a history for --model rw-register"},
		"rows in registers":        {"{:process 0, :type :invoke, :value [[:rp :true nil]]}", rw, "--model predicate"},
		"both":                     {"{:process 0, :type :invoke, :value [[:w :x 1] [:append :y 1]]}", txnfile.Options{Guess: true}, "has both lists and single values"},
		"cut short":                {"{:process 0, :type :invoke, :value [[:append :x 1]", txnfile.Options{}, "history:1: the file is cut short"},
		"cut vector":               {"[" + invoke, txnfile.Options{}, "history:2: the file is cut short"},
		"after the vector":         {"[" + invoke + "] 3", txnfile.Options{}, `after the end of the history`},
		"neither":                  {invoke + "{:a 1}", txnfile.Options{}, "history:2: neither type, process, f nor value"},
		"no map":                   {invoke + "7", txnfile.Options{Format: txnfile.EDN}, `history:2: '7', instead of the map of an op`},
		"in the order of the ends": {"{:process 0, :type :invoke, :time 10, :value [[:r 1 nil]]}\n{:process 0, :type :ok, :time 50, :value [[:r 1 nil]]}\n{:process 1, :type :invoke, :time 20, :value [[:r 1 nil]]}\n{:process 1, :type :ok, :time 60, :value [[:r 1 nil]]}", txnfile.Options{}, "history:3: a transaction begins at 20, before those of earlier lines ended"},
		"JSON":                     {`[{"process":0,"type":"invoke","value":[["append",1,1]]},` + "\n" + `{"process":0,"type":"ok","value":[["append",1,}]`, txnfile.Options{}, "history:2: "},
		"JSON cut short":           {`[{"process":0,"type":"invoke","value":[["append",1,1]]},`, txnfile.Options{}, "cut short"},
		"JSON without commas":      {`{"process":0,"type":"invoke","value":[["append" 1 1]]}`, txnfile.Options{Format: txnfile.JSON}, "history:1: "},
		"Plume":                    {"r(1,2,3,4)\nx(1,2,3,4)", rw, `history:2: "x(1,2,3,4)" is no operation`},
		"Plume's value":            {"r(1,2,3,4)\nw(1,-2,3,4)", rw, `history:2: value "-2" is no whole number`},
		"Plume for lists":          {"w(1,2,3,4)", txnfile.Options{}, "history:1: operation w is not for the model list-append"},
		"AWDIT":                    {"w 1 2\nr 1", rw, `history:2: "r 1" is no operation`},
		"AWDIT's value":            {"w 1 2\nr 1 b", rw, `history:2: "b" is no whole number`},
		"dbcop":                    {string(dbcopFile()[:80]), txnfile.Options{Kind: txn.Registers, Format: txnfile.DBCop}, "is cut short"},
		"Cobra":                    {"S12345678W", txnfile.Options{Kind: txn.Registers, Format: txnfile.Cobra}, "byte 9: the log is cut short"},
		"Cobra's letter":           {"S12345678X", txnfile.Options{Kind: txn.Registers, Format: txnfile.Cobra}, "byte 9: 'X' is none of"},
		"the log of a test":        {"INFO [2020-01-01] jepsen.util - 0 :invoke :read nil", txnfile.Options{}, "which has no transactions"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := txnfile.Read(strings.NewReader(c.text), "", c.opts)
			if err == nil {
				t.Fatalf("no error, but %d transactions", len(f.History.Txns))
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

func TestLenientReaderSaysWhatItAssumed(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"completions only": {"{:process 0, :type :ok, :value [[:append 1 1]]}\n{:process 1, :type :ok, :value [[:r 1 [1]]]}",
			"2 completions without an invocation were taken for transactions that may have begun at any time before (the first in line 1)"},
		"two pending": {"{:process 0, :type :invoke, :value [[:append 1 1]]}\n{:process 0, :type :invoke, :value [[:append 1 2]]}\n{:process 0, :type :ok, :value [[:append 1 1]]}\n{:process 0, :type :ok, :value [[:append 1 2]]}",
			"1 transaction began while its process had another pending: it was taken for one of another process (line 2)"},
		"wrong answer": {"{:process 0, :type :invoke, :value [[:append 1 1]]}\n{:process 0, :type :ok, :value [[:append 1 3]]}",
			"1 completion did not fit its invocation: the transaction was taken for an indeterminate one (line 2)"},
		"after info": {"{:process 0, :type :invoke, :value [[:append 1 1]]}\n{:process 0, :type :info}\n{:process 0, :type :invoke, :value [[:append 1 3]]}",
			"1 transaction began after an indeterminate one of its process: it was taken for one of another process (line 3)"},
	} {
		f, err := txnfile.Read(strings.NewReader(c.text), "", txnfile.Options{Lenient: true})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := f.Assumed.String(); got != c.want {
			t.Errorf("%s: assumed %s\nwant %s", name, got, c.want)
		}
	}
}

// dbcopFile returns a history as Rust's bincode writes it: two sessions, of which the second has one transaction that failed.
func dbcopFile() []byte {
	var b []byte
	number := func(n uint64) { b = binary.LittleEndian.AppendUint64(b, n) }
	text := func(s string) {
		number(uint64(len(s)))
		b = append(b, s...)
	}
	event := func(write bool, key, value uint64, success bool) {
		flag := map[bool]byte{true: 1}
		b = append(b, flag[write])
		number(key)
		number(value)
		b = append(b, flag[success])
	}
	for range 5 {
		number(2)
	}
	text("generated")
	text("2019-05-01T10:00:00.123456789+02:00")
	text("2019-05-01T10:00:01.123456789+02:00")
	number(2) // sessions
	number(1) // transactions
	number(3) // events
	event(true, 5, 1, true)
	event(false, 6, 0, true)
	event(false, 7, 0, false)
	b = append(b, 1)
	number(2)
	number(1)
	event(true, 5, 2, true)
	b = append(b, 0)
	number(1)
	event(false, 5, 1, true)
	b = append(b, 1)
	return b
}

func TestFormatsOfSessions(t *testing.T) {
	cobra := func(parts ...any) string {
		var b bytes.Buffer
		for _, p := range parts {
			switch p := p.(type) {
			case byte:
				b.WriteByte(p)
			case int:
				_ = binary.Write(&b, binary.BigEndian, int64(p)) // a buffer takes all
			}
		}
		return b.String()
	}
	const a = byte('S')
	for name, c := range map[string]struct{ text, want string }{
		"plume": {"w(5,1,3,7)\nr(5,1,4,8)\nr(6,0,3,7)\nw(6,9,4,-1)\n", `sessions 2 untimed true sessionless false
0/0 ok | 2 5 false 1 [] | 1 6 true nil []
1/1 ok | 1 5 true 1 []
1/1 fail | 2 6 false 9 []
`},
		"plume with an explicit 0": {"w(5,0,3,7)\nr(5,0,4,8)\n", `sessions 2 untimed true sessionless false
0/0 ok | 2 5 false 0 []
1/1 ok | 1 5 true 0 []
`},
		"awdit": {"w 0 0\nw 1 0\n=====\nw 0 1\n-----\nr 0 1\nr 1 0\n", `sessions 2 untimed true sessionless false
0/0 ok | 2 0 false 0 [] | 2 1 false 0 []
1/1 ok | 2 0 false 1 []
1/1 ok | 1 0 true 1 [] | 1 1 true 0 []
`},
		"dbcop": {string(dbcopFile()), `sessions 2 untimed true sessionless false
0/0 ok | 2 5 false 1 [] | 1 6 true nil []
1/1 fail | 2 5 false 2 []
1/1 ok | 1 5 true 1 []
`},
		"cobra": {cobra(a, 77, byte('W'), 1001, 5, 99, byte('R'), 0xbebeebee, 0xdeadbeef, 6, 0, byte('C'), 77, a, 78, byte('R'), 77, 1001, 5, 99), `sessions 1 untimed true sessionless false
0/0 ok | 2 5 false 1001 [] | 1 6 true nil []
0/0 info | 1 5 false nil []
`},
		"cobra with times": {cobra(a, 77, 1588888888, byte('W'), 1001, 5, 99, byte('C'), 77, 1588888889), `sessions 1 untimed true sessionless false
0/0 ok | 2 5 false 1001 []
`},
	} {
		format, _, _ := strings.Cut(name, " ")
		f, err := txnfile.Read(strings.NewReader(c.text), "", txnfile.Options{Kind: txn.Registers})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if f.Format.String() != format {
			t.Errorf("%s was taken for %v", name, f.Format)
		}
		if got := described(f.History); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}
