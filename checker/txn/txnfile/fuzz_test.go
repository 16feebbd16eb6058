package txnfile_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/txnfile"
	"github.com/capsize-go/capsize/history"
)

var kinds = []txn.Kind{txn.Lists, txn.Registers, txn.Predicates}

// slowly makes the general reader read each op.
var slowly = history.Renames{Field: map[string]string{"nothing": "nothing"}}

// checkRead reads a text, and checks what must hold of any: that errors have a place, that the reader of common ops reads what the
// general reader reads, and that what is written is read again.
func checkRead(t *testing.T, text []byte, o txnfile.Options) {
	f, err := txnfile.Read(bytes.NewReader(text), "fuzz", o)
	if err != nil {
		var at *history.FileError
		if !errors.As(err, &at) || at.Line < 1 {
			t.Fatalf("an error without a place: %v", err)
		}
		return
	}
	if o.Format <= txnfile.JSONL {
		general := o
		general.Rename = slowly
		g, err := txnfile.Read(bytes.NewReader(text), "fuzz", general)
		if err != nil {
			t.Fatalf("only the quick reader reads it: %v", err)
		}
		if quick, want := described(f.History), described(g.History); quick != want {
			t.Fatalf("%s\nthe general reader has\n%s", quick, want)
		}
	}
	again := o
	again.Lenient, again.Format = true, txnfile.EDN
	var b bytes.Buffer
	if err := txnfile.Write(&b, f.History, txnfile.EDN); err != nil {
		t.Fatalf("write: %v", err)
	}
	g, err := txnfile.Read(bytes.NewReader(b.Bytes()), "again", again)
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, b.String())
	}
	if !o.Lenient && !f.History.Sessionless {
		if got, want := described(g.History), described(f.History); got != want {
			t.Fatalf("%s\nwant\n%s\nthrough\n%s", got, want, b.String())
		}
	}
}

// fuzz fuzzes the reader of a format, by what it is given to begin with.
func fuzz(f *testing.F, format txnfile.Format, seeds ...string) {
	for i, s := range seeds {
		f.Add([]byte(s), uint8(i))
	}
	f.Fuzz(func(t *testing.T, text []byte, how uint8) {
		checkRead(t, text, txnfile.Options{Format: format, Kind: kinds[how%3], Lenient: how&4 != 0, Guess: how&8 != 0})
	})
}

// ednSeeds returns histories to begin with, three by three of the kinds.
func ednSeeds(format txnfile.Format) (all []string) {
	r := rand.New(rand.NewPCG(5, 5))
	for i := range 6 {
		text := randomEDN(r, kinds[i%3], someValues, someKeys)
		h, err := txnfile.Read(strings.NewReader(text), "", txnfile.Options{Kind: kinds[i%3]})
		if err != nil {
			panic(err)
		}
		var b bytes.Buffer
		if err := txnfile.Write(&b, h.History, format); err != nil {
			panic(err)
		}
		all = append(all, b.String())
	}
	return all
}

func FuzzEDN(f *testing.F) {
	fuzz(f, txnfile.EDN, append(ednSeeds(txnfile.EDN),
		"[#jepsen.history.Op{:process :nemesis :type :info :f :kill}\n{:process 1 :type :invoke :f :txn :value ([:append 1 2])}]",
		"; comment\n{:type :invoke :value [[:w :x 1]]} #_ {:a 1}\n(3 :invoke :txn [])",
		"{:a {:b [1 2]}}\n{:process 0, :type :invoke, :f :init, :value {1 2, 3 4}} {:process 0, :type :ok, :f :init, :value {1 2}}")...)
}

func FuzzJSON(f *testing.F) {
	fuzz(f, txnfile.JSON, append(ednSeeds(txnfile.JSON), `[{"process":"a","type":"invoke","value":[["w",":x","\u00e9"]]}, {"process":"nemesis"}]`)...)
}

func FuzzJSONL(f *testing.F) {
	fuzz(f, txnfile.JSONL, append(ednSeeds(txnfile.JSONL), `{"index":0,"time":3,"process":0,"node":"n1","type":"invoke","input":{"f":"txn","value":[["append","5",1]]}}`)...)
}

func FuzzPlume(f *testing.F) {
	fuzz(f, txnfile.Plume, "", "w(5,1,3,7)\nr(5,1,4,8)\nr(6,0,3,7)\nw(6,9,4,-1)\n", "w(5,0,3,7)\r\n\r\nr(99999999999999999999,0,4,8)")
}

func FuzzAWDIT(f *testing.F) {
	fuzz(f, txnfile.AWDIT, "", "w 0 0\nw 1 0\n=====\nw 0 1\n-----\nr 0 1\nr 1 0\n", "-\n=\nw 18446744073709551615 5000000000")
}

func FuzzCobra(f *testing.F) {
	fuzz(f, txnfile.Cobra, "", "S\x00\x00\x00\x00\x00\x00\x00\x01W\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x04C\x00\x00\x00\x00\x00\x00\x00\x01")
}

func FuzzDBCop(f *testing.F) { fuzz(f, txnfile.DBCop, "", string(dbcopFile())) }

// FuzzDetect reads what is found by looking.
func FuzzDetect(f *testing.F) {
	fuzz(f, txnfile.Auto, "w(1,2,3,4)", "r 1 2", string(dbcopFile()), "[{\"type\":\"invoke\"}]", "{:type :ok}")
}
