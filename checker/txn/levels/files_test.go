package levels

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
)

// corpus returns the path of a file of the corpus, or skips the test.
func corpus(t testing.TB, parts ...string) string {
	dir := os.Getenv("CAPSIZE_CORPUS")
	if dir == "" {
		t.Skip("CAPSIZE_CORPUS is not set")
	}
	path := filepath.Join(append([]string{dir}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skip(err)
	}
	return path
}

// openFile opens a file, which may be compressed, and reads it.
func openFile(t testing.TB, path string, read func(r *bufio.Reader)) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	read(bufio.NewReaderSize(r, 1<<20))
}

// lines calls f with each line.
func lines(t testing.TB, path string, f func(n int, line string)) {
	openFile(t, path, func(r *bufio.Reader) {
		for n := 1; ; n++ {
			line, err := r.ReadString('\n')
			if line = strings.TrimSpace(line); line != "" {
				f(n, line)
			}
			if err != nil {
				return
			}
		}
	})
}

// parse reads one map of EDN.
func parse(t testing.TB, line string) edn.Map {
	v, err := edn.Parse(line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	m, ok := v.(edn.Map)
	if !ok {
		t.Fatalf("%s is no map", line)
	}
	return m
}

func get(m edn.Map, key string) any {
	v, _ := m.Get(edn.Keyword(key))
	return v
}

func items(v any) []any {
	switch l := v.(type) {
	case []any:
		return l
	case edn.List:
		return l
	case edn.Set:
		return l
	}
	return nil
}

// spell is a value as a name.
func spell(v any) string {
	if k, ok := v.(edn.Keyword); ok {
		return ":" + string(k)
	}
	return fmt.Sprint(v)
}

// readList reads a history of lists in Jepsen's EDN.
func readList(t testing.TB, path string) *txn.History {
	b := txn.NewBuilder()
	b.Lenient = true
	lines(t, path, func(n int, line string) {
		m := parse(t, line)
		if get(m, "checker") != nil {
			return
		}
		addLine(t, b, n, m)
	})
	return b.History()
}

func addLine(t testing.TB, b *txn.Builder, n int, m edn.Map) {
	typ, err := history.ParseType(string(get(m, "type").(edn.Keyword)))
	if err != nil {
		t.Fatal(err)
	}
	process, ok := get(m, "process").(int64)
	if !ok {
		return // of the nemesis
	}
	at, _ := get(m, "time").(int64)
	b.Begin(txn.Record{Process: int(process), Type: typ, Line: n, Time: time.Duration(at)})
	for _, o := range items(get(m, "value")) {
		op := items(o)
		key := b.Key(spell(op[1]))
		switch {
		case op[0] == edn.Keyword("append"):
			b.Write(txn.Append, key, b.Int(op[2].(int64)))
		case typ != history.OK:
			b.ReadUnknown(txn.Read, key)
		case len(op) < 3:
			b.ReadList(key, nil)
		default:
			var list []int32
			for _, v := range items(op[2]) {
				list = append(list, b.Int(v.(int64)))
			}
			b.ReadList(key, list)
		}
	}
	if err := b.End(); err != nil {
		t.Fatalf("line %d: %v", n, err)
	}
}

// A tiny is a history that was judged by all orders.
type tiny struct {
	ID   string
	Txns []struct {
		Process, Ask, End int
		Value             [][]json.RawMessage
	}
	Valid map[string]map[string]bool
}

// list makes a history of a tiny one.
func (x tiny) list(t testing.TB) *txn.History {
	h := &txn.History{}
	keys := map[string]int32{}
	sessions := map[int]int32{}
	for _, tx := range x.Txns {
		s, ok := sessions[tx.Process]
		if !ok {
			s = int32(len(sessions))
			sessions[tx.Process] = s
		}
		n := txn.Txn{First: int32(len(h.Ops)), Session: s, Process: int32(tx.Process), Type: history.OK, Begin: int32(tx.Ask), End: int32(tx.End)}
		for _, v := range tx.Value {
			k, ok := keys[string(v[1])]
			if !ok {
				k = int32(len(keys))
				keys[string(v[1])] = k
				h.Keys = append(h.Keys, string(v[1]))
			}
			o := txn.Op{Key: k, F: txn.Append}
			if string(v[0]) == `"r"` {
				var list []int32
				if err := json.Unmarshal(v[2], &list); err != nil {
					t.Fatal(err)
				}
				o = txn.Op{Key: k, F: txn.Read, Known: true, Value: txn.Nil, Off: int32(len(h.Pool)), Len: int32(len(list))}
				h.Pool = append(h.Pool, list...)
			} else if err := json.Unmarshal(v[2], &o.Value); err != nil {
				t.Fatal(err)
			}
			h.Ops = append(h.Ops, o)
		}
		n.Last = int32(len(h.Ops))
		h.Txns = append(h.Txns, n)
	}
	h.Sessions = len(sessions)
	return h
}
