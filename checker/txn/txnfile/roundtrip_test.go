package txnfile_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/txnfile"
	"github.com/capsize-go/capsize/history"
)

// described returns all that a history says, whatever its numbers of keys and values and its lines are: the transactions in the
// order in which they began, with the ranks of their beginnings and ends.
func described(h *txn.History) string {
	var b strings.Builder
	ranks := map[int32]int{}
	var all []int32
	for _, t := range h.Txns {
		all = append(all, t.Begin, t.End)
	}
	slices.Sort(all)
	for _, at := range slices.Compact(all) {
		ranks[at] = len(ranks)
	}
	fmt.Fprintf(&b, "sessions %d untimed %v sessionless %v\n", h.Sessions, h.Untimed, h.Sessionless)
	for i, t := range h.Txns {
		fmt.Fprintf(&b, "%d/%d %v", t.Process, t.Session, t.Type)
		if !h.Untimed {
			fmt.Fprintf(&b, " %d-%d", ranks[t.Begin], ranks[t.End])
			if h.Places != nil && t.Type != history.Info {
				fmt.Fprintf(&b, " %v %v", h.Places[i].Invoked, h.Places[i].Completed)
			}
		}
		for _, o := range h.OpsOf(int32(i)) {
			if t.Type != history.OK || o.F != txn.Read || o.Known { // a file can't say that it is not known what was read
				fmt.Fprintf(&b, " | %s", operation(h, o))
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func operation(h *txn.History, o txn.Op) string {
	value := func(v int32) string {
		switch {
		case v == txn.Nil:
			return "nil"
		case v < 0:
			return h.Spelled[-1-v]
		}
		return fmt.Sprint(v)
	}
	if o.F == txn.ReadAll {
		var rows []string
		for i := 0; i < int(o.Len); i += 2 {
			rows = append(rows, h.Keys[h.Pool[int(o.Off)+i]]+"="+value(h.Pool[int(o.Off)+i+1]))
		}
		return fmt.Sprintf("rp %s %v %v", h.Predicates[o.Key], o.Known, rows)
	}
	var list []string
	for _, v := range h.List(o) {
		list = append(list, value(v))
	}
	return fmt.Sprintf("%d %s %v %s %v", o.F, h.Keys[o.Key], o.Known, value(o.Value), list)
}

// keys and values of many kinds, none of which is another in any format.
var (
	someKeys   = []string{"0", "7", "123456", "99999999999", ":x", `"y"`, `"a b"`, `"é\"q"`, "-3"}
	someValues = []string{"1", "2", "0", "4000000000", "-7", ":v", `"v0"`, `"9"`, "2.5"}
	rowKeys    = []string{"0", "7", ":x", `"y"`}
)

// randomEDN returns a history with everything that a format of ops may have.
func randomEDN(r *rand.Rand, kind txn.Kind, values []string, keys []string) string {
	var b strings.Builder
	type call struct {
		process int
		ops     []string
	}
	var open []call
	next := 4
	free := []int{0, 1, 2, 3}
	pick := func(all []string) string { return all[r.IntN(len(all))] }
	list := func() string {
		var all []string
		for range r.IntN(4) {
			all = append(all, pick(values))
		}
		return "[" + strings.Join(all, " ") + "]"
	}
	at := 0
	op := func(typ string, process int, ops []string) {
		for i, o := range ops {
			if f, rest, _ := strings.Cut(o, " "); typ == "ok" && (f == "[:r" || f == "[:rp") {
				key := strings.TrimSuffix(rest, " nil]")
				answer := pick(append([]string{"nil"}, values...))
				if kind == txn.Lists {
					answer = list()
				}
				if f == "[:rp" {
					answer = fmt.Sprintf("{%s %s}", pick(rowKeys), pick(values))
				}
				ops[i] = f + " " + key + " " + answer + "]"
			}
		}
		at += r.IntN(3)
		fmt.Fprintf(&b, "{:type :%s, :process %d, :f :txn, :time %d, :value [%s]}\n", typ, process, at*1000, strings.Join(ops, " "))
	}
	for range 1 + r.IntN(30) {
		if len(open) > 0 && (len(free) == 0 || r.IntN(2) == 0) {
			i := r.IntN(len(open))
			c := open[i]
			open = slices.Delete(open, i, i+1)
			typ := []string{"ok", "ok", "ok", "fail", "info"}[r.IntN(5)]
			op(typ, c.process, c.ops)
			if typ == "info" {
				c.process, next = next, next+1
			}
			free = append(free, c.process)
			continue
		}
		c := call{process: free[0]}
		free = free[1:]
		for range r.IntN(4) {
			change := map[txn.Kind][]string{txn.Lists: {"append"}, txn.Registers: {"w"}, txn.Predicates: {"w", "insert", "delete"}}[kind]
			switch f := pick(append(change, "r", "r", "rp")); {
			case f == "rp" && kind == txn.Predicates:
				c.ops = append(c.ops, "[:rp "+pick([]string{"[:= 1]", "[:mod 2 0]", ":true"})+" nil]")
			case f == "r" || f == "rp" || f == "delete":
				c.ops = append(c.ops, "[:"+strings.Replace(f, "rp", "r", 1)+" "+pick(keys)+" nil]")
			default:
				c.ops = append(c.ops, "[:"+f+" "+pick(keys)+" "+pick(values)+"]")
			}
		}
		op("invoke", c.process, c.ops)
		open = append(open, c)
	}
	return b.String()
}

func TestRoundTrips(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for i := range 240 {
		kind := []txn.Kind{txn.Lists, txn.Registers, txn.Predicates}[i%3]
		text := randomEDN(r, kind, someValues, someKeys)
		opts := txnfile.Options{Kind: kind, Format: txnfile.EDN}
		first, err := txnfile.Read(strings.NewReader(text), "first.edn", opts)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		want := described(first.History)
		for _, f := range []txnfile.Format{txnfile.EDN, txnfile.JSON, txnfile.JSONL} {
			var b bytes.Buffer
			if err := txnfile.Write(&b, first.History, f); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			opts.Format = f
			again, err := txnfile.Read(bytes.NewReader(b.Bytes()), "again", opts)
			if err != nil {
				t.Fatalf("%v: %v\n%s", f, err, b.String())
			}
			if got := described(again.History); got != want {
				t.Fatalf("%v:\n%s\nwant\n%s\nof\n%s\nthrough\n%s", f, got, want, text, b.String())
			}
			if f == txnfile.JSON || len(first.History.Txns) == 0 {
				continue
			}
			if found, err := txnfile.Detect(b.Bytes()); err != nil || found != f {
				t.Fatalf("detected %v, %v: want %v of\n%s", found, err, f, b.String())
			}
		}
	}
}

func TestPlumeRoundTrips(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	for range 100 {
		text := randomEDN(r, txn.Registers, []string{"1", "2", "3", "4000000"}, []string{"0", "7", "12"})
		first, err := txnfile.Read(strings.NewReader(text), "first.edn", txnfile.Options{Kind: txn.Registers})
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		var b, c bytes.Buffer
		if err := txnfile.Write(&b, first.History, txnfile.Plume); err != nil {
			t.Fatal(err)
		}
		again, err := txnfile.Read(bytes.NewReader(b.Bytes()), "again.txt", txnfile.Options{Kind: txn.Registers, Format: txnfile.Plume})
		if err != nil {
			t.Fatalf("%v\n%s", err, b.String())
		}
		if !again.History.Untimed || again.History.Sessions > first.History.Sessions {
			t.Fatalf("untimed %v, %d sessions of %d", again.History.Untimed, again.History.Sessions, first.History.Sessions)
		}
		reads := func(h *txn.History) (all []string) {
			for i, x := range h.Txns {
				for _, o := range h.OpsOf(int32(i)) {
					if x.Type == history.OK && (o.F == txn.Write || o.Known) {
						all = append(all, operation(h, o))
					}
				}
			}
			slices.SortFunc(all, cmp.Compare)
			return all
		}
		if got, want := reads(again.History), reads(first.History); len(want) > len(got) { // indeterminate ones that were seen are ok here
			t.Fatalf("%v, want %v of\n%s", got, want, text)
		}
		// EDN of it has completions only: nothing is known of when its transactions began.
		if err := txnfile.Write(&c, again.History, txnfile.EDN); err != nil {
			t.Fatal(err)
		}
		third, err := txnfile.Read(bytes.NewReader(c.Bytes()), "third.edn", txnfile.Options{Kind: txn.Registers, Lenient: true, Format: txnfile.EDN})
		if err != nil {
			t.Fatalf("%v\n%s", err, c.String())
		}
		if got, want := described(third.History), described(again.History); got != want {
			t.Fatalf("%s\nwant\n%s\nthrough\n%s", got, want, c.String())
		}
	}
}

// TestOpWithoutTime reads an op that has no time among others that have: it is no earlier than those before it, so that what is written
// of it does not contradict the order of the lines.
func TestOpWithoutTime(t *testing.T) {
	checkRead(t, []byte(`{:time 0 :process 0 :type :invoke :f :txn :value [[:append 1 1]]}
{:time 4000 :process 0 :type :ok :f :txn :value [[:append 1 1]]}
{:process 1 :type :invoke :f :txn :value [[:r 1 nil]]}
{:time 9000 :process 1 :type :ok :f :txn :value [[:r 1 [1]]]}
`), txnfile.Options{Format: txnfile.EDN})
}
