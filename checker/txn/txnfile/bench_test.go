package txnfile_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/capsize-go/capsize/checker/txn/txnfile"
)

// bigLists returns a history of lists in EDN: n transactions of 50 processes over 20 keys at a time, each with at most 32 elements,
// as one store that runs them one at a time answers them.
func bigLists(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	lists := map[int][]int{}
	var keys [20]int
	for i := range keys {
		keys[i] = i
	}
	free, at := r.Perm(50), 0
	type call struct {
		process int
		ops     [][2]int // key, and the value to append or 0
	}
	var open []call
	for done := 0; done < n; at++ {
		if len(open) < 5 || len(free) > 0 && r.IntN(2) == 0 {
			c := call{process: free[len(free)-1]}
			free = free[:len(free)-1]
			fmt.Fprintf(&b, "{:index %d, :time %d, :type :invoke, :process %d, :f :txn, :value [", at, at*1000000, c.process)
			for range 1 + r.IntN(4) {
				i := r.IntN(20)
				op := [2]int{keys[i], 0}
				if r.IntN(2) == 0 {
					lists[-1-op[0]] = append(lists[-1-op[0]], 0)
					op[1] = len(lists[-1-op[0]])
					if op[1] == 32 {
						keys[i] += 20
					}
					fmt.Fprintf(&b, "[:append %d %d] ", op[0], op[1])
				} else {
					fmt.Fprintf(&b, "[:r %d nil] ", op[0])
				}
				c.ops = append(c.ops, op)
			}
			b.WriteString("]}\n")
			open = append(open, c)
			continue
		}
		i := r.IntN(len(open))
		c := open[i]
		open = append(open[:i], open[i+1:]...)
		fmt.Fprintf(&b, "{:index %d, :time %d, :type :ok, :process %d, :f :txn, :value [", at, at*1000000, c.process)
		for _, op := range c.ops {
			if op[1] > 0 {
				lists[op[0]] = append(lists[op[0]], op[1])
				fmt.Fprintf(&b, "[:append %d %d] ", op[0], op[1])
			} else {
				fmt.Fprintf(&b, "[:r %d %v] ", op[0], lists[op[0]])
			}
		}
		b.WriteString("]}\n")
		free = append(free, c.process)
		done++
	}
	return b.Bytes()
}

func BenchmarkRead(b *testing.B) {
	text := bigLists(20_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		f, err := txnfile.Read(bytes.NewReader(text), "bench.edn", txnfile.Options{})
		if err != nil || len(f.History.Txns) < 20_000 {
			b.Fatal(err)
		}
	}
}
